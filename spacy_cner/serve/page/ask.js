// What is asked of the server, and when.

import { ServerError, find, models } from "./api.js";
import { $, element } from "./dom.js";
import { show, showExamples, showLength, showStatus } from "./show.js";
import { dated, fail, forget, model, problem, say, state } from "./state.js";

let waiting = 0;

export function askSoon() {
  clearTimeout(waiting);
  state.asking?.abort(); // its answer is for another text
  waiting = setTimeout(ask, 350);
  busy(true);
  showLength();
}

export async function ask() {
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

// While what is shown is not that of the text.
function busy(is) {
  $("result").setAttribute("aria-busy", String(is));
}

export async function start() {
  try {
    state.models = await models();
  } catch (error) { fail(error); return; }
  $("key-form").hidden = true;
  $("model").replaceChildren(...state.models.map((each) => element("option", { value: each.name, textContent: each.version ? `${each.name} ${each.version}` : each.name })));
  $("model-field").hidden = false;
  changeModel();
}

export function changeModel() {
  $("words-field").hidden = !model()?.has_words;
  $("today-field").hidden = !model()?.has_values;
  state.hidden.clear();
  ask();
}

// Readings of a sentence

export async function askReadings(start, end) {
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

export function closeReadings() {
  const { start } = state.readings;
  state.readings = null;
  show();
  focusOther(start);
}

// Back to the button behind a sentence, which `show` has made anew.
function focusOther(start) {
  $("result").querySelector(`.other[data-start="${start}"]`)?.focus();
}
