"""Documents as the JSON of a response."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span

from ..pipeline.entity_writer import Entity
from ..text.offsets import UNITS
from ..text.words import WORDS_KEY


class Wanted(NamedTuple):
    """What a request wants to know of its documents. labels: None for all."""

    labels: frozenset[str] | None = None
    min_score: float = 0.0
    n_best: int = 0
    offsets: str = "codepoint"
    words: bool = False


def counter(text: str, unit: str) -> Callable[[int], int]:
    """Returns a function from an offset in code points to the same place in another unit."""
    if unit == "codepoint" or text.isascii() or (unit == "utf16" and max(text) <= "\uffff"):
        return int
    return UNITS[unit](text).__getitem__


def document_json(doc: Doc, wanted: Wanted, readings: list[tuple[int, int, float, list[Entity]]] | None) -> str:
    """Returns the fields of a document in a response, without its id: entities, and words and readings if wanted."""
    place = counter(doc.text, wanted.offsets)
    fields: dict[str, Any] = {"entities": [entity_fields(ent, place) for ent in doc.ents if _is_wanted(ent, wanted)]}
    if wanted.words and WORDS_KEY in doc.spans:
        fields["words"] = [
            {"start": place(word.start_char), "end": place(word.end_char), "text": word.text, "label": word.label_}
            for word in doc.spans[WORDS_KEY]
        ]
    if readings is not None:
        fields["readings"] = [_reading_fields(doc.text, each, wanted, place) for each in readings]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[1:-1]


def entity_fields(ent: Span, place: Callable[[int], int] = int) -> dict[str, Any]:
    """Returns an entity as the API shows it."""
    fields: dict[str, Any] = {
        "start": place(ent.start_char),
        "end": place(ent.end_char),
        "label": ent.label_,
        "text": ent.text,
        "score": _rounded(ent._.score),
    }
    if ent.kb_id:
        fields["kb_id"] = ent.kb_id_
    if Span.has_extension("value") and ent._.value is not None:
        fields["value"] = ent._.value
    return fields


def _is_wanted(ent: Span, wanted: Wanted) -> bool:
    if wanted.labels is not None and ent.label_ not in wanted.labels:
        return False
    if not wanted.min_score:
        return True
    score = ent._.score
    return score is None or score >= wanted.min_score


def _reading_fields(text: str, reading: tuple[int, int, float, list[Entity]], wanted: Wanted, place: Any) -> dict:
    start, end, score, entities = reading
    return {
        "start": place(start),
        "end": place(end),
        "score": _rounded(score),
        "entities": [
            {
                "start": place(each.start),
                "end": place(each.end),
                "label": each.label,
                "text": text[each.start : each.end],
            }
            for each in entities
            if wanted.labels is None or each.label in wanted.labels
        ],
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def fault_json(title: str, detail: str) -> str:
    """Returns the fields of a document that has no entities, without its id."""
    return json.dumps({"error": {"title": title, "detail": detail}}, ensure_ascii=False)[1:-1]
