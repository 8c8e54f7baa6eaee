// A file of texts to annotate: its lines, their entities, and what is downloaded.

import { findPatiently } from "./api.js";

const MOST = 20 * 1024 * 1024;
const BATCH = { documents: 100, characters: 20000 };

export class FileError extends Error {
  constructor(name, line) { super(name); this.line = line; }
}

async function decode(file) {
  if (file.size > MOST) throw new FileError("tooLarge");
  const bytes = await file.arrayBuffer();
  for (const name of ["utf-8", "gb18030"]) {
    try { return new TextDecoder(name, { fatal: true }).decode(bytes); } catch { /* the next one */ }
  }
  throw new FileError("badFile");
}

// [{id?, text, …}] of JSON lines, or a text for each line that has any.
export function documents(content, name) {
  const lines = content.split(/\r\n|\n|\r/).map((line, i) => [i + 1, line]).filter(([, line]) => line.trim());
  if (!/[.]jsonl?$/i.test(name)) return lines.map(([, text]) => ({ text }));
  return lines.map(([number, line]) => {
    let found;
    try { found = JSON.parse(line); } catch { /* reported below */ }
    if (typeof found?.text !== "string") throw new FileError("badLine", number);
    return found;
  });
}

function* batches(all) {
  let batch = [], size = 0;
  for (const each of all) {
    if (batch.length && (batch.length >= BATCH.documents || size + each.text.length > BATCH.characters)) { yield batch; batch = []; size = 0; }
    batch.push(each);
    size += each.text.length;
  }
  if (batch.length) yield batch;
}

// Annotates a file. onStep(done, all), onBusy(). Returns {blob, count, faults}; offsets count code points.
export async function annotate(file, settings, onStep, onBusy) {
  const all = documents(await decode(file), file.name);
  const lines = [];
  let faults = 0;
  for (const batch of batches(all)) {
    const answer = await findPatiently({ ...settings, texts: batch.map((each) => each.text) }, onBusy);
    answer.documents.forEach((found, i) => {
      const { id: _, ...fields } = found;
      faults += fields.error ? 1 : 0;
      lines.push(JSON.stringify({ ...batch[i], ...fields }));
    });
    onStep(lines.length, all.length);
  }
  return { blob: new Blob([lines.map((line) => line + "\n").join("")], { type: "application/x-ndjson" }), count: lines.length, faults };
}
