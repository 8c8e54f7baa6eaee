"""The dictionary from features to rows of a weight table."""

from collections.abc import Iterable
from typing import Any

import numpy

from .counting import KeyCounts

NO_ROW = 0  # of features that are not in the dictionary
BLOCK = 16384  # keys looked up at once, so that intermediate results stay in the processor's cache


class Dictionary:
    """Maps known keys (see `hashing`) to rows 1, 2, ..., and all other keys to NO_ROW.

    Sorted keys are found through their leading bits. There are about as many ranges of keys as keys, so a look-up is
    one jump and a step or two. That is several times faster than a binary search.

    bits: how many leading bits of a key count. With 40 bits and a million keys, one of a million other keys is taken
    for a known one."""

    def __init__(self, keys: numpy.ndarray, bits: int = 64):
        """Takes uint64 keys (n,), sorted and distinct, whose bits behind the leading ones are 0."""
        self.bits = bits
        # A last key that stops every search
        self._ends = numpy.append(keys, numpy.uint64(2**64 - 1))
        self.keys = self._ends[:-1]
        ranges = 1 + int(len(keys)).bit_length()
        self._shift = numpy.uint64(64 - ranges)
        # shape: (2 ** ranges,), the first key at or after each border
        self._starts = numpy.empty(1 << ranges, dtype="int32")
        end = 0
        for start in range(0, 1 << ranges, BLOCK):  # in parts, which take little memory
            first, stop = end, min(start + BLOCK, 1 << ranges)
            last_key = numpy.uint64((stop << (64 - ranges)) - 1)
            end = int(numpy.searchsorted(self.keys, last_key, side="right"))
            places = (keys[first:end] >> self._shift).astype("int64") - start
            self._starts[start] = first
            self._starts[start + 1 : stop] = first + numpy.bincount(places, minlength=stop - start).cumsum()[:-1]

    def __len__(self) -> int:
        """Returns the number of rows, including NO_ROW."""
        return 1 + len(self.keys)

    @classmethod
    def from_counts(cls, keys: Iterable[numpy.ndarray], min_count: int) -> "Dictionary":
        """Makes a dictionary of the keys that occur at least `min_count` times in these arrays, each of any shape."""
        counts = KeyCounts()
        for each in keys:
            counts.add(each)
        return cls(counts.frequent(min_count))

    def shortened(self, bits: int) -> "Dictionary":
        """Returns a dictionary with the same rows that compares fewer bits."""
        return Dictionary(leading(self.keys, bits), bits)

    def to_dict(self) -> dict[str, Any]:
        """Returns what `from_dict` takes: the differences of neighbouring keys, byte by byte. Bytes that are mostly 0
        then compress well."""
        gaps = numpy.diff(self.keys >> numpy.uint64(64 - self.bits), prepend=numpy.uint64(0))
        planes = gaps.astype("<u8").view("uint8").reshape(-1, 8).T
        used = 1 + max(numpy.flatnonzero(planes.any(axis=1)), default=0)
        return {"bits": self.bits, "planes": numpy.ascontiguousarray(planes[:used])}

    @classmethod
    def from_dict(cls, saved: Any) -> "Dictionary":
        """Makes the dictionary that `to_dict` was called on. Files of before have the keys themselves."""
        if isinstance(saved, numpy.ndarray):
            return cls(saved)
        planes = numpy.zeros((saved["planes"].shape[1], 8), dtype="uint8")
        planes[:, : len(saved["planes"])] = saved["planes"].T
        keys = planes.view("<u8")[:, 0]
        keys.cumsum(out=keys)
        keys <<= numpy.uint64(64 - saved["bits"])
        return cls(keys, saved["bits"])

    def rows(self, keys: numpy.ndarray) -> numpy.ndarray:
        """Looks up keys: uint64 of any shape to rows, int32 of the same shape."""
        flat = keys.ravel() if self.bits == 64 else leading(keys.ravel(), self.bits)
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


def leading(keys: numpy.ndarray, bits: int) -> numpy.ndarray:
    """Returns keys with 0 for all but their leading bits."""
    behind = numpy.uint64(64 - bits)
    return (keys >> behind) << behind
