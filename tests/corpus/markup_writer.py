"""Writes the inline markup, to read it back."""

import re
from itertools import pairwise

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.markup import LABEL
from spacy_cner.errors import CorpusError

LABEL_CHARACTER = re.compile("[A-Za-z0-9_.-]")


def to_markup(annotated: AnnotatedText) -> str:
    r"""Returns the line that `read_markup` reads as `annotated`.

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
