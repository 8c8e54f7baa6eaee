"""A text with its entities as one string, which regular expressions can search."""

from collections.abc import Iterable
from typing import NamedTuple

from spacy.tokens import Doc

from ..text.chars import normalize_text
from ..text.tags import LabelledSpan

# Characters of Unicode's private use area, which no text should use; REPLACEMENT takes their place in a text that does.
OPEN, CLOSE = "\ue000", "\ue001"
FIRST_LABEL, LAST_LABEL = 0xE010, 0xE8FF
REPLACEMENT = "\ufffd"
CODES = {ord(char): REPLACEMENT for char in map(chr, range(ord(OPEN), LAST_LABEL + 1))}


def spans_of(doc: Doc) -> list[LabelledSpan]:
    """Returns the document's entities as characters: start, end (exclusive) and label."""
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


class Labels:
    """Codes of one character for labels, given in the order in which labels are first seen."""

    def __init__(self) -> None:
        self._codes: dict = {}

    def code(self, label: str) -> str:
        """Returns the label's code."""
        return self._codes.setdefault(label, chr(FIRST_LABEL + len(self._codes)))


class View(NamedTuple):
    """A text with marked entities.

    string: the normalised text, in which each entity stands between OPEN with its label's code, and CLOSE.
    offsets: the position in the text of each character of the string, and of its end. entities: where each stands in
    the string, behind its OPEN and with its CLOSE."""

    string: str
    offsets: list[int]
    entities: list[tuple[int, int]]


def make_view(text: str, spans: Iterable[LabelledSpan], labels: Labels) -> View:
    """Makes the view of a text with spans in text order that do not overlap."""
    plain = normalize_text(text).translate(CODES)
    parts: list[str] = []
    offsets: list[int] = []
    entities: list[tuple[int, int]] = []
    last = 0
    for start, end, label in spans:
        parts += [plain[last:start], OPEN, labels.code(label), plain[start:end], CLOSE]
        offsets += [*range(last, start), start, start, *range(start, end), end]
        entities.append((len(offsets) - 2 - end + start, len(offsets)))
        last = end
    return View("".join([*parts, plain[last:]]), [*offsets, *range(last, len(plain) + 1)], entities)
