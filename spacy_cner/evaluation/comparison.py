"""Whether one system is better than another on a test set, or whether its documents and the seeds say nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from .bootstrap import RESAMPLES, interval, prf, resampled
from .buckets import counts
from .judged import CharSpan, Judged

LEVEL = 0.05  # a difference that chance alone makes more often than this is none
VERDICTS = {0: "no difference", 1: "B is better", -1: "B is worse"}

Runs = Sequence[Sequence[Judged]]  # a system: the same documents as each of its runs, such as seeds, found them


@dataclass(frozen=True)
class System:
    """F1 (0-1) of a system. f: the mean of its runs. of_runs: of each. seeds: their standard deviation, 0 for one run.
    data: the standard deviation of f if the documents are drawn again."""

    f: float
    of_runs: list[float]
    seeds: float
    data: float


@dataclass(frozen=True)
class Comparison:
    """Differences are those of B from A, above 0 where B is better.

    difference: of F1. interval: holds 95 % of them if documents, and seeds, are drawn again. p_value: how often chance
    makes one as large, by approximate randomisation. differences: `p`, `r` and `f`, of each with its interval.
    per_type: the same of F1 for each type. only: how many gold entities A alone finds, and B alone (of several runs:
    the mean)."""

    a: System
    b: System
    documents: int
    difference: float
    interval: tuple[float, float]
    p_value: float
    differences: dict[str, dict[str, Any]]
    per_type: dict[str, dict[str, Any]]
    only: dict[str, float]

    @property
    def verdict(self) -> int:
        """1 if B is better, -1 if it is worse, 0 if neither is sure: the interval holds 0, or the p-value is above
        LEVEL."""
        if self.p_value > LEVEL or self.interval[0] <= 0 <= self.interval[1]:
            return 0
        return 1 if self.difference > 0 else -1

    def is_loss(self, margin: float = 0.0) -> bool:
        """Returns whether B is worse by more than the margin, and not by chance: all of the interval is below it."""
        return self.verdict < 0 and self.interval[1] < -margin


def compare(a: Runs, b: Runs, resamples: int = RESAMPLES) -> Comparison:
    """Compares two systems on the same documents, which are as many in all runs.

    The interval is that of the paired bootstrap (Efron and Tibshirani 1993, Koehn 2004): both systems are scored on the
    same drawn documents. With several runs their deviation adds to it, by Student's t. The p-value is that of
    approximate randomisation (Noreen 1989, Yeh 2000): documents swap their results."""
    labels = sorted({span[2] for run in (*a, *b) for document in run for span in (*document.gold, *document.found)})
    by_type = [numpy.array([counts(run, labels, lambda _, span: span[2]) for run in runs]) for runs in (a, b)]
    first, second = (each.sum(axis=2) for each in by_type)
    systems = _system(first, _drawn(first, resamples)), _system(second, _drawn(second, resamples))
    noise = _noise_of_seeds(first.shape[0] + second.shape[0] - 2, resamples)
    differences = _differences(first, second, noise)
    per_type = {}
    for i, label in enumerate(labels):
        own = [each[:, :, i] for each in by_type]
        per_type[label] = _differences(own[0], own[1], noise)["f"] | {"support": int(own[0][0, :, 2].sum())}
    return Comparison(
        a=systems[0],
        b=systems[1],
        documents=first.shape[1],
        difference=differences["f"]["difference"],
        interval=differences["f"]["interval"] or (0.0, 0.0),
        p_value=randomisation(first.mean(axis=0), second.mean(axis=0), resamples),
        differences=differences,
        per_type=per_type,
        only=_only(a, b),
    )


def randomisation(first: numpy.ndarray, second: numpy.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> float:
    """Returns how often the difference of F1 is as large as it is if each document's results change sides by chance;
    never 0, as what was observed is one of the cases.

    first, second: right, found and gold entities of each document, (D, 3)."""
    random = numpy.random.default_rng(seed)
    observed = abs(_f(second.sum(axis=0)) - _f(first.sum(axis=0)))
    as_large, step = 1, max(1, (1 << 22) // max(1, len(first)))
    for start in range(0, resamples, step):
        swapped = random.integers(0, 2, (min(step, resamples - start), len(first))).astype("float64")
        moved = swapped @ (second - first)
        found = abs(_f(second.sum(axis=0) - moved) - _f(first.sum(axis=0) + moved))
        as_large += int((found >= observed - 1e-12).sum())
    return as_large / (resamples + 1)


def differing(a: Sequence[Judged], b: Sequence[Judged]) -> list[dict[str, Any]]:
    """Returns the documents in which two runs found other entities: index, text, gold entities, those that A and B
    alone found, and which one has fewer errors ("A", "B" or "")."""
    found = []
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        if set(x.found) != set(y.found):
            errors = [len(set(each.gold) ^ set(each.found)) for each in (x, y)]
            better = "" if errors[0] == errors[1] else "A" if errors[0] < errors[1] else "B"
            sides = {"gold": x.gold, "a": sorted({*x.found} - {*y.found}), "b": sorted({*y.found} - {*x.found})}
            shown = {side: [_shown(x.text, span) for span in spans] for side, spans in sides.items()}
            found.append({"document": i, "better": better, "text": x.text, **shown})
    return found


def _shown(text: str, span: CharSpan) -> dict[str, Any]:
    start, end, label = span
    return {"start": start, "end": end, "label": label, "text": text[start:end]}


def _drawn(table: numpy.ndarray, resamples: int) -> numpy.ndarray:
    """Returns the sums of drawn documents for counts (runs, D, 3): (resamples, runs, 3)."""
    return resampled(numpy.moveaxis(table, 0, 1), resamples)


def _system(table: numpy.ndarray, drawn: numpy.ndarray) -> System:
    """table: (runs, D, 3), drawn: (resamples, runs, 3)."""
    of_runs = _f(table.sum(axis=1))
    deviation = float(of_runs.std(ddof=1)) if len(of_runs) > 1 else 0.0
    return System(float(of_runs.mean()), of_runs.tolist(), deviation, float(_f(drawn).mean(axis=1).std()))


def _noise_of_seeds(free: int, resamples: int) -> numpy.ndarray:
    """Returns what other seeds would add to a difference of means, drawn by chance, in units of its standard error;
    zeros without degrees of freedom, where both systems have one run."""
    return numpy.random.default_rng(1).standard_t(free, resamples) if free else numpy.zeros(resamples)


def _differences(first: numpy.ndarray, second: numpy.ndarray, noise: numpy.ndarray) -> dict[str, dict[str, Any]]:
    """first, second: (runs, D, 3). noise: of seeds, as `_noise_of_seeds` draws it."""
    drawn = [_drawn(table, len(noise)) for table in (first, second)]
    found = {}
    for i, key in enumerate("prf"):
        of_runs = [numpy.nan_to_num(prf(table.sum(axis=1))[i]) for table in (first, second)]
        means = [scores.mean() for scores in of_runs]
        error = sum(scores.var(ddof=1) / len(scores) for scores in of_runs if len(scores) > 1) ** 0.5
        spread = [numpy.nan_to_num(prf(sums)[i]).mean(axis=1) for sums in drawn]
        found[key] = {
            "a": float(means[0]),
            "b": float(means[1]),
            "difference": float(means[1] - means[0]),
            "interval": interval(spread[1] - spread[0] + error * noise),
        }
    return found


def _f(sums: numpy.ndarray) -> numpy.ndarray:
    return numpy.nan_to_num(prf(sums)[2])


def _only(a: Runs, b: Runs) -> dict[str, float]:
    """The gold entities that one of two runs finds and the other does not, over all pairs of runs."""
    pairs = [(x, y) for x in a for y in b]
    found = {
        "a": sum(len(one.right - other.right) for x, y in pairs for one, other in zip(x, y, strict=True)),
        "b": sum(len(other.right - one.right) for x, y in pairs for one, other in zip(x, y, strict=True)),
    }
    return {side: count / len(pairs) for side, count in found.items()}
