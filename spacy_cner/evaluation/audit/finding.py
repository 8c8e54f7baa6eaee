"""What an audit looks at, and what it says."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ...corpus.document import Offsets
from ...text.spans import touching
from ..gold import is_annotated
from ..judged import CharSpan

KINDS = {
    "empty file": "no document, or no entity at all",
    "no annotation": "documents that do not say whether they have entities",
    "label": "labels seen once, in one file alone, or written in two ways",
    "duplicate": "the same text twice in a file",
    "in two files": "the same text or sentence in two files",
    "near-duplicate": "almost the same text",
    "annotated in two ways": "the same text with other entities",
    "inconsistent": "a string that is nearly always annotated in another way",
    "border": "an entity that begins or ends with white space or punctuation",
    "half": "an entity that ends inside a Latin word or a number",
    "encoding": "characters of a broken encoding",
    "likely error": "annotation that a model trained on the rest holds for wrong",
}
AROUND = 15  # characters on both sides of an entity that are shown


class Annotated(NamedTuple):
    """A document as an audit reads it.

    entities: (start, end, label) in characters; None without annotation. missing: the places (start, end) where an
    annotated document has no annotation, in text order."""

    text: str
    entities: list[CharSpan] | None
    missing: list[Offsets] = []

    def is_unknown(self, start: int, end: int) -> bool:
        """Returns whether the annotation of a character from start to end is missing."""
        return bool(touching(self.missing, start, end))


Files = dict[str, list[Annotated]]  # by name; the first is the one that is trained on


class Finding(NamedTuple):
    """One suspicious place.

    kind: one of `KINDS`. file, document: where, the document from 1; 0 for a whole file. start, end: characters. text:
    the text there, `said`: what is suspicious. worth: of those of one kind, the higher the more so."""

    kind: str
    file: str
    document: int
    start: int
    end: int
    text: str
    said: str
    worth: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Returns the finding for JSON."""
        return self._asdict()


def read(docs: Iterable[Doc]) -> list[Annotated]:
    """Returns documents as `audit` takes them."""
    return [_read(doc) for doc in docs]


def _read(doc: Doc) -> Annotated:
    if not is_annotated(doc):
        return Annotated(doc.text, None)
    entities = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
    if doc.has_annotation("ENT_IOB", require_complete=True):
        return Annotated(doc.text, entities)
    missing = [(token.idx, token.idx + len(token)) for token in doc if token.ent_iob == 0]
    return Annotated(doc.text, entities, missing)


def around(text: str, start: int, end: int) -> str:
    """Returns an entity in brackets with the text around it, on one line."""
    shown = f"{text[max(0, start - AROUND) : start]}[{text[start:end]}]{text[end : end + AROUND]}"
    return shown.replace("\n", "↵").replace("\t", "⇥")
