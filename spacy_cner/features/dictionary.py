"""Which row of a weight table belongs to which feature."""

import numpy

NO_ROW = 0  # of features that are not in the dictionary
BLOCK = 16384  # keys looked up at once, so that what is computed for them stays in the processor's cache


class Dictionary:
    """Keys (see `hashing`) to rows 1, 2, ...; all others to NO_ROW.

    The sorted keys are found through their leading bits: there are about as many ranges of keys as keys, so a look-up
    is one jump and a step or two, several times faster than a binary search."""

    def __init__(self, keys: numpy.ndarray):
        """keys: uint64 (n,), sorted, each once."""
        self.keys = keys
        bits = 1 + int(len(keys)).bit_length()
        self._shift = numpy.uint64(64 - bits)
        borders = numpy.arange(1 << bits, dtype="uint64") << self._shift
        # shape: (2 ** bits,), the first key at or after each border
        self._starts = numpy.searchsorted(keys, borders).astype("int32")
        # A last key that no search goes beyond
        self._ends = numpy.append(keys, numpy.uint64(2**64 - 1))

    def __len__(self) -> int:
        """The number of rows, with NO_ROW."""
        return 1 + len(self.keys)

    @classmethod
    def from_counts(cls, keys: numpy.ndarray, min_count: int) -> "Dictionary":
        """Of features that occur at least `min_count` times in `keys`, an array of any shape."""
        found, counts = numpy.unique(keys, return_counts=True)
        return cls(found[counts >= min_count])

    def rows(self, keys: numpy.ndarray) -> numpy.ndarray:
        """uint64 of any shape to int32 of the same shape."""
        flat = keys.ravel()
        rows = numpy.empty(len(flat), dtype="int32")
        for start in range(0, len(flat), BLOCK):
            rows[start : start + BLOCK] = self._rows(flat[start : start + BLOCK])
        return rows.reshape(keys.shape)

    def _rows(self, keys: numpy.ndarray) -> numpy.ndarray:
        place = self._starts[keys >> self._shift]
        found = self._ends[place]
        behind = numpy.flatnonzero(found < keys)
        while len(behind):
            place[behind] += 1
            found[behind] = self._ends[place[behind]]
            behind = behind[found[behind] < keys[behind]]
        known = (found == keys) & (place < len(self.keys))
        return (place + 1) * known
