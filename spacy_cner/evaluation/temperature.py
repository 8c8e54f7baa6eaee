"""Temperature scaling of a CRF: the one number that makes probabilities of entities mean what they say."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy
from spacy.tokens import Doc
from spacy.util import minibatch

from ..decoding.find_spans import probable_spans
from ..text.progress import progress
from .bootstrap import Interval, interval, resampled
from .judged import CharSpan

TEMPERATURES = tuple(2 ** (step / 6) for step in range(-6, 16))  # from 0.5 to 5.7
LEAST = 0.05  # the probability of the spans that count
FLOOR = 0.005  # what less probable spans are taken to have
SURE = 1e-6  # no probability is nearer to 1, so that no loss is infinite


def span_losses(
    pipe: Any, docs: Sequence[Doc], gold: Sequence[Doc], temperatures: Sequence[float], batch_size: int
) -> numpy.ndarray:
    """Returns the log loss of the probabilities of spans to be entities, summed over each document, (temperatures, D).
    The spans are the same at all temperatures: those that have LEAST at the component's own.

    docs: as the component meets them. gold: with the same texts."""
    losses = []
    pairs = list(zip(docs, gold, strict=True))
    batches = minibatch(pairs, batch_size)
    before = pipe.temperature
    spans = partial(probable_spans, threshold=FLOOR)
    try:
        for batch in progress(batches, total=-(-len(pairs) // batch_size), unit="batch"):
            views, tagged = pipe.scored([doc for doc, _ in batch])
            tagged = list(tagged)
            found = []
            for temperature in (before, *temperatures):
                pipe.temperature = temperature
                found.append([{each[:3]: each.score for each in row} for row in pipe.read(views, tagged, spans)])
            looked_at = [[span for span, score in row.items() if score >= LEAST] for row in found[0]]
            labels = [_labels(spans_of, doc) for spans_of, (_, doc) in zip(looked_at, batch, strict=True)]
            losses.append([[_loss(*each) for each in zip(labels, row, strict=True)] for row in found[1:]])
    finally:
        pipe.temperature = before
    return numpy.concatenate([numpy.array(rows) for rows in losses], axis=1)


def _labels(spans: Sequence[CharSpan], gold: Doc) -> dict[CharSpan, bool]:
    """Which of the spans are entities, without those that touch missing annotation."""
    right = {(ent.start_char, ent.end_char, ent.label_) for ent in gold.ents}
    missing = {i for token in gold if token.ent_iob == 0 for i in range(token.idx, token.idx + len(token))}
    return {span: span in right for span in spans if missing.isdisjoint(range(span[0], span[1]))}


def _loss(labels: dict[CharSpan, bool], scores: dict[CharSpan, float]) -> float:
    loss = 0.0
    for span, is_right in labels.items():
        score = min(scores.get(span, FLOOR), 1 - SURE)
        loss -= float(numpy.log(score if is_right else 1 - score))
    return loss


def best_temperature(temperatures: Sequence[float], losses: numpy.ndarray) -> float:
    """Returns the temperature at the minimum of a parabola through the best one of those that were tried and its
    neighbours, in logarithms; rounded to two digits.

    losses: of each temperature, (temperatures,)."""
    best = int(losses.argmin())
    if best in (0, len(losses) - 1):
        return round(temperatures[best], 2)
    x = numpy.log(temperatures[best - 1 : best + 2])
    a, b, _ = numpy.polyfit(x, losses[best - 1 : best + 2], 2)
    return round(float(numpy.exp(-b / (2 * a))), 2)


def gain(losses: numpy.ndarray, best: int, now: int) -> Interval | None:
    """Returns the interval that holds 95 % of the falls of the loss if documents are drawn again."""
    return interval(resampled((losses[now] - losses[best])[:, None])[:, 0])
