// Asks a server for the cases of the offset contract in UTF-16, and slices the texts as JavaScript does.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const [url, path] = process.argv.slice(2);
const { cases } = JSON.parse(readFileSync(path, "utf8"));
const response = await fetch(`${url}/v1/entities`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ model: "contract", texts: cases.map((each) => each.text), offsets: "utf16" }),
});
assert.equal(response.status, 200);
const { documents } = await response.json();
cases.forEach(({ name, text, entities }, i) => {
  const found = documents[i].entities;
  assert.deepEqual(found.map((each) => [each.start, each.end]), entities.map((each) => each.utf16), name);
  for (const each of found) assert.equal(text.slice(each.start, each.end), each.text, name);
});
console.log(`${cases.length} cases`);
