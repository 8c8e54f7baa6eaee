"""Tags that mean entities: how these are read from scores, and how they get into documents."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from ..decoding.find_spans import FindSpans, ScoredSpan, best_spans, path_spans, probable_spans
from ..decoding.readings import Reading, readings
from ..decoding.tag_scores import Tagged, TagScores
from ..errors import InputError
from ..text.char_view import char_offsets, gold_entity_tags
from ..text.windows import Window, join_spans
from .scores import entity_score, places_of, set_score
from .settings import Setting, one_of
from .tagging import CharTagger

LONGER = 2  # characters, and twice its own length: the most that an entity is expanded to
LEAST_THRESHOLD = 0.01  # of the decoding "spans", which would find any string at 0


def check_threshold(value: float) -> None:
    """Raises InputError for a number that is no probability."""
    if not 0 <= value <= 1:
        raise InputError(f"expected a number from 0 to 1, got {value}")


def check_temperature(value: float) -> None:
    """Raises InputError for a number that scores cannot be divided by."""
    if not 0 < value < float("inf"):
        raise InputError(f"expected a number over 0, got {value}")


class Entity(NamedTuple):
    """An entity at character offsets of a document's text, with its probability."""

    start: int
    end: int
    label: str
    score: float


def trimmed(text: str, entities: list[Entity]) -> list[Entity]:
    """Returns the entities without the white space at their edges, and without those that are nothing else."""
    found = []
    for start, end, label, score in entities:
        inside = text[start:end]
        start, end = end - len(inside.lstrip()), start + len(inside.rstrip())
        if start < end:
            found.append(Entity(start, end, label, score))
    return found


