"""Where the terms of a dictionary stand in a document, as its component leaves it for later ones."""

from collections.abc import Iterable
from typing import NamedTuple

from spacy.tokens import Doc

MATCHES_KEY = "cner_matches"  # of `doc.user_data`


class Match(NamedTuple):
    """A term at characters `start` to `end` (exclusive) of a text.

    kb_id: its identifier, or "". weight: what it adds to the scores of its tags, for each character."""

    start: int
    end: int
    label: str
    kb_id: str = ""
    weight: float = 0.0


def set_matches(doc: Doc, matches: Iterable[Match]) -> None:
    """Keeps matches in the document, in place of those that were there; none are no entry."""
    doc.user_data.pop(MATCHES_KEY, None)
    # Lists, as this is what comes back from `Doc.from_bytes`.
    if found := [list(match) for match in matches]:
        doc.user_data[MATCHES_KEY] = found


def matches_of(doc: Doc) -> list[Match]:
    """Returns the matches that `set_matches` has kept; they may overlap."""
    return [Match(*match) for match in doc.user_data.get(MATCHES_KEY, ())]


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


def copy_matches(doc: Doc, other: Doc, start: int, end: int) -> None:
    """Keeps in `other`, whose text is characters start to end (exclusive) of `doc`, what matches in it."""
    inside = (match for match in matches_of(doc) if start <= match.start and match.end <= end)
    set_matches(other, (match._replace(start=match.start - start, end=match.end - start) for match in inside))
