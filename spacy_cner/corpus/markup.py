r"""The inline markup that people write by hand: `[北京市 法院]ORG 昨天 开庭 。`

- One sentence a line. Lines that begin with `# ` (hash and space), and blank lines, are skipped.
- Spaces separate words; they are not part of the text. A line without any carries no word segmentation.
- Entities stand in square brackets with the label (ASCII letters, digits and `_.-`) right after. No nesting. Their ends
  are also word ends.
- A backslash makes the character after it plain text: `\[`, `\]`, `\\`, `\#`, and `\ ` for a space that is part of the
  text. `\n` is a line feed, and `\u0041` the character with that number.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from ..errors import CorpusError, InputError
from .document import AnnotatedText, Entity, trim
from .source import Sentence, Source

LABEL = r"[A-Za-z][A-Za-z0-9_.-]*"
PART = re.compile(
    rf"\\u(?P<number>[0-9A-Fa-f]{{4}})|\\(?P<escaped>[\[\]\\# n])|(?P<open>\[)|\](?P<label>{LABEL})|(?P<space> )"
    r"|(?P<plain>[^\\\[\]])",
    re.DOTALL,
)
EXPECTED = {
    "\\": r"\[, \], \\, \#, \n, \u and four hexadecimal digits, or a backslash and a space",
    "]": "a label after ]",
}
LABEL_CHARACTER = re.compile("[A-Za-z0-9_.-]")


def read_markup(source: Source) -> Iterator[Sentence]:
    for number, line in source.lines():
        if not line.startswith("# "):
            yield source.attempt(number, line, partial(from_markup, line))


def from_markup(line: str) -> AnnotatedText:
    """Raises InputError for a line that breaks the rules above."""
    text: list[str] = []
    borders = [0]
    entities: list[Entity] = []
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
    return AnnotatedText(plain, entities, words)


def to_markup(annotated: AnnotatedText) -> str:
    r"""The line that `from_markup` reads as `annotated`.

    Raises CorpusError for what the markup has no form for: missing entities (it only knows none), entities that begin
    or end inside of a word, and labels of other characters."""
    text, entities, words = annotated.text, annotated.entities, annotated.words
    if entities is None:
        raise CorpusError("expected annotated entities, got missing ones", text=text)
    for start, end, label in entities:
        if not re.fullmatch(LABEL, label):
            raise CorpusError(f"expected a label of ASCII letters, digits and _.-, got {label!r}", text=text)
        if words is not None and any(a < edge < b for a, b in words for edge in (start, end)):
            raise CorpusError(f"expected entities that begin and end with words, got {text[start:end]!r}", text=text)
    opens = {start for start, _, _ in entities}
    closes = {end: label for _, end, label in entities}
    borders = sorted({0, len(text), *opens, *closes, *(offset for word in words or () for offset in word)})
    parts = []
    for start, end in pairwise(borders):
        glued = words is None and start in closes
        part = escape(text[start], glued) + "".join(map(escape, text[start + 1 : end]))
        parts.append(("[" if start in opens else "") + part + (f"]{closes[end]}" if end in closes else ""))
    if words is None:
        return "".join(parts)
    line = " ".join(parts) if len(parts) > 1 else parts[0] + " "
    return "\\" + line if line.startswith("# ") else line


def escape(char: str, glued: bool = False) -> str:
    """`glued`: right after a label, which must not go on with `char`."""
    if char in "[]\\ ":
        return "\\" + char
    if char == "\n":
        return "\\n"
    if char.isspace() or (glued and LABEL_CHARACTER.match(char)):
        return f"\\u{ord(char):04x}"
    return char
