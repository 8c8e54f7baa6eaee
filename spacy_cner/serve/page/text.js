// Texts and offsets: nothing here touches the page.

const ENDS = /[。！？!?…\n]+[”’」』）)]*/gu;

// Sentences as [start, end) in UTF-16 units.
export function sentences(text) {
  const found = [];
  let start = 0;
  for (const match of text.matchAll(ENDS)) {
    const end = match.index + match[0].length;
    found.push([start, end]);
    start = end;
  }
  if (start < text.length) found.push([start, text.length]);
  return found;
}

// The text from `start` to `end` in pieces: each in at most one entity and one word.
export function pieces(start, end, entities, words) {
  const borders = new Set([start, end]);
  for (const each of [...entities, ...words]) for (const at of [each.start, each.end]) if (at > start && at < end) borders.add(at);
  const places = [...borders].sort((a, b) => a - b);
  return places.slice(1).map((stop, i) => [places[i], stop]);
}

export const codepoints = (text, offset) => [...text.slice(0, offset)].length;

export function asJson(text, entities, model) {
  const found = entities.map((each) => ({ ...each, start: codepoints(text, each.start), end: codepoints(text, each.end) }));
  return JSON.stringify({ text, model, offsets: "codepoint", entities: found }, null, 2);
}

// A character and its tag a line, an empty line after each sentence; white space has no line.
export function asBio(text, entities) {
  const lines = [];
  for (const [start, end] of sentences(text)) {
    let at = start;
    const before = lines.length;
    for (const character of text.slice(start, end)) {
      const entity = entities.find((each) => each.start <= at && at < each.end);
      const tag = entity ? `${entity.start === at ? "B" : "I"}-${entity.label}` : "O";
      if (character.trim()) lines.push(`${character}\t${tag}`);
      at += character.length;
    }
    if (lines.length > before) lines.push("");
  }
  return lines.join("\n");
}

// A colour for each type: displaCy's for those it knows, the others from a row.
const KNOWN = { PER: "#aa9cfc", PERSON: "#aa9cfc", ORG: "#7aecec", LOC: "#ff9561", GPE: "#feca74", TIME: "#bfe1d9", DATE: "#bfe1d9", MONEY: "#e4e7d2", PRODUCT: "#bfeeb7" };
const ROW = ["#f9a8d4", "#a7f3d0", "#fde68a", "#bae6fd", "#ddd6fe", "#fecaca", "#d9f99d", "#fed7aa", "#c7d2fe", "#99f6e4"];

export function tint(label) {
  const name = label.replace(/[.].*/, "");
  if (Object.hasOwn(KNOWN, name)) return KNOWN[name];
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return ROW[sum % ROW.length];
}
