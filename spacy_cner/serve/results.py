"""Documents as the JSON of a response."""

import json
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span

from ..pipeline.entity_value import value_of
from ..pipeline.entity_writer import Entity
from ..pipeline.kb_urls import kb_url_of
from ..pipeline.scores import entity_score
from ..text.groups import places_of
from ..text.offsets import CODEPOINT, from_codepoints
from ..text.words import WORDS_KEY

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class Wanted(NamedTuple):
    """What a request wants to know of its documents. labels: None for all. reference: the moment that dates refer to,
    in ISO 8601; None for that of the pipeline."""

    labels: frozenset[str] | None = None
    min_score: float = 0.0
    n_best: int = 0
    offsets: str = CODEPOINT
    words: bool = False
    reference: str | None = None


def document_json(doc: Doc, wanted: Wanted, readings: list[tuple[int, int, float, list[Entity]]] | None) -> str:
    """Returns the fields of a document in a response, without its id: entities, and words and readings if wanted."""
    fields: dict[str, Any] = {"entities": [entity_fields(ent) for ent in doc.ents if _is_wanted(ent, wanted)]}
    if wanted.words and WORDS_KEY in doc.spans:
        text = doc.text
        fields["words"] = [
            {"start": start, "end": end, "text": text[start:end], "label": label}
            for start, end, label in places_of(doc.spans[WORDS_KEY])
        ]
    if readings is not None:
        text = doc.text
        fields["readings"] = [_reading_fields(text, each, wanted) for each in readings]
    if wanted.offsets != CODEPOINT:
        _recount(doc.text, fields, wanted.offsets)
    return encode(fields)[1:-1]


def _recount(text: str, fields: dict[str, list[dict[str, Any]]], unit: str) -> None:
    """Turns the offsets of all that has `start` and `end`, in code points, into those of another unit."""
    spans = [each for name in fields for each in fields[name]]
    spans += [ent for reading in fields.get("readings", ()) for ent in reading["entities"]]
    offsets = from_codepoints(text, [each[side] for each in spans for side in ("start", "end")], unit)
    for each, start, end in zip(spans, offsets[::2], offsets[1::2], strict=True):
        each["start"], each["end"] = start, end


def entity_fields(ent: Span) -> dict[str, Any]:
    """Returns an entity as the API shows it, with offsets in code points."""
    fields: dict[str, Any] = {
        "start": ent.start_char,
        "end": ent.end_char,
        "label": ent.label_,
        "text": ent.text,
        "score": _rounded(entity_score(ent)),
    }
    if ent.kb_id:
        fields["kb_id"] = ent.kb_id_
    if url := kb_url_of(ent):
        fields["kb_url"] = url
    if (value := value_of(ent)) is not None:
        fields["value"] = value
    return fields


def _is_wanted(ent: Span, wanted: Wanted) -> bool:
    if wanted.labels is not None and ent.label_ not in wanted.labels:
        return False
    if not wanted.min_score:
        return True
    score = entity_score(ent)
    return score is None or score >= wanted.min_score


def _reading_fields(text: str, reading: tuple[int, int, float, list[Entity]], wanted: Wanted) -> dict[str, Any]:
    start, end, score, entities = reading
    return {
        "start": start,
        "end": end,
        "score": _rounded(score),
        "entities": [
            {"start": each.start, "end": each.end, "label": each.label, "text": text[each.start : each.end]}
            for each in entities
            if wanted.labels is None or each.label in wanted.labels
        ],
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def fault_json(title: str, detail: str) -> str:
    """Returns the fields of a document that has no entities, without its id."""
    return encode({"error": {"title": title, "detail": detail}})[1:-1]
