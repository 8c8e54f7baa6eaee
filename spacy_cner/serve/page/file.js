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

// Numbers stay as they are written, where the browser knows how: it would round those of more than 15 digits.
const asWritten = (_, value, context) => (typeof value === "number" && context && JSON.rawJSON ? JSON.rawJSON(context.source) : value);

// [{id?, text, …}] of JSON lines, or a text for each line that has any.
export function documents(content, name) {
  const lines = content.split(/\r\n|\n|\r/).map((line, i) => [i + 1, line]).filter(([, line]) => line.trim());
  if (!/[.]jsonl?$/i.test(name)) return lines.map(([, text]) => ({ text }));
  return lines.map(([number, line]) => {
    let found;
    try { found = JSON.parse(line, asWritten); } catch { /* reported below */ }
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

// What is found in each text of a batch. What is too large, or no text, costs its own row.
async function findAll(batch, settings, onBusy, signal) {
  try {
    return (await findPatiently({ ...settings, texts: batch.map((each) => each.text) }, onBusy, signal)).documents;
  } catch (error) {
    if (![413, 422].includes(error.status)) throw error;
    if (batch.length === 1) return [{ error: { title: error.title, detail: error.message } }];
    const middle = batch.length >> 1, found = [];
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) found.push(...(await findAll(half, settings, onBusy, signal)));
    return found;
  }
}

// Annotates a file with the entities that keeps(entity). onStep(done, all), onBusy(). Returns {blob, count, faults};
// offsets count code points.
export async function annotate(file, settings, keeps, onStep, onBusy, signal) {
  const all = documents(await decode(file), file.name);
  const lines = [];
  let faults = 0;
  for (const batch of batches(all)) {
    (await findAll(batch, settings, onBusy, signal)).forEach((found, i) => {
      const { id: _, ...fields } = found;
      if (fields.entities) fields.entities = fields.entities.filter(keeps);
      faults += fields.error ? 1 : 0;
      lines.push(JSON.stringify({ ...batch[i], ...fields }));
    });
    onStep(lines.length, all.length);
  }
  return { blob: new Blob([lines.map((line) => line + "\n").join("")], { type: "application/x-ndjson" }), count: lines.length, faults };
}
