"""The weights of a CRF over sparse features, in numpy: what prediction needs."""

from typing import Any

import numpy

from ..decoding.parameters import CrfParameters
from .packing import SmallTable, Table

MOST_IN_16_BITS = 2**15 // 128  # weights of 8 bits whose sum fits
BLOCK = 4096  # items whose rows are summed at once, so that the sums stay in the processor's cache


class FeatureWeights:
    """The emission of a tag is its `bias` (L,) plus the sum of the rows of `weights` (R, L) for the character's
    features. Rows of `bigram_weights` (R', L * L) add to the transition [from, to] into the character. Row 0 of both
    tables is zero and stands for unknown features. All are float32; the tables may be in 8 bits."""

    def __init__(self, crf: CrfParameters, bias: numpy.ndarray, weights: Table, bigram_weights: Table):
        self.crf, self.bias, self.weights, self.bigram_weights = crf, bias, weights, bigram_weights

    @classmethod
    def of_none(cls, forbidden: numpy.ndarray, size: int, bigram_size: int) -> "FeatureWeights":
        """Makes weights that are all 0. forbidden: as in `CrfParameters`. `size` is R, `bigram_size` is R'."""
        tags = len(forbidden) - 1
        crf = CrfParameters(numpy.zeros((tags, tags)), numpy.zeros(tags), numpy.zeros(tags), forbidden)
        tables = (numpy.zeros(shape, dtype="float32") for shape in (tags, (size, tags), (bigram_size, tags * tags)))
        return cls(crf, *tables)

    def emissions(self, rows: numpy.ndarray) -> numpy.ndarray:
        """Maps the rows of features, int32 (n, k), to the emissions of characters (n, L)."""
        return sum_rows(rows, self.weights) + self.bias

    def transitions(self, rows: numpy.ndarray, characters: numpy.ndarray) -> numpy.ndarray | None:
        """Returns the scores added to the transitions into all characters but the first of each sequence, (B, T - 1, L,
        L), or None if there are no bigram features.

        rows: of all characters, int32 (n, k'). characters: int64 (B, T), their indices."""
        if not rows.shape[1]:
            return None
        into = characters[:, 1:]
        scores = sum_rows(rows[into.ravel()], self.bigram_weights)
        return scores.reshape(*into.shape, self.crf.num_tags, self.crf.num_tags)

    def learned(self) -> dict[str, Any]:
        """Returns what the CRF has learned, by name."""
        names = "transitions", "start_transitions", "end_transitions"
        return {"bias": self.bias, **dict(zip(names, self.crf[:3]))}


def sum_rows(rows: numpy.ndarray, table: Table) -> numpy.ndarray:
    """Sums k rows of a table for each of n items: int32 (n, k) and (R, L) to float32 (n, L)."""
    small = isinstance(table, SmallTable)
    weights = table.values if isinstance(table, SmallTable) else table
    columns, width = numpy.ascontiguousarray(rows.T), weights.shape[1]
    exact = "int16" if len(columns) <= MOST_IN_16_BITS else "int32"
    sums = numpy.zeros((len(rows), width), dtype=exact if small else weights.dtype)
    # Rows of one kind stand together in memory; `take` into memory that is there checks no indices.
    found = numpy.empty((BLOCK, width), dtype=weights.dtype)
    for start in range(0, len(rows), BLOCK):
        part = sums[start : start + BLOCK]
        into = found[: len(part)]
        for column in columns:
            numpy.take(weights, column[start : start + BLOCK], axis=0, out=into, mode="clip")
            part += into
    return sums.astype("float32") * numpy.float32(table.scale) if isinstance(table, SmallTable) else sums
