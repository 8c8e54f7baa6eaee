"""A table from character n-grams to rows of an embedding."""

import numpy
import srsly
from thinc.api import Model
from thinc.model import deserialize_attr, serialize_attr

from ..errors import InputError
from ..features.hashing import GOLDEN
from ..text.chars import MASK, normalize_codepoints

# The row of positions where no n-gram begins (the last n - 1 of a document), and of n-grams with a masked character.
NO_ROW = 0
BITS = numpy.uint64(21)  # of one code point; three of them fit into a 64-bit key


class GramTable:
    """Maps n-grams to rows. The `known` n-grams come first, in order, from row 1. All others share the `buckets` rows
    after them, chosen by a hash. So every n-gram has a row.

    Raises InputError for an order that is not from 1 to 3, and for known n-grams of another length."""

    def __init__(self, order: int, known: list[str], buckets: int):
        if not 1 <= order <= 3:
            raise InputError(f"expected an n-gram order from 1 to 3, got {order}")
        if set(map(len, known)) - {order}:
            wrong = next(gram for gram in known if len(gram) != order)
            raise InputError(f"expected n-grams of {order} characters, got {wrong!r}")
        self.order, self.known, self.buckets = order, known, buckets
        codes = numpy.frombuffer("".join(known).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        keys = gram_keys(codes.reshape(-1, order))
        self._rows = numpy.argsort(keys, kind="stable")
        self._keys = keys[self._rows]

    def __len__(self) -> int:
        """Returns the total number of rows."""
        return 1 + len(self.known) + self.buckets

    def rows(self, codepoints: numpy.ndarray) -> numpy.ndarray:
        """Returns the row of the n-gram that begins at each of n characters: uint32 (n,) to int64 (n,)."""
        rows = numpy.full(len(codepoints), NO_ROW, dtype="int64")
        count = len(codepoints) - self.order + 1
        if count <= 0:
            return rows
        plain = normalize_codepoints(codepoints)
        keys = gram_keys(numpy.stack([plain[i : i + count] for i in range(self.order)], axis=1))
        if self.buckets:
            hashed = (keys * GOLDEN) >> numpy.uint64(32)
            rows[:count] = 1 + len(self.known) + (hashed % numpy.uint64(self.buckets)).astype("int64")
        if self.known:
            index = numpy.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
            found = self._keys[index] == keys
            rows[:count][found] = 1 + self._rows[index[found]]
        for i in numpy.flatnonzero(codepoints == ord(MASK)):
            rows[max(0, i - self.order + 1) : i + 1] = NO_ROW
        return rows

    def rows_of(self, texts: list[numpy.ndarray]) -> numpy.ndarray:
        """Returns the concatenated rows of several texts: uint32 (n_i,) each to int64 (sum of n_i,). For short texts,
        this is much faster than text by text."""
        if not texts:
            return numpy.zeros(0, dtype="int64")
        rows = self.rows(numpy.concatenate(texts))
        lengths = numpy.array([len(text) for text in texts])
        ends = lengths.cumsum()
        # No n-gram crosses from one text into the next.
        for offset in range(1, self.order):
            rows[ends[lengths >= offset] - offset] = NO_ROW
        return rows


def gram_keys(grams: numpy.ndarray) -> numpy.ndarray:
    """Returns a unique number for each n-gram: code points (m, n) to uint64 (m,)."""
    keys = numpy.zeros(len(grams), dtype="uint64")
    for column in grams.T:
        keys = (keys << BITS) | column.astype("uint64")
    return keys


@serialize_attr.register(GramTable)
def _serialize(_, table: GramTable, name: str, model: Model) -> bytes:
    return srsly.msgpack_dumps({"order": table.order, "known": table.known, "buckets": table.buckets})


@deserialize_attr.register(GramTable)
def _deserialize(_, value: bytes, name: str, model: Model) -> GramTable:
    return GramTable(**srsly.msgpack_loads(value))
