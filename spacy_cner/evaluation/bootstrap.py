"""Intervals by the bootstrap (Efron and Tibshirani 1993): scores of test sets whose documents are drawn again."""

from collections.abc import Iterator

import numpy

RESAMPLES = 1000
LEVEL = 0.95
BLOCK = 1 << 22  # numbers in memory at a time: resamples times documents

Interval = tuple[float, float]


def resampled(counts: numpy.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> numpy.ndarray:
    """Draws as many documents as there are, with replacement, again and again.

    counts: of each document, (D, ...), such as its right, found and gold entities.
    RETURNS: their sums over each draw, float64 (resamples, ...). The same seed gives the same draws, whatever the
    counts: so scores of two systems on the same documents are paired."""
    flat = counts.reshape(len(counts), -1).astype("float64")
    sums = numpy.concatenate([weights @ flat for weights in draws(len(counts), resamples, seed)])
    return sums.reshape(resamples, *counts.shape[1:])


def draws(documents: int, resamples: int, seed: int) -> Iterator[numpy.ndarray]:
    """Yields how often each document is in each draw, float64 (at most BLOCK / documents, documents)."""
    random = numpy.random.default_rng(seed)
    step = max(1, BLOCK // max(1, documents))
    chances = numpy.full(documents, 1 / max(1, documents))
    for start in range(0, resamples, step):
        yield random.multinomial(documents, chances, size=min(step, resamples - start)).astype("float64")


def prf(sums: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Returns precision, recall and F1 of counts (..., 3) of right, found and gold entities; NaN where there is nothing
    to count."""
    right, found, gold = numpy.moveaxis(sums, -1, 0)
    with numpy.errstate(invalid="ignore", divide="ignore"):
        return right / found, right / gold, 2 * right / (found + gold)


def interval(values: numpy.ndarray, level: float = LEVEL) -> Interval | None:
    """Returns the interval that holds the middle `level` of the values; None if most of them are not numbers."""
    known = values[~numpy.isnan(values)]
    if 2 * len(known) <= len(values):
        return None
    low, high = numpy.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def rise_of(before: numpy.ndarray, after: numpy.ndarray) -> Interval | None:
    """Returns the interval that holds 95 % of how far F1 rises between counts (D, 3) of the same documents, by the
    paired bootstrap; None where there is nothing to count."""
    first, second = (numpy.nan_to_num(prf(resampled(counts))[2]) for counts in (before, after))
    return interval(second - first)
