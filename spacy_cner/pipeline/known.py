"""The terms of a soft dictionary in the windows of documents, for `decoding.bonus`."""

from collections.abc import Iterator

import numpy
from spacy.tokens import Doc

from ..decoding.bonus import KnownSpan
from ..text.char_view import token_offsets
from ..text.matches import has_matches, matches_of
from ..text.windows import Window

TokenMatch = tuple[int, int, str, float]  # tokens start to end (exclusive), label, weight


def known_tokens(view: Doc) -> list[TokenMatch]:
    """Returns the matches with a weight, in tokens of a character view; one that begins or ends inside of a run of
    white space is none."""
    if not has_matches(view):
        return []
    starts, ends = token_offsets(view)
    found = []
    for start, end, label, _, weight in matches_of(view):
        first = int(numpy.searchsorted(starts, start))
        last = int(numpy.searchsorted(ends, end))
        if weight and first < len(view) and last < len(view) and starts[first] == start and ends[last] == end:
            found.append((first, last + 1, label, weight))
    return found


def known_in(windows: list[Window], known: list[list[TokenMatch]]) -> Iterator[KnownSpan]:
    """Yields the matches that are whole in a window, by its index in the batch and its own tokens.

    known: the matches of each document."""
    for number, window in enumerate(windows):
        for start, end, label, weight in known[window.index]:
            if window.start <= start and end <= window.stop:
                yield number, start - window.start, end - window.start, label, weight
