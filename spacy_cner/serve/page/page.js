// The page: what is typed, what the server finds in it, and what of that is shown. Text gets in as text only.

import { ServerError, find, models, setKey } from "./api.js";
import { FileError, annotate } from "./file.js";
import { EXAMPLES, STRINGS } from "./strings.js";
import { asBio, asJson, blocks, codepointsOf, pieces, tint, within } from "./text.js";

const $ = (id) => document.getElementById(id);
const state = { language: "en", theme: "auto", models: [], text: "", entities: [], words: [], hidden: new Set(), asking: null, readings: null, status: "" };
const say = () => STRINGS[state.language];
const model = () => state.models.find((each) => each.name === $("model").value) || state.models[0];
const percent = (score) => `${Math.round(100 * score)} %`;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "tint") made.style.setProperty("--tint", value);
    else if (key.includes("-") || key === "role" || key === "lang") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// As replaceChildren, for any number of children: a call takes some 100,000 arguments.
function fill(parent, children) {
  const all = document.createDocumentFragment();
  for (const each of children) all.append(each);
  parent.replaceChildren(all);
}

// What is kept between visits; a browser may forbid it.
const store = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* then it is not kept */ } },
};

// Language and theme

function setLanguage(language) {
  state.language = language;
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say()[each.dataset.say];
  for (const each of document.querySelectorAll("[data-name]")) each.setAttribute("aria-label", say()[each.dataset.name]);
  $("language").textContent = say().language;
  $("language").setAttribute("aria-label", say().toLanguage);
  $("language").lang = language === "zh" ? "en" : "zh";
  showTheme();
  showExamples();
  show();
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  const shown = state.theme === "auto" ? (dark.matches ? "dark" : "light") : state.theme;
  document.documentElement.dataset.theme = shown;
  $("theme").textContent = say().themeName[state.theme];
  $("theme").title = say().switchTheme[state.theme];
  $("theme").setAttribute("aria-label", say().switchTheme[state.theme]);
}

function showExamples() {
  const focused = [...$("examples").children].indexOf(document.activeElement);
  $("examples").replaceChildren(...EXAMPLES.map(([english, chinese, text]) => element("button", {
    type: "button", className: "chip", textContent: state.language === "zh" ? chinese : english, "aria-pressed": String($("text").value === text),
    onclick: () => { $("text").value = text; ask(); },
  })));
  $("examples").children[focused]?.focus();
}

// Asking

// What 明天 refers to, where the pipeline has dates and the visitor chose a day.
const dated = () => (model()?.has_values && $("today").value ? { reference_date: $("today").value } : {});

let waiting = 0;

function askSoon() {
  clearTimeout(waiting);
  state.asking?.abort(); // its answer is for another text
  waiting = setTimeout(ask, 350);
  busy(true);
  showLength();
}

async function ask() {
  clearTimeout(waiting);
  const text = $("text").value, chosen = model();
  state.asking?.abort();
  const own = (state.asking = new AbortController());
  showLength();
  showExamples();
  if (!chosen) { busy(false); start(); return; } // the pipelines could not be had before
  if (!text.trim()) { forget(); busy(false); problem(""); show(); return; }
  state.status = say().working;
  busy(true);
  showStatus();
  try {
    const answer = await find({ model: chosen.name, texts: [text], words: chosen.has_words, ...dated() }, own.signal);
    if (own.signal.aborted) return; // it came just before the text changed
    const [found] = answer.documents;
    if (found.error) throw new ServerError(200, found.error.detail);
    forget();
    Object.assign(state, { text, entities: found.entities, words: found.words || [], version: answer.model });
    problem("");
  } catch (error) {
    if (own.signal.aborted) return;
    forget(); // it is of another text
    fail(error);
  }
  show();
  busy(false);
}

function forget() {
  Object.assign(state, { text: "", entities: [], words: [], readings: null, status: "" });
}

// While what is shown is not that of the text.
function busy(is) {
  $("result").setAttribute("aria-busy", String(is));
}

function fail(error) {
  if (error.status === 401 && $("key-form").hidden) { $("key-form").hidden = false; $("key").focus(); }
  problem(error instanceof ServerError ? error.message || say().serverGone : String(error));
}

function problem(words) {
  $("problem").hidden = !words;
  $("problem").textContent = words;
}

// Showing

const threshold = () => Number($("threshold").value) / 100;
const passes = (entity, least = threshold()) => (entity.score ?? null) === null || Math.round(100 * entity.score) >= Math.round(100 * least);
const shown = () => state.entities.filter((entity) => passes(entity) && !state.hidden.has(entity.label));

function show() {
  showLength();
  showLabels();
  showResult();
  showRows();
  showReadings();
  showStatus();
  $("threshold-value").textContent = percent(threshold());
}

function showLength() {
  $("length").textContent = say().characters([...$("text").value].length);
}

function showStatus() {
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

// A tip begins where its entity does, and stays in the window.
function placeTip({ target }) {
  const mark = target.closest?.("mark");
  if (!mark) return;
  const room = document.documentElement.clientWidth - 8 - mark.getClientRects()[0].left;
  mark.style.setProperty("--shift", `${Math.min(0, room - (parseFloat(getComputedStyle(mark, "::after").width) || 0))}px`);
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
        "aria-expanded": String(state.readings?.start === start), "data-start": String(start), onclick: () => askReadings(start, stop) });
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

