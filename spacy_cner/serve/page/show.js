// What of the answer is shown, and how.

import { $, element, fill } from "./dom.js";
import { model, passes, say, shown, state, threshold } from "./state.js";
import { EXAMPLES } from "./strings.js";
import { blocks, codepointsOf, pieces, tint, within } from "./text.js";

const percent = (score) => `${Math.round(100 * score)} %`;

export function show() {
  showLength();
  showLabels();
  showResult();
  showRows();
  showReadings();
  showStatus();
  $("threshold-value").textContent = percent(threshold());
}

export function showLength() {
  $("length").textContent = say().characters([...$("text").value].length);
}

export function showStatus() {
  $("status").textContent = state.status || (state.text ? say().found(shown().length, state.entities.length) : "");
}

function showLabels() {
  const names = [...new Set([...(model()?.labels || []), ...state.entities.map((entity) => entity.label)])];
  const focused = document.activeElement?.dataset?.label;
  $("labels").replaceChildren(...names.map((name) => {
    const count = state.entities.filter((entity) => entity.label === name && passes(entity)).length;
    const made = element("button", { type: "button", className: "label", tint: tint(name), "aria-pressed": String(!state.hidden.has(name)) },
      name, element("span", { className: "count", textContent: String(count) }));
    made.dataset.label = name;
    made.onclick = () => { if (!state.hidden.delete(name)) state.hidden.add(name); show(); };
    return made;
  }));
  if (focused) [...$("labels").children].find((each) => each.dataset.label === focused)?.focus();
}

const asWords = (value) => (value ? [typeof value === "string" ? value : JSON.stringify(value)] : []);

// The entry of a knowledge base, as a link where it has an address of the web: an address may come from anywhere.
function entry(entity) {
  if (!entity.kb_id) return [];
  if (!/^https?:\/\//i.test(entity.kb_url || "")) return [element("span", { className: "id", textContent: entity.kb_id })];
  return [element("a", { className: "id", href: entity.kb_url, target: "_blank", rel: "noopener noreferrer", textContent: entity.kb_id,
    "aria-label": say().entry(entity.text || "", entity.kb_id) })];
}

function mark(text, entity, words) {
  const score = entity.score ?? null;
  const parts = [entity.label, score === null ? say().noScore : percent(score), ...(entity.kb_id ? [entity.kb_url || entity.kb_id] : []), ...asWords(entity.value)];
  const made = element("mark", { tabIndex: 0, tint: tint(entity.label) }, ...inWords(text, entity.start, entity.end, words),
    element("span", { className: "tag" }, entity.label, element("span", { className: "sr", textContent: ` ${parts[1]} ` })), ...entry(entity));
  made.dataset.tip = parts.join(" · ");
  return made;
}

function inWords(text, start, end, words) {
  return pieces(start, end, words).map(([from, to, word]) =>
    word ? element("span", { className: "word", title: word.label, textContent: text.slice(from, to) }) : text.slice(from, to));
}

// The text from start to end as nodes, entities marked.
function* highlighted(text, start, end, entities, words) {
  let at = start;
  for (const entity of within(entities, start, end)) {
    if (entity.start > at) yield* inWords(text, at, entity.start, words);
    yield mark(text, entity, words);
    at = entity.end;
  }
  if (at < end) yield* inWords(text, at, end, words);
}

function showResult() {
  const words = $("words").checked ? state.words : [];
  if (!state.text) {
    const hint = element("p", { className: "empty", textContent: say().empty, lang: document.documentElement.lang });
    $("result").replaceChildren(...($("text").value.trim() ? [] : [hint]));
    return;
  }
  fill($("result"), sentencesShown(shown(), words));
}

function* sentencesShown(entities, words) {
  for (const [start, end] of blocks(state.text, entities)) {
    const stop = Math.max(start + state.text.slice(start, end).trimEnd().length, within(entities, start, end).at(-1)?.end ?? 0);
    yield* highlighted(state.text, start, stop, entities, words);
    if (model()?.has_readings && stop > start) {
      yield element("button", { type: "button", className: "other", textContent: "⋯", title: say().other, "aria-label": say().other,
        "aria-expanded": String(state.readings?.start === start), "data-start": String(start), "data-stop": String(stop) });
    }
    yield state.text.slice(stop, end);
  }
}

function showRows() {
  const codepoints = codepointsOf(state.text);
  fill($("rows"), shown().map((entity) => element("tr", {},
    element("td", { textContent: entity.text, lang: "zh" }),
    element("td", {}, element("span", { className: "pill", tint: tint(entity.label), textContent: entity.label })),
    element("td", { textContent: `${codepoints(entity.start)}–${codepoints(entity.end)}` }),
    element("td", {}, ...chance(entity.score ?? null)),
    element("td", { className: "value" }, ...asWords(entity.value)),
    element("td", { className: "entry" }, ...entry(entity)))));
  for (const [column, has] of [["value", shown().some((each) => each.value)], ["entry", shown().some((each) => each.kb_id)]])
    for (const each of document.querySelectorAll(`#rows .${column}, #${column}-head`)) each.hidden = !has;
}

function chance(score) {
  if (score === null) return ["–"];
  const fill = element("i");
  fill.style.setProperty("--share", `${100 * score}%`);
  return [element("span", { className: "bar", "aria-hidden": "true" }, fill), percent(score)];
}

function showReadings() {
  $("readings").hidden = !state.readings;
  if (!state.readings) { $("readings-list").replaceChildren(); return; }
  const { sentence, found } = state.readings;
  $("readings-list").replaceChildren(...found.map((reading) => {
    const entities = reading.entities.map((entity) => ({ ...entity, score: reading.score }));
    const line = element("span", { lang: "zh" });
    fill(line, highlighted(sentence, reading.start, reading.end, entities, []));
    return element("li", {}, element("span", { className: "chance", textContent: percent(reading.score) }), line);
  }));
}

export function showExamples() {
  const focused = [...$("examples").children].indexOf(document.activeElement);
  $("examples").replaceChildren(...EXAMPLES.map(([english, chinese, text]) => element("button", {
    type: "button", className: "chip", textContent: state.language === "zh" ? chinese : english, "aria-pressed": String($("text").value === text),
    value: text,
  })));
  $("examples").children[focused]?.focus();
}

// A tip begins where its entity does, and stays in the window.
export function placeTip({ target }) {
  const mark = target.closest?.("mark");
  if (!mark) return;
  const room = document.documentElement.clientWidth - 8 - mark.getClientRects()[0].left;
  mark.style.setProperty("--shift", `${Math.min(0, room - (parseFloat(getComputedStyle(mark, "::after").width) || 0))}px`);
}