class EntityTagger(CharTagger):
    """Reads tags as entities and sets `doc.ents`; `ent._.score` is the probability of each."""

    decoding = Setting[str]("path", one_of("path", "spans"))
    """What becomes an entity. "path": the spans of the most probable sequence of tags (Viterbi). "spans": of all spans
    over `threshold`, those that do not overlap and exceed it by most in sum. It finds what the best path leaves out
    because no single way to tag it is likely; `python -m spacy_cner calibrate` chooses the threshold."""
    threshold = Setting[float](0.0, check_threshold)
    """Entities less probable than this are left out."""
    temperature = Setting[float](1.0, check_temperature)
    """All scores are divided by it: over 1, probabilities are less sure, and the most probable tags stay as they are
    (Guo et al. 2017, "On calibration of modern neural networks"). `python -m spacy_cner calibrate` chooses it."""
    outside_penalty = Setting[float](0.0)
    """This is subtracted from the score of the tag O in prediction: a positive number finds more entities, and more
    wrong ones (Minkov et al. 2006, "NER systems that suit user's preferences"). Scores are those of the CRF so
    changed."""
    overwrite = Setting[bool](False)
    """False keeps the entities that components before this one have set; of its own it adds those that do not overlap
    them. True replaces them."""
    alignment_mode = Setting[str]("expand", one_of("expand", "contract", "strict"))
    """What becomes of an entity that cuts a token of a word-tokenised document, in the words of `Doc.char_span`:
    "expand" it to whole tokens, "contract" it, or leave it out ("strict"). None is expanded to more than twice its
    length and 2 characters: it is left out, with a warning, where a token is a clause or a whole text."""
    spans_key = Setting[str]("cner")
    """`doc.spans[spans_key]` holds the same entities, their probabilities in its `attrs["scores"]`."""

    def add_label(self, label: str) -> int:
        """Adds an entity type. RETURNS: 1, or 0 if it was there."""
        if not isinstance(label, str) or not label:
            raise InputError(f"expected a label that is a string with text, got {label!r}")
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        return 1

    def collect_labels(self, examples: Callable[[], list[Example]], given: list[str] | None) -> list[str]:
        if given is None:
            given = sorted({entity.label_ for example in examples() for entity in example.reference.ents})
        for label in given:
            self.add_label(label)
        if not self.labels:
            raise InputError(
                f"expected entity labels for the component {self.name!r}: no example has an entity, no label was given "
                "by add_label or [initialize.components]"
            )
        return list(self.labels)

    def annotated(self, example: Example) -> Iterator[str]:
        return (entity.text for entity in example.reference.ents)

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        index = {tag: i for i, tag in enumerate(self.tags)}
        return gold_entity_tags(example, view, self.tag_scheme, index)

    def spans(self, scores: TagScores) -> list[list[ScoredSpan]]:
        """The entities of each sequence by `decoding`, with their probabilities, from left to right."""
        if self.decoding == "path":
            return path_spans(scores, self.threshold)
        return best_spans(scores, max(self.threshold, LEAST_THRESHOLD))

    def read(self, views: list[Doc], tagged: Iterable[Tagged], spans: FindSpans | None = None) -> list[list[Entity]]:
        """The entities of each document that `spans` finds, by default those of `decoding`, from left to right."""
        parts: list[list[tuple[Window, list[ScoredSpan]]]] = [[] for _ in views]
        for windows, scores in tagged:
            for window, row in zip(windows, (spans or self.spans)(self.adjusted(scores))):
                placed = [(window.start + start, window.start + end, label, score) for start, end, label, score in row]
                parts[window.index].append((window, placed))
        return [
            [
                Entity(*char_offsets(view, start, end), label, score)
                for start, end, label, score in sorted(join_spans(found))
            ]
            for view, found in zip(views, parts)
        ]

    def candidates(self, docs: Iterable[Doc], threshold: float) -> list[list[Entity]]:
        """All entities of each document that are at least as probable as `threshold`, whether or not they overlap."""
        return self.read(*self.scored(docs), partial(probable_spans, threshold=threshold))

    def readings(self, docs: Iterable[Doc], coverage: float = 0.9, most: int = 16) -> list[list[list[Reading]]]:
        """The most probable readings of each window of each document: as few as have `coverage` of the probability
        together, and `most` at most. Spans are in characters of the document. A document of up to `window` characters
        has one window."""
        if not 0 < coverage < 1 or most < 1:
            raise InputError(f"expected a coverage between 0 and 1 and at least 1 reading, got {coverage} and {most}")
        views, tagged = self.scored(docs)
        parts: list[list[tuple[int, list[Reading]]]] = [[] for _ in views]
        for windows, scores in tagged:
            for window, found in zip(windows, readings(self.adjusted(scores), coverage, most)):
                view = views[window.index]
                placed = [
                    Reading([(*char_offsets(view, window.start + a, window.start + b), x) for a, b, x in spans], p)
                    for spans, p in found
                ]
                parts[window.index].append((window.start, placed))
        return [[found for _, found in sorted(rows, key=lambda row: row[0])] for rows in parts]

    def adjusted(self, scores: TagScores) -> TagScores:
        """The scores as settings change them before decoding."""
        if self.outside_penalty:
            scores = scores.without(self.outside_penalty)
        return scores.tempered(self.temperature) if self.temperature != 1 else scores

    def set_annotations(self, docs: Iterable[Doc], found: list[list[Entity]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`. Blocked tokens get no entity."""
        for doc, entities in zip(docs, found):
            entities = trimmed(doc.text, entities)
            kept = [] if self.overwrite else list(doc.ents)
            blocked = blocked_spans(doc)
            taken = {i for span in (*kept, *blocked) for i in range(span.start, span.end)}
            chosen = []
            # Expanding to tokens can make two entities meet in one; the more probable one has it.
            for entity in sorted(entities, key=lambda entity: -entity.score):
                span = self.align(doc, entity)
                if span is None or not taken.isdisjoint(range(span.start, span.end)):
                    continue
                taken.update(range(span.start, span.end))
                chosen.append(span)
                set_score(span, entity.score)
            before = set(places_of(doc.spans[self.spans_key])) if self.spans_key in doc.spans else set()
            own = [span for span in kept if (span.start_char, span.end_char, span.label_) in before] + chosen
            own.sort(key=lambda span: span.start)
            doc.set_ents([*kept, *chosen], blocked=blocked, default="outside")
            group = SpanGroup(doc, name=self.spans_key, spans=own)
            group.attrs["scores"] = [entity_score(span) for span in own]
            doc.spans[self.spans_key] = group

    def align(self, doc: Doc, entity: Entity) -> Span | None:
        """The tokens of an entity by `alignment_mode`; None if there are none, or far too many."""
        span = doc.char_span(entity.start, entity.end, label=entity.label, alignment_mode=self.alignment_mode)
        if span is None or not len(span):
            return None
        if span.end_char - span.start_char > 2 * (entity.end - entity.start) + LONGER:
            warnings.warn(
                f"the component {self.name!r} leaves out entities that are far shorter than the tokens they are in: "
                "expected tokens of characters or words, got some that may be clauses",
                stacklevel=2,
            )
            return None
        return span


def blocked_spans(doc: Doc) -> list[Span]:
    """The tokens that `Doc.set_ents(blocked=...)` keeps free of entities."""
    blocked = (doc.to_array("ENT_IOB") == 3) & (doc.to_array("ENT_TYPE") == 0)
    return [doc[i : i + 1] for i in numpy.flatnonzero(blocked).tolist()]