// Readings of a sentence

async function askReadings(start, end) {
  if (state.readings?.start === start) { closeReadings(); return; }
  const sentence = state.text.slice(start, end), { signal } = state.asking; // which ends with the text that is shown
  try {
    const [found] = (await find({ model: model().name, texts: [sentence], n_best: 6 }, signal)).documents;
    if (found.error) throw new ServerError(200, found.error.detail);
    if (signal.aborted) return;
    state.readings = { start, sentence, found: found.readings };
    problem("");
  } catch (error) {
    if (!signal.aborted) fail(error);
    return;
  }
  const stayed = document.activeElement.dataset.start === String(start);
  show();
  if (stayed) focusOther(start);
}

function closeReadings() {
  const { start } = state.readings;
  state.readings = null;
  show();
  focusOther(start);
}

// Back to the button behind a sentence, which `show` has made anew.
function focusOther(start) {
  $("result").querySelector(`.other[data-start="${start}"]`)?.focus();
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

// Copying, files, keys

async function copy(words) {
  try { await navigator.clipboard.writeText(words); $("copied").textContent = say().copied; } catch { $("copied").textContent = say().notCopied; }
  setTimeout(() => { $("copied").textContent = ""; }, 2500);
}

let address = "", job = null;

async function annotateFile(file) {
  job?.abort(); // there is room for one
  const own = (job = new AbortController());
  problem("");
  if (!model()) await start();
  if (!model() || own.signal.aborted) return;
  $("job").hidden = false;
  $("job-link").hidden = true;
  $("job-progress").hidden = false;
  $("job-progress").value = 0;
  $("job-name").textContent = file.name;
  // Not by `labels` of the request: a pipeline may have others than it says.
  const least = threshold(), hidden = new Set(state.hidden);
  try {
    const told = (words) => { if (!own.signal.aborted) $("job-name").textContent = `${file.name} · ${words}`; };
    const done = await annotate(file, { model: model().name, words: $("words").checked, ...dated() },
      (entity) => passes(entity, least) && !hidden.has(entity.label),
      (count, all) => { told(`${count} / ${all}`); $("job-progress").value = count / all; },
      () => told(say().busy), own.signal);
    if (own.signal.aborted) return;
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(done.blob);
    const name = `${file.name.replace(/[.][^.]*$/, "")}.entities.jsonl`;
    Object.assign($("job-link"), { href: address, download: name, textContent: `${say().download} ${name}`, hidden: false });
    $("job-name").textContent = say().fileDone(done.count, done.faults);
    $("job-progress").hidden = true;
  } catch (error) {
    if (own.signal.aborted) return;
    $("job").hidden = true;
    const words = error instanceof FileError ? say()[error.message] : null;
    if (words) problem(`${file.name}: ${typeof words === "function" ? words(error.line) : words}`);
    else fail(error);
  }
}

async function start() {
  try {
    state.models = await models();
  } catch (error) { fail(error); return; }
  $("key-form").hidden = true;
  $("model").replaceChildren(...state.models.map((each) => element("option", { value: each.name, textContent: each.version ? `${each.name} ${each.version}` : each.name })));
  $("model-field").hidden = false;
  changeModel();
}

function changeModel() {
  $("words-field").hidden = !model()?.has_words;
  $("today-field").hidden = !model()?.has_values;
  state.hidden.clear();
  ask();
}

$("text").oninput = askSoon;
$("find").onclick = ask;
$("text").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(); };
$("threshold").oninput = show;
$("words").onchange = show;
$("today").onchange = ask;
$("model").onchange = changeModel;
$("language").onclick = () => { const next = state.language === "zh" ? "en" : "zh"; store.set("language", next); setLanguage(next); };
$("theme").onclick = () => { state.theme = { auto: "light", light: "dark", dark: "auto" }[state.theme]; store.set("theme", state.theme); showTheme(); };
dark.onchange = showTheme;
$("copy-json").onclick = () => copy(asJson(state.text, shown(), state.version));
$("copy-bio").onclick = () => copy(asBio(state.text, shown()));
$("readings-close").onclick = closeReadings;
$("job-close").onclick = () => { job.abort(); $("job").hidden = true; };
$("open").onclick = () => $("file").click();
$("file").onchange = () => { if ($("file").files[0]) annotateFile($("file").files[0]); $("file").value = ""; };
$("key-form").onsubmit = (event) => { event.preventDefault(); setKey($("key").value.trim()); problem(""); start(); };
// What is dragged and no file, such as words into the text, is the browser's.
const ofFile = (handle) => (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  handle(event);
};
window.ondragover = ofFile(() => { $("drop").hidden = false; });
window.ondragleave = (event) => { if (!event.relatedTarget) $("drop").hidden = true; };
window.ondrop = ofFile((event) => { $("drop").hidden = true; if (event.dataTransfer.files[0]) annotateFile(event.dataTransfer.files[0]); });
for (const kind of ["mouseover", "focusin"]) window.addEventListener(kind, placeTip);

state.theme = ["light", "dark"].includes(store.get("theme")) ? store.get("theme") : "auto";
setLanguage(store.get("language") || (navigator.language.startsWith("zh") ? "zh" : "en"));
if (!$("text").value) $("text").value = EXAMPLES[0][2];
start();
