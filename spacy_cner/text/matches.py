"""Where the terms of dictionaries stand in a document, as their components leave it for later ones."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

from spacy.tokens import Doc

MATCHES = "cner_matches"


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
    data: dict[Any, Any] = doc.user_data
    kept = dict(data.pop(_key(doc), {}))
    # Lists, as this is what comes back from `Doc.from_bytes`.
    if found := sorted(matches, key=lambda match: match.start):
        kept[owner] = [list(match) for match in found]
    else:
        kept.pop(owner, None)
    if kept:
        data[_key(doc)] = kept


def has_matches(doc: Doc) -> bool:
    """Whether `set_matches` has kept any."""
    return _key(doc) in doc.user_data


def matches_of(doc: Doc) -> list[Match]:
    """Returns the matches that `set_matches` has kept, owner by owner; they may overlap."""
    return [Match(*row) for rows in _kept(doc).values() for row in rows]


def copy_matches(doc: Doc, other: Doc, start: int, end: int) -> None:
    """Keeps in `other`, whose text is characters start to end (exclusive) of `doc`, what matches in it."""
    for owner, rows in _kept(doc).items():
        first, last = (bisect_left(rows, place, key=lambda row: row[0]) for place in (start, end))
        inside = (Match(*row) for row in rows[first:last] if row[1] <= end)
        moved = (match._replace(start=match.start - start, end=match.end - start) for match in inside)
        set_matches(other, moved, owner)


def _kept(doc: Doc) -> dict[str, list[list[Any]]]:
    data: dict[Any, Any] = doc.user_data
    return data.get(_key(doc), {})


def _key(doc: Doc) -> tuple[str, str, int, int]:
    """The key of the whole text in `doc.user_data`, as that of an extension: a part of the document, or a longer one
    that it becomes a part of, has another."""
    return "._.", MATCHES, 0, doc[-1].idx + len(doc[-1]) if len(doc) else 0


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
