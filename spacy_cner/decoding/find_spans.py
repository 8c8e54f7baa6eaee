"""Spans of tag scores: the spans of the best path, or the spans that are probable enough."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import groupby

import numpy

from ..text.tags import OUTSIDE, allowed_transitions, parse_tag, scheme_letters, tags_to_spans
from .parameters import PADDING
from .spans import SpanTags
from .tag_scores import TagScores

ScoredSpan = tuple[int, int, str, float]  # start, end (exclusive), label, probability
FindSpans = Callable[[TagScores], list[list[ScoredSpan]]]


def path_spans(scores: TagScores, threshold: float) -> list[list[ScoredSpan]]:
    """Returns the spans of the best tags of each sequence that are at least as probable as the threshold."""
    paths = scores.paths()
    found: list[list[tuple[int, int, str]]] = [[] for _ in paths]
    outside = scores.tags.index(OUTSIDE) if OUTSIDE in scores.tags else PADDING
    for i in numpy.flatnonzero(((paths != outside) & (paths != PADDING)).any(1)).tolist():
        tags = [scores.tags[tag] for tag in paths[i, : scores.lengths[i]].tolist()]
        found[i] = tags_to_spans(tags, scores.scheme, "repair")
    with_spans = [i for i, row in enumerate(found) if row]
    if not with_spans:
        return [[] for _ in found]
    # Only sequences that have spans need probabilities.
    chosen = scores.of(with_spans)
    spans = [(i, start, end) for i, row in enumerate(with_spans) for start, end, _ in found[row]]
    probabilities = span_probabilities(chosen, numpy.array(spans), paths[with_spans, : chosen.emissions.shape[1]])
    rest = iter(probabilities.tolist())
    scored = [[(*span, next(rest)) for span in row] for row in found]
    return [[span for span in row if span[3] >= threshold] for row in scored]


def span_probabilities(scores: TagScores, spans: numpy.ndarray, paths: numpy.ndarray) -> numpy.ndarray:
    """Returns the probability that each span has these tags and is no longer, (N,).

    spans: (N, 3), rows of sequence, start and end (exclusive). paths: the tags, int64 (B, T)."""
    return scores.crf.span_probabilities(
        scores.emissions,
        scores.lengths,
        spans,
        paths,
        continues=allowed_transitions(scores.tags, scores.scheme).continues,
        positional=scores.transitions,
    )


def best_spans(scores: TagScores, threshold: float) -> list[list[ScoredSpan]]:
    """Returns the best spans of each sequence that do not overlap: the sum of how far their probabilities exceed the
    threshold is the highest.

    With calibrated probabilities, the best threshold for F1 is half of the best F1 that can be reached (Lipton et al.
    2014, "Optimal thresholding of classifiers to maximize F1 measure", theorem 1)."""
    return [without_overlap(spans, threshold) for spans in probable_spans(scores, threshold)]


def probable_spans(scores: TagScores, threshold: float) -> list[list[ScoredSpan]]:
    """Returns all spans of each sequence that are at least as probable as the threshold, overlapping or not."""
    tags = scores.tags
    labels = list(dict.fromkeys(parse_tag(tag, scores.scheme).label for tag in tags if tag != OUTSIDE))
    letters = scheme_letters(scores.scheme)
    begin, inside, end, single = (
        numpy.array([tags.index(f"{letters[role]}-{label}") for label in labels], dtype="int64") for role in "BIES"
    )
    continues = allowed_transitions(tags, scores.scheme).continues
    roles = SpanTags(begin, inside, end, single, continues)
    spans, probabilities = scores.crf.probable_spans(
        scores.emissions, scores.lengths, roles, threshold, scores.transitions
    )
    found: list[list[ScoredSpan]] = [[] for _ in range(len(scores.emissions))]
    rows = sorted(zip(spans.tolist(), probabilities.tolist()))
    for sequence, group in groupby(rows, key=lambda row: row[0][0]):
        found[sequence] = [(start, end, labels[label], score) for (_, start, end, label), score in group]
    return found


def without_overlap(spans: Iterable[ScoredSpan], threshold: float) -> list[ScoredSpan]:
    """Selects spans that do not overlap so that the sum of probability minus threshold is the highest (weighted
    interval scheduling). RETURNS: the spans from left to right."""
    # The best choice of spans up to each end: its worth, its last span, and the choice before that span
    ends, worths = [0], [0.0]
    choices: list[tuple[ScoredSpan, int] | None] = [None]
    for span in sorted(spans, key=lambda span: (span[1], span[0], -span[3])):
        before = bisect_right(ends, span[0]) - 1
        worth = worths[before] + span[3] - threshold
        if worth > worths[-1] or (worth == worths[-1] and span[0] >= ends[-1]):
            ends.append(span[1])
            worths.append(worth)
            choices.append((span, before))
    chosen = []
    choice = choices[-1]
    while choice is not None:
        chosen.append(choice[0])
        choice = choices[choice[1]]
    return chosen[::-1]
