"""All that `evaluate` says of entities beyond P, R and F1: intervals, other scores, groups, errors, probabilities."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy

from ..corpus.stats import KnownEntities
from .bootstrap import RESAMPLES, Interval, interval, prf, resampled
from .buckets import axes, counts
from .judged import Judged
from .mistakes import count_mistakes, mistakes
from .reliability import reliability
from .semeval import semeval

logger = logging.getLogger(__name__)

LARGE = 0.05  # the share of all entities that one document may have
FEW = 100  # documents; of fewer, one easily has more


def detail(
    documents: Sequence[Judged], known: KnownEntities | None = None, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """Returns scores from 0 to 1; an interval is a pair that holds 95 % of the scores of drawn test sets, or None.

    `ents_support`: the number of gold entities, `ents_documents`: that of documents. `ents_interval`: intervals of `p`,
    `r` and `f`. `ents_macro_f`: the mean F1 of the types, `ents_macro_interval` its interval. `ents_types`: for each
    type `p`, `r`, `f`, `f_interval`, `support`, `found` and its scores by `semeval`. `ents_semeval`: those of all.
    `ents_groups`: the same for the groups of `axes`, without SemEval's. `ents_errors`: errors by kind.
    `ents_probabilities`: what `reliability` returns. Equal input gives equal output, to the last digit."""
    labels = sorted({span[2] for document in documents for span in (*document.gold, *document.found)})
    by_type = counts(documents, labels, lambda _, span: span[2])
    _warn_of_large(by_type.sum(axis=(1, 2)))
    draws = resampled(by_type, resamples)
    found: dict[str, Any] = {
        "ents_support": int(by_type[..., 2].sum()),
        "ents_documents": len(documents),
        "ents_interval": dict(zip("prf", map(interval, prf(draws.sum(axis=1))), strict=True)),
        "ents_macro_f": _mean(numpy.nan_to_num(prf(by_type.sum(axis=0))[2])),
        "ents_macro_interval": _macro_interval(draws) if labels else None,
        "ents_types": _groups(by_type, draws, labels),
        "ents_semeval": semeval(documents),
        "ents_groups": {},
    }
    for label, scores in found["ents_types"].items():
        scores["semeval"] = semeval(documents, label)
    for axis, (groups, bucket) in axes(documents, known).items():
        table = counts(documents, groups, bucket)
        scores = _groups(table, resampled(table, resamples), groups)
        found["ents_groups"][axis] = {group: each for group, each in scores.items() if each["support"] or each["found"]}
    found["ents_errors"] = count_mistakes(mistakes(documents, known))
    found["ents_probabilities"] = reliability(documents)
    return found


def _macro_interval(draws: numpy.ndarray) -> Interval | None:
    """draws: counts (resamples, L, 3). A type that a draw has nothing of does not count there."""
    f = prf(draws)[2]
    known = (~numpy.isnan(f)).sum(axis=1)
    return interval(numpy.where(known > 0, numpy.nansum(f, axis=1) / numpy.maximum(known, 1), numpy.nan))


def _warn_of_large(entities: numpy.ndarray) -> None:
    """Whether such a document is drawn decides the score, so what the other ones say of it is too little."""
    largest = int(entities.argmax()) if len(entities) else 0
    if len(entities) >= FEW and entities[largest] > LARGE * entities.sum():
        share = 100 * entities[largest] / entities.sum()
        logger.warning(
            "document %d of %d has %.0f %% of the entities: the intervals are too narrow; split it into sentences",
            largest + 1,
            len(entities),
            share,
        )


def _mean(values: numpy.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _groups(table: numpy.ndarray, draws: numpy.ndarray, groups: Sequence[str]) -> dict[str, dict[str, Any]]:
    """table: (D, groups, 3), draws: (resamples, groups, 3)."""
    found = {}
    for i, group in enumerate(groups):
        sums = table[:, i].sum(axis=0)
        values = {key: None if numpy.isnan(value) else float(value) for key, value in zip("prf", prf(sums))}
        shown = interval(prf(draws[:, i])[2])
        found[group] = {**values, "f_interval": shown, "support": int(sums[2]), "found": int(sums[1])}
    return found
