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

// Those of spans that have something of the text from `start` to `end`. Here and below, spans stand from left to right.
export function within(spans, start, end) {
  let first = 0, behind = spans.length;
  while (first < behind) {
    const middle = (first + behind) >> 1;
    if (spans[middle].end > start) behind = middle; else first = middle + 1;
  }
  let last = first;
  while (last < spans.length && spans[last].start < end) last++;
  return spans.slice(first, last);
}

// Sentences, joined where an entity goes over their border.
export function blocks(text, entities) {
  const found = [];
  for (const [start, end] of sentences(text)) {
    if (start && within(entities, start, end)[0]?.start < start) found.at(-1)[1] = end;
    else found.push([start, end]);
  }
  return found;
}

// The text from `start` to `end` in pieces [start, end, its word if it is in one].
export function pieces(start, end, words) {
  const found = [];
  let at = start;
  for (const word of within(words, start, end)) {
    if (word.start > at) found.push([at, word.start]);
    const stop = Math.min(word.end, end);
    found.push([Math.max(word.start, at), stop, word]);
    at = stop;
  }
  if (at < end) found.push([at, end]);
  return found;
}

// Offsets in UTF-16 units as code points; fast from left to right.
export function codepointsOf(text) {
  let at = 0, count = 0;
  return (offset) => {
    if (offset < at) at = count = 0;
    for (; at < offset; count++) at += text.codePointAt(at) > 0xffff ? 2 : 1;
    return count;
  };
}

export function asJson(text, entities, model) {
  const codepoints = codepointsOf(text);
  const found = entities.map((each) => ({ ...each, start: codepoints(each.start), end: codepoints(each.end) }));
  return JSON.stringify({ text, model, offsets: "codepoint", entities: found }, null, 2);
}

// A character and its tag a line, an empty line after each sentence; white space has no line.
export function asBio(text, entities) {
  const lines = [];
  let at = 0, i = 0;
  for (const [start, end] of blocks(text, entities)) {
    const before = lines.length;
    for (const character of text.slice(start, end)) {
      while (entities[i]?.end <= at) i++;
      const entity = entities[i]?.start <= at ? entities[i] : null;
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
