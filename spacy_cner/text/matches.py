"""Where the terms of dictionaries, and what is never a name, stand in a document, as their components leave it for
later ones."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

from spacy.tokens import Doc

MATCHES = "cner_matches"
NEVER = "cner_never"


class Match(NamedTuple):
    """A term at characters `start` to `end` (exclusive) of a text.

    kb_id: its identifier, or "". weight: what it adds to the scores of its tags, for each character."""

    start: int
    end: int
    label: str
    kb_id: str = ""
    weight: float = 0.0


def set_matches(doc: Doc, matches: Iterable[Match], owner: str = "") -> None:
    """Keeps matches in the document, beside those of other owners and in place of those that this one had; none are no
    entry.

    owner: the component that has found them."""
    found = sorted(matches, key=lambda match: match.start)
    _keep(doc, MATCHES, found, owner)


def set_never(doc: Doc, places: Iterable[tuple[int, int]], owner: str) -> None:
    """Keeps the characters (start, end) that are never a name, as `set_matches` keeps matches. spaCy has blocked tokens
    for it, but whatever sets `doc.ents`, as `entity_ruler` does, lifts that."""
    _keep(doc, NEVER, places, owner)


def never_of(doc: Doc) -> list[tuple[int, int]]:
    """Returns the characters (start, end) that `set_never` has kept."""
    return [(start, end) for rows in _kept(doc, NEVER).values() for start, end in rows]


def has_matches(doc: Doc) -> bool:
    """Whether `set_matches` has kept any."""
    return _key(doc, MATCHES) in doc.user_data


def matches_of(doc: Doc) -> list[Match]:
    """Returns the matches that `set_matches` has kept, owner by owner; they may overlap."""
    return [Match(*row) for rows in _kept(doc, MATCHES).values() for row in rows]


def copy_matches(doc: Doc, other: Doc, start: int, end: int) -> None:
    """Keeps in `other`, whose text is characters start to end (exclusive) of `doc`, what matches in it."""
    for owner, rows in _kept(doc, MATCHES).items():
        first, last = (bisect_left(rows, place, key=lambda row: row[0]) for place in (start, end))
        inside = (Match(*row) for row in rows[first:last] if row[1] <= end)
        moved = (match._replace(start=match.start - start, end=match.end - start) for match in inside)
        set_matches(other, moved, owner)


def _keep(doc: Doc, name: str, rows: Iterable[Iterable[Any]], owner: str) -> None:
    data: dict[Any, Any] = doc.user_data
    kept = dict(data.pop(_key(doc, name), {}))
    # Lists, as this is what comes back from `Doc.from_bytes`.
    if found := [list(row) for row in rows]:
        kept[owner] = found
    else:
        kept.pop(owner, None)
    if kept:
        data[_key(doc, name)] = kept


def _kept(doc: Doc, name: str) -> dict[str, list[list[Any]]]:
    data: dict[Any, Any] = doc.user_data
    return data.get(_key(doc, name), {})


def _key(doc: Doc, name: str) -> tuple[str, str, int, int]:
    """The key of the whole text in `doc.user_data`, as that of an extension: a part of the document, or a longer one
    that it becomes a part of, has another."""
    return "._.", name, 0, doc[-1].idx + len(doc[-1]) if len(doc) else 0


def longest(matches: Iterable[Match]) -> list[Match]:
    """Returns matches that do not overlap, from left to right: the first one, the longest where several begin, and so
    on after its end. Of several with the same characters it is the first given."""
    chosen: list[Match] = []
    end = 0
    for match in sorted(matches, key=lambda match: (match.start, -match.end)):
        if match.start >= end:
            chosen.append(match)
            end = match.end
    return chosen
