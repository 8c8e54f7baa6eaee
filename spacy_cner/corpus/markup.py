r"""The inline markup that people write by hand: `[北京市 法院]ORG 昨天 开庭 。`

- One sentence a line. Lines that begin with `# ` (hash and space), and blank lines, are skipped. But `# kind: news`
  says what kind of text follows.
- Spaces separate words; they are not part of the text. A line without any carries no word segmentation.
- Entities stand in square brackets with the label (ASCII letters, digits and `_.-`) right after. No nesting. Their ends
  are also word ends.
- A backslash makes the character after it plain text: `\[`, `\]`, `\\`, `\#`, and `\ ` for a space that is part of the
  text. `\n` is a line feed, and `\u0041` the character with that number.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise

from ..errors import InputError
from .document import AnnotatedText, EntitySpan, Offsets, trim
from .source import Sentence, Source

LABEL = r"[A-Za-z][A-Za-z0-9_.-]*"
PART = re.compile(
    rf"\\u(?P<number>[0-9A-Fa-f]{{4}})|\\(?P<escaped>[\[\]\\# n])|(?P<open>\[)|\](?P<label>{LABEL})|(?P<space> )"
    r"|(?P<plain>[^\\\[\]])",
    re.DOTALL,
)
KIND = "# kind: "
EXPECTED = {
    "\\": r"\[, \], \\, \#, \n, \u and four hexadecimal digits, or a backslash and a space",
    "]": "a label of ASCII letters, digits and _.- after ]",
}
LABELLED = re.compile(rf"(?<!\\)\](?P<label>{LABEL})")
# No text, though a text may mean it so: [苹果]ORG iPhone 15
LATIN_BLANK = re.compile(r"(?<=[A-Za-z0-9]) (?=[A-Za-z0-9])")
# A label that may have swallowed digits of the text: [大连]LOC2024年.
GLUED_DIGITS = re.compile(rf"(?<!\\)\](?P<label>{LABEL}(?<=[0-9]))(?=[^\s\[\]\\A-Za-z0-9_.-])")


def read_markup(source: Source) -> Iterator[Sentence]:
    """Reads one sentence a line.

    Noted are a label that ends in digits and is followed by text at once, one that begins as a more frequent one does,
    and a blank between Latin words, which is no text."""
    kind = ""
    labels: Counter[str] = Counter()
    first: dict[str, int] = {}
    for number, line in source.lines():
        if line.startswith(KIND):
            kind = line.removeprefix(KIND).strip()
        elif not line.startswith("# "):
            for glued in GLUED_DIGITS.finditer(line):
                source.note(f"label {glued['label']} with text at once after its digits, which are not text", number)
            found = [match["label"] for match in LABELLED.finditer(line)]
            labels.update(found)
            first |= {label: number for label in found if label not in first}
            if LATIN_BLANK.search(LABELLED.sub("]", line)):
                source.note(r"blank between Latin words, which is not text; write '\ ' for one that is", number)
            yield source.attempt(number, line, partial(_read_sentence, source, number, line, kind))
    for label, number in first.items():
        for other in labels:
            if label != other and label.startswith(other) and labels[label] < labels[other]:
                source.note(f"label {label}, which may be {other} and text behind it without a blank", number)


def _read_sentence(source: Source, number: int, line: str, kind: str) -> AnnotatedText:
    return replace(source.annotated(number, *parse_markup(line)), kind=kind)


def parse_markup(line: str) -> tuple[str, list[EntitySpan], list[Offsets] | None]:
    """Returns the text, the entities and the words, None where no space separates any. Raises InputError for a line
    that breaks the rules above."""
    text: list[str] = []
    borders = [0]
    entities: list[EntitySpan] = []
    start: int | None = None
    has_words = False
    at = 0
    while at < len(line):
        part = PART.match(line, at)
        if part is None:
            raise InputError(f"expected {EXPECTED[line[at]]} at {at}, got {line[at : at + 10]!r}")
        kind, value = part.lastgroup, part[part.lastgroup or 0]
        if kind == "number":
            text.append(chr(int(value, 16)))
        elif kind == "escaped":
            text.append("\n" if value == "n" else value)
        elif kind == "plain":
            text.append(value)
        else:
            borders.append(len(text))
            has_words = has_words or kind == "space"
        if kind == "open":
            if start is not None:
                raise InputError(f"expected entities that are not nested, got a second [ at {at}")
            start = len(text)
        elif kind == "label":
            if start is None:
                raise InputError(f"expected a [ before ]{value}, got none before {at}")
            entities.append((start, len(text), value))
            start = None
        at = part.end()
    if start is not None:
        raise InputError("expected a ] after each [, got none after the last")
    plain = "".join(text)
    words = trim(plain, pairwise([*borders, len(plain)])) if has_words else None
    return plain, entities, words
