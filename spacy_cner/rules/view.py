"""A text with its entities as one string, for regular expressions to look at."""

from collections.abc import Iterable
from typing import NamedTuple

from spacy.tokens import Doc

from ..text.chars import normalize_text

# Of Unicode's private use area, which no text should use; a text that does has UNKNOWN in their place.
OPEN, CLOSE = "\ue000", "\ue001"
FIRST_LABEL, LAST_LABEL = 0xE010, 0xE8FF
UNKNOWN = "\ufffd"
CODES = {ord(char): UNKNOWN for char in map(chr, range(ord(OPEN), LAST_LABEL + 1))}

Span = tuple[int, int, str]  # start, end (exclusive), label


def spans_of(doc: Doc) -> list[Span]:
    """Its entities."""
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


class Labels:
    """One character for each label, in the order in which they come."""

    def __init__(self) -> None:
        self._codes: dict = {}

    def code(self, label: str) -> str:
        return self._codes.setdefault(label, chr(FIRST_LABEL + len(self._codes)))


class View(NamedTuple):
    """`string`: the normalised text, in which each entity stands between OPEN, its label's code, and CLOSE.
    `offsets`: the place in the text of each character of the string, and of its end."""

    string: str
    offsets: list[int]


def make_view(text: str, spans: Iterable[Span], labels: Labels) -> View:
    """spans: in text order, without overlap."""
    plain = normalize_text(text).translate(CODES)
    parts: list[str] = []
    offsets: list[int] = []
    last = 0
    for start, end, label in spans:
        parts += [plain[last:start], OPEN, labels.code(label), plain[start:end], CLOSE]
        offsets += [*range(last, start), start, start, *range(start, end), end]
        last = end
    return View("".join([*parts, plain[last:]]), [*offsets, *range(last, len(plain) + 1)])
