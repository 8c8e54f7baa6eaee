"""Counts of keys that come in many arrays, in little memory."""

from collections.abc import Iterator

import numpy

PARTS = 16
PENDING = 2**21  # keys that are counted at once: 16 MB


class KeyCounts:
    """How often each key (uint64, see `hashing`) occurs. Takes 12 bytes for each different key, and memory for
    `PENDING` more."""

    def __init__(self) -> None:
        self._pending: list[numpy.ndarray] = []
        # Of a range of keys each, sorted: the keys (n,) and their counts (n,). They are merged one by one.
        self._parts = [(numpy.empty(0, "uint64"), numpy.empty(0, "uint32"))] * PARTS

    def add(self, keys: numpy.ndarray) -> None:
        """Counts keys, uint64 of any shape."""
        self._pending.append(keys.ravel())
        if sum(map(len, self._pending)) >= PENDING:
            self._merge()

    def frequent(self, min_count: int) -> numpy.ndarray:
        """Returns the keys, sorted, that occur at least `min_count` times."""
        self._merge()
        return numpy.concatenate([keys[counts >= min_count] for keys, counts in self._parts])

    def _merge(self) -> None:
        if not self._pending:
            return
        found, counts = numpy.unique(numpy.concatenate(self._pending), return_counts=True)
        self._pending = []
        for i, part in enumerate(_ranges(found)):
            self._parts[i] = _merged(*self._parts[i], found[part], counts[part].astype("uint32"))


def _ranges(keys: numpy.ndarray) -> Iterator[slice]:
    """Yields where the keys of each part are among sorted keys."""
    borders = numpy.arange(1, PARTS, dtype="uint64") << numpy.uint64(64 - PARTS.bit_length() + 1)
    ends = [0, *numpy.searchsorted(keys, borders), len(keys)]
    yield from (slice(start, end) for start, end in zip(ends, ends[1:]))


def _merged(
    keys: numpy.ndarray, counts: numpy.ndarray, more: numpy.ndarray, more_counts: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns sorted keys and their counts, of two such pairs."""
    place = numpy.searchsorted(keys, more)
    known = numpy.zeros(len(more), dtype=bool)
    if len(keys):
        known = keys[numpy.minimum(place, len(keys) - 1)] == more
    counts[place[known]] += more_counts[known]
    new = ~known
    return numpy.insert(keys, place[new], more[new]), numpy.insert(counts, place[new], more_counts[new])
