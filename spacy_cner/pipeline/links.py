"""Identifiers of entities, from the terms of a dictionary."""

from collections.abc import Iterable

from spacy.tokens import Doc, Span

from ..text.matches import Match, matches_of


def linked(doc: Doc, entities: Iterable[Span], matches: Iterable[Match] | None = None) -> list[Span]:
    """Returns the entities, with the identifier of the term where one without has the characters of a match.

    matches: by default those that `cner_dictionary` has kept in the document. One of the entity's label is preferred to
    one of another."""
    ids: dict[tuple[int, int], Match] = {}
    found: dict[tuple[int, int, str], Match] = {}
    for match in matches_of(doc) if matches is None else matches:
        if match.kb_id:
            ids.setdefault(match[:2], match)
            found.setdefault(match[:3], match)
    if not ids:
        return list(entities)
    return [_linked(doc, entity, ids, found) for entity in entities]


def _linked(doc: Doc, entity: Span, ids: dict, found: dict) -> Span:
    place = entity.start_char, entity.end_char
    match = found.get((*place, entity.label_)) or ids.get(place)
    if entity.kb_id or match is None:
        return entity
    return Span(doc, entity.start, entity.end, entity.label, kb_id=match.kb_id, span_id=entity.id)
