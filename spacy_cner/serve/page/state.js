// What the page knows, and what of that is to be shown.

import { ServerError } from "./api.js";
import { $ } from "./dom.js";
import { STRINGS } from "./strings.js";

export const state = { language: "en", theme: "auto", models: [], text: "", entities: [], words: [], hidden: new Set(), asking: null, readings: null, status: "" };
export const say = () => STRINGS[state.language];
export const model = () => state.models.find((each) => each.name === $("model").value) || state.models[0];
export const threshold = () => Number($("threshold").value) / 100;
export const passes = (entity, least = threshold()) => (entity.score ?? null) === null || Math.round(100 * entity.score) >= Math.round(100 * least);
export const shown = () => state.entities.filter((entity) => passes(entity) && !state.hidden.has(entity.label));

// What 明天 refers to, where the pipeline has dates and the visitor chose a day.
export const dated = () => (model()?.has_values && $("today").value ? { reference_date: $("today").value } : {});

export function forget() {
  Object.assign(state, { text: "", entities: [], words: [], readings: null, status: "" });
}

export function fail(error) {
  if (error.status === 401 && $("key-form").hidden) { $("key-form").hidden = false; $("key").focus(); }
  problem(error instanceof ServerError ? error.message || say().serverGone : String(error));
}

export function problem(words) {
  $("problem").hidden = !words;
  $("problem").textContent = words;
}
