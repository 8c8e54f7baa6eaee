"""Whether probabilities of entities mean what they say: how often entities of a probability are right."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from .judged import Judged

BINS = 10
THRESHOLDS = tuple(step / 20 for step in range(20))
COVERAGES = tuple(step / 10 for step in range(1, 11))


def scored(documents: Iterable[Judged], label: str | None = None) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns the probabilities of the found entities that have one, and whether each is right: float64 and bool.

    label: those of this type alone."""
    pairs = [
        (score, span in right)
        for document in documents
        for right in (document.right,)
        for span, score in zip(document.found, document.scores, strict=True)
        if score is not None and label in (None, span[2])
    ]
    return numpy.array([score for score, _ in pairs], "float64"), numpy.array([right for _, right in pairs], "bool")


def bins(scores: numpy.ndarray, right: numpy.ndarray, count: int = BINS) -> list[dict[str, Any]]:
    """Returns groups of entities by their probability, in equal steps: `from`, `to`, how many (`count`), their mean
    probability (`score`), and the share that is right (`right`); both None where there are none."""
    index = numpy.minimum((scores * count).astype(int), count - 1)
    found = []
    for i in range(count):
        chosen = index == i
        mean = (float(scores[chosen].mean()), float(right[chosen].mean())) if chosen.any() else (None, None)
        found.append(
            {"from": i / count, "to": (i + 1) / count, "count": int(chosen.sum()), "score": mean[0], "right": mean[1]}
        )
    return found


def expected_error(scores: numpy.ndarray, right: numpy.ndarray, count: int = BINS) -> float | None:
    """Returns the expected calibration error (ECE, Naeini et al. 2015): how far the share of right entities is from
    their mean probability, averaged over `bins` by their counts. None without entities.

    It is above 0 by chance, too: see `error_by_chance`."""
    if not len(scores):
        return None
    groups = [group for group in bins(scores, right, count) if group["count"]]
    return sum(group["count"] * abs(group["right"] - group["score"]) for group in groups) / len(scores)


def error_by_chance(scores: numpy.ndarray, draws: int = 200) -> float | None:
    """Returns the mean of `expected_error` if the probabilities were exact: of as many entities, each of which is right
    with its own probability. A measured error that is no higher says nothing against the probabilities."""
    if not len(scores):
        return None
    random = numpy.random.default_rng(0)
    errors = [expected_error(scores, random.random(len(scores)) < scores) for _ in range(draws)]
    return float(numpy.mean([error for error in errors if error is not None]))


def brier(scores: numpy.ndarray, right: numpy.ndarray) -> float | None:
    """Returns the mean squared distance of probabilities from 1 (right) or 0 (Brier 1950); None without entities."""
    return float(((scores - right) ** 2).mean()) if len(scores) else None


def risk_coverage(scores: numpy.ndarray, right: numpy.ndarray) -> list[dict[str, float]]:
    """Returns, for shares of the entities with the highest probabilities, the share of them that is wrong (`risk`)."""
    order = numpy.argsort(-scores, kind="stable")
    wrong = numpy.cumsum(~right[order])
    sizes = [max(1, round(coverage * len(scores))) for coverage in COVERAGES] if len(scores) else []
    return [
        {"coverage": coverage, "risk": float(wrong[size - 1] / size)}
        for coverage, size in zip(COVERAGES, sizes, strict=False)
    ]


def by_threshold(
    scores: numpy.ndarray, right: numpy.ndarray, gold: int, thresholds: Sequence[float] = THRESHOLDS
) -> list[dict[str, float | int | None]]:
    """Returns precision and recall of the entities over each threshold. gold: how many there are to find."""
    found: list[dict[str, float | int | None]] = []
    for threshold in thresholds:
        kept = right[scores >= threshold]
        precision = float(kept.mean()) if len(kept) else None
        found.append(
            {"threshold": threshold, "found": len(kept), "p": precision, "r": int(kept.sum()) / gold if gold else None}
        )
    return found


def threshold_for(scores: numpy.ndarray, right: numpy.ndarray, precision: float) -> float | None:
    """Returns the lowest threshold over which the entities have this precision, so that most are kept; None if none
    has. On few entities it varies: look at how many are over it."""
    order = numpy.argsort(-scores, kind="stable")
    precisions = numpy.cumsum(right[order]) / numpy.arange(1, len(scores) + 1)
    # Entities of the same probability are kept or left out together.
    last = numpy.append(numpy.diff(scores[order]) != 0, True) if len(scores) else numpy.zeros(0, bool)
    good = numpy.flatnonzero((precisions >= precision) & last)
    return float(scores[order][good[-1]]) if len(good) else None


def reliability(documents: Sequence[Judged]) -> dict[str, Any] | None:
    """Returns `ece`, `ece_by_chance`, `brier`, `per_type` (these for each type), `bins`, `risk_coverage` and
    `thresholds` of the entities that have a probability; None if none has."""
    scores, right = scored(documents)
    if not len(scores):
        return None
    labels = sorted({span[2] for document in documents for span in document.found})
    per_type = {}
    for label in labels:
        own = scored(documents, label)
        by_chance = error_by_chance(own[0])
        per_type[label] = {
            "ece": expected_error(*own),
            "ece_by_chance": by_chance,
            "brier": brier(*own),
            "count": len(own[0]),
        }
    return {
        "ece": expected_error(scores, right),
        "ece_by_chance": error_by_chance(scores),
        "brier": brier(scores, right),
        "count": len(scores),
        "per_type": per_type,
        "bins": bins(scores, right),
        "risk_coverage": risk_coverage(scores, right),
        "thresholds": by_threshold(scores, right, sum(len(document.gold) for document in documents)),
    }
