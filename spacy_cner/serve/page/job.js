// The file that is being annotated.

import { start } from "./ask.js";
import { $ } from "./dom.js";
import { FileError, annotate } from "./file.js";
import { dated, fail, model, passes, problem, say, state, threshold } from "./state.js";

let address = "", job = null;

export function closeJob() {
  job.abort();
  $("job").hidden = true;
}

export async function annotateFile(file) {
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
