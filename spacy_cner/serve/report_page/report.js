"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const NAMES = { all: "all texts", wrong: "any error", correct: "correct", label: "wrong type", border: "wrong borders", both: "wrong type and borders", missed: "missed", extra: "not in gold" };
const COLOURS = { PER: "#aa9cfc", ORG: "#7aecec", LOC: "#ff9561", GPE: "#feca74", TIME: "#bfe1d9" };
const ROW = ["#f9a8d4", "#a7f3d0", "#fde68a", "#bae6fd", "#ddd6fe", "#fecaca", "#d9f99d", "#fed7aa"];
const STEP = 100;
const state = { kind: "wrong", type: "", query: "", most: STEP };

function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) key.includes("-") ? made.setAttribute(key, value) : (made[key] = value);
  made.append(...children);
  return made;
}

const labels = [...new Set(data.rows.flatMap((row) => [...row.gold, ...row.found].map((each) => each[2])))].sort();
const colour = (label) => COLOURS[label] || ROW[labels.indexOf(label) % ROW.length];
const percent = (part, all) => (all ? (100 * part / all).toFixed(1) : "–");
// Offsets count code points, strings of JavaScript count units of UTF-16.
for (const row of data.rows) row.characters = [...row.text];
const slice = (row, start, end) => row.characters.slice(start, end).join("");

function scores() {
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...["Type", "Precision", "Recall", "F1", "In gold", "Found"].map((each) => make("th", { textContent: each, scope: "col" })))));
  const body = make("tbody");
  for (const label of [...labels, null]) {
    let gold = 0, found = 0, right = 0;
    for (const row of data.rows) {
      gold += row.gold.filter((each) => !label || each[2] === label).length;
      found += row.found.filter((each) => !label || each[2] === label).length;
      right += row.pairs.filter((pair) => pair.kind === "correct" && (!label || pair.gold[2] === label)).length;
    }
    const f = gold + found ? percent(2 * right, gold + found) : "–";
    body.append(make("tr", {}, ...[label || "all", percent(right, found), percent(right, gold), f, gold, found].map((each) => make("td", { textContent: each }))));
  }
  table.append(body);
  return make("section", { className: "card scroll", tabIndex: 0, "aria-label": "Scores in percent" }, table);
}

// The entry of a knowledge base, as a link where it has an address of the web.
function entry(id, url) {
  if (!/^https?:/i.test(url || "")) return make("span", { className: "id", textContent: id });
  return make("a", { className: "id", href: url, target: "_blank", rel: "noopener noreferrer", textContent: id, title: url });
}

function marked(row, entities, wrong, chances, ids) {
  const nodes = [];
  let at = 0;
  entities.forEach((entity, i) => {
    const [start, end, label] = entity;
    nodes.push(slice(row, at, start));
    const mark = make("mark", { className: wrong(entity) ? "wrong" : "" }, slice(row, start, end), make("b", { textContent: label }), ...(ids && ids[i] ? [entry(...ids[i])] : []));
    mark.style.background = colour(label);
    if (chances && chances[i] !== null) mark.title = `${(100 * chances[i]).toFixed(1)} %`;
    nodes.push(mark);
    at = end;
  });
  nodes.push(slice(row, at));
  return make("span", { lang: "zh" }, ...nodes);
}

function card(row) {
  const faults = row.pairs.filter((pair) => pair.kind !== "correct");
  const has = (side) => {
    const wrong = new Set(faults.filter((pair) => pair[side]).map((pair) => pair[side].join()));
    return (entity) => wrong.has(entity.join());
  };
  const words = (entity) => (entity ? `${slice(row, entity[0], entity[1])} ${entity[2]}` : "–");
  return make("article", { className: "card" },
    make("div", { className: "line" }, make("span", { className: "side", textContent: "Gold" }), marked(row, row.gold, has("gold"))),
    make("div", { className: "line" }, make("span", { className: "side", textContent: "Predicted" }), marked(row, row.found, has("found"), row.scores, row.ids)),
    ...(faults.length ? [make("ul", {}, ...faults.map((pair) => make("li", { textContent: `${NAMES[pair.kind]}: ${words(pair.gold)} → ${words(pair.found)}` })))] : []));
}

function chosen() {
  const fits = (pair) => (state.kind === "wrong" ? pair.kind !== "correct" : state.kind === "all" || pair.kind === state.kind)
    && (!state.type || [pair.gold, pair.found].some((each) => each && each[2] === state.type));
  return data.rows.filter((row) => ((state.kind === "all" && !state.type) || row.pairs.some(fits)) && row.text.includes(state.query));
}

const list = make("div"), count = make("p", { className: "count", role: "status" }), more = make("button", { type: "button", textContent: "Show more" });
const kinds = ["all", "wrong", ...data.kinds].map((kind) => {
  const amount = kind === "all" ? data.rows.length : data.rows.reduce((sum, row) => sum + row.pairs.filter((pair) => (kind === "wrong" ? pair.kind !== "correct" : pair.kind === kind)).length, 0);
  const button = make("button", { type: "button", textContent: `${NAMES[kind]} ${amount}`, onclick: () => { state.kind = kind; state.most = STEP; show(); } });
  button.dataset.kind = kind;
  return button;
});
const type = make("select", { "aria-label": "Type", onchange: () => { state.type = type.value; state.most = STEP; show(); } },
  make("option", { value: "", textContent: "all types" }), ...labels.map((label) => make("option", { value: label, textContent: label })));
const search = make("input", { type: "search", placeholder: "Search the texts", "aria-label": "Search the texts", oninput: () => { state.query = search.value; state.most = STEP; show(); } });
more.onclick = () => { state.most += STEP; show(); };

function show() {
  const rows = chosen();
  for (const button of kinds) button.setAttribute("aria-pressed", String(button.dataset.kind === state.kind));
  count.textContent = `${rows.length} of ${data.rows.length} texts`;
  list.replaceChildren(...rows.slice(0, state.most).map(card));
  more.hidden = rows.length <= state.most;
}

document.getElementById("about").textContent = `${data.model} · ${data.rows.length} texts`;
document.querySelector("main").replaceChildren(scores(), make("div", { className: "card bar", role: "group", "aria-label": "What to show" }, ...kinds, type, search), count, list, more);
show();
