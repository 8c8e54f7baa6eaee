"""Entities from the tags of a CRF, and how they get into documents; what all recognisers have in common."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import torch
from spacy.tokens import Doc, Span, SpanGroup

from ..errors import InputError
from ..models.tag_scores import TagScores
from ..nn.crf.spans import SpanTags
from ..text.tags import OUTSIDE, allowed_transitions, parse_tag, scheme_letters, tags_to_spans

ALIGNMENT_MODES = ("expand", "contract", "strict")
DECODINGS = ("path", "spans")

ScoredSpan = tuple[int, int, str, float]  # start, end (exclusive), label, probability
FindSpans = Callable[[TagScores], list[list[ScoredSpan]]]


class EntityPipe:
    """What components that set `doc.ents` have beside their way to find entities; those of `make_cner`."""

    cfg: dict[str, Any]
    decoding: str
    threshold: float
    overwrite: bool
    alignment_mode: str
    spans_key: str

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

    def spans(self, scores: TagScores) -> list[list[ScoredSpan]]:
        """The entities of each sequence by `decoding`, with their probabilities, from left to right."""
        check_decoding(self.decoding, self.threshold)
        find = path_spans if self.decoding == "path" else best_spans
        return find(scores, self.threshold)

    def find(self, docs: Iterable[Doc], spans: FindSpans) -> list[list["Entity"]]:
        """The entities of each document that `spans` finds in the scores of its tags, from left to right."""
        raise NotImplementedError

    def predict(self, docs: Iterable[Doc]) -> list[list["Entity"]]:
        """The entities of each document, from left to right, those over the threshold."""
        return self.find(docs, self.spans)

    def candidates(self, docs: Iterable[Doc], threshold: float) -> list[list["Entity"]]:
        """All entities of each document that are at least so probable, whether or not they overlap."""
        return self.find(docs, partial(probable_spans, threshold=threshold))

    def set_annotations(self, docs: Iterable[Doc], entities: list[list["Entity"]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`."""
        set_entities(
            docs, entities, overwrite=self.overwrite, alignment_mode=self.alignment_mode, spans_key=self.spans_key
        )


class Entity(NamedTuple):
    """An entity at character offsets of a document's text, with its probability."""

    start: int
    end: int
    label: str
    score: float


def check_alignment_mode(mode: str) -> None:
    if mode not in ALIGNMENT_MODES:
        raise ValueError(f"expected the alignment_mode expand, contract or strict, got {mode!r}")


def check_decoding(decoding: str, threshold: float) -> None:
    if decoding not in DECODINGS:
        raise ValueError(f"expected the decoding path or spans, got {decoding!r}")
    if decoding == "spans" and not 0 < threshold <= 1:
        raise ValueError(f"expected a threshold over 0 and up to 1 with the decoding spans, got {threshold}")


def check_label(label: str) -> None:
    if not isinstance(label, str) or not label:
        raise ValueError(f"expected a label that is a string with text, got {label!r}")


def check_labels(labels: Sequence[str], name: str) -> None:
    """Raises InputError if there are none."""
    if not labels:
        raise InputError(
            f"expected entity labels for the component {name!r}: no example has an entity, no label was given "
            "by add_label or [initialize.components]"
        )


def path_spans(scores: TagScores, threshold: float) -> list[list[ScoredSpan]]:
    """The spans of the best tags of each sequence that are at least so probable."""
    paths = scores.paths()
    found = [
        tags_to_spans([scores.tags[tag] for tag in path[:length]], scores.scheme, "repair")
        for path, length in zip(paths.tolist(), scores.lengths.tolist())
    ]
    with_spans = [i for i, row in enumerate(found) if row]
    if not with_spans:
        return [[] for _ in found]
    # Only the sequences that have any
    chosen = scores.of(with_spans)
    spans = [(i, start, end) for i, row in enumerate(with_spans) for start, end, _ in found[row]]
    probabilities = scores.crf.span_probabilities(
        chosen.emissions,
        chosen.lengths,
        torch.tensor(spans, device=paths.device),
        paths[with_spans],
        continues=goes_on(scores),
        transitions=chosen.transitions,
    )
    rest = iter(probabilities.tolist())
    scored = [[(*span, next(rest)) for span in row] for row in found]
    return [[span for span in row if span[3] >= threshold] for row in scored]


def best_spans(scores: TagScores, threshold: float) -> list[list[ScoredSpan]]:
    """Of all spans of each sequence that are at least so probable, those that do not overlap and are over the threshold
    by most in sum. Where the probabilities hold, half of the best F1 that can be reached is the best threshold for it
    (Lipton et al. 2014, "Optimal thresholding of classifiers to maximize F1 measure", theorem 1)."""
    return [without_overlap(spans, threshold) for spans in probable_spans(scores, threshold)]


def probable_spans(scores: TagScores, threshold: float) -> list[list[ScoredSpan]]:
    """All spans of each sequence that are at least so probable, whether or not they overlap."""
    tags, device = scores.tags, scores.emissions.device
    labels = list(dict.fromkeys(parse_tag(tag, scores.scheme).label for tag in tags if tag != OUTSIDE))
    letters = scheme_letters(scores.scheme)
    begin, inside, end, single = (
        torch.tensor([tags.index(f"{letters[role]}-{label}") for label in labels], device=device) for role in "BIES"
    )
    spans, probabilities = scores.crf.probable_spans(
        scores.emissions,
        scores.lengths,
        SpanTags(begin, inside, end, single, goes_on(scores)),
        threshold,
        scores.transitions,
    )
    found: list[list[ScoredSpan]] = [[] for _ in range(len(scores.emissions))]
    rows = sorted(zip(spans.tolist(), probabilities.tolist()))
    for sequence, group in groupby(rows, key=lambda row: row[0][0]):
        found[sequence] = [(start, end, labels[label], score) for (_, start, end, label), score in group]
    return found


def goes_on(scores: TagScores) -> torch.Tensor:
    """(L, L) [from, to]: transitions that stay inside of one span."""
    transitions = allowed_transitions(scores.tags, scores.scheme)
    return torch.from_numpy(transitions.continues).to(scores.emissions.device)


def without_overlap(spans: Iterable[ScoredSpan], threshold: float) -> list[ScoredSpan]:
    """Those that do not overlap and whose probabilities are over the threshold by most in sum, from left to right
    (weighted interval scheduling)."""
    # The best choices of spans that end up to a place, by places: their worth, the last span, and the choice before it
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


def set_entities(
    docs: Iterable[Doc], entities: Iterable[list[Entity]], *, overwrite: bool, alignment_mode: str, spans_key: str
) -> None:
    """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`; see `make_cner` for the settings."""
    for doc, found in zip(docs, entities):
        kept = [] if overwrite else list(doc.ents)
        taken = {i for span in kept for i in range(span.start, span.end)}
        chosen: list[tuple[Span, float]] = []
        # Expanding to tokens can make two entities meet in one; the more probable one has it.
        for entity in sorted(found, key=lambda entity: -entity.score):
            span = doc.char_span(entity.start, entity.end, label=entity.label, alignment_mode=alignment_mode)
            if span is None or not len(span) or not taken.isdisjoint(range(span.start, span.end)):
                continue
            taken.update(range(span.start, span.end))
            chosen.append((span, entity.score))
        chosen.sort(key=lambda pair: pair[0].start)
        doc.set_ents([*kept, *(span for span, _ in chosen)], default="outside")
        group = SpanGroup(doc, name=spans_key, spans=[span for span, _ in chosen])
        group.attrs["scores"] = [score for _, score in chosen]
        doc.spans[spans_key] = group
