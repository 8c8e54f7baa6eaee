"""Tags that mean entities: how these are read from scores, and how they get into documents."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy
from spacy.tokens import Doc
from spacy.training import Example

from ..decoding.bonus import raised
from ..decoding.find_spans import FindSpans, ScoredSpan, best_spans, path_spans, probable_spans
from ..decoding.tag_scores import Tagged, TagScores
from ..errors import InputError
from ..text.char_view import char_offsets, gold_entity_tags
from ..text.windows import Window, join_spans
from .entity_writer import Entity, EntityWriter, trimmed
from .known import TokenMatch, known_in, known_tokens
from .settings import Setting, one_of
from .tagging import CharTagger

LEAST_THRESHOLD = 0.01  # of the decoding "spans", which would find any string at 0


def check_threshold(value: float) -> None:
    """Raises InputError for a number that is no probability."""
    if not 0 <= value <= 1:
        raise InputError(f"expected a number from 0 to 1, got {value}")


def check_temperature(value: float) -> None:
    """Raises InputError for a number that scores cannot be divided by."""
    if not 0 < value < float("inf"):
        raise InputError(f"expected a number over 0, got {value}")


class EntityTagger(EntityWriter, CharTagger):
    """Reads tags as entities."""

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
        known = [known_tokens(view) for view in views]
        for windows, scores in tagged:
            for window, row in zip(windows, (spans or self.spans)(self.adjusted(scores, windows, known))):
                placed = [(window.start + start, window.start + end, label, score) for start, end, label, score in row]
                parts[window.index].append((window, placed))
        documents = []
        for view, found in zip(views, parts):
            entities = [
                Entity(*char_offsets(view, start, end), label, score)
                for start, end, label, score in sorted(join_spans(found))
            ]
            # `Doc.text` takes long, and few documents have such tokens.
            if entities and view.to_array("IS_SPACE").any():
                entities = trimmed(view.text, entities)
            documents.append(entities)
        return documents

    def candidates(self, docs: Iterable[Doc], threshold: float) -> list[list[Entity]]:
        """All entities of each document that are at least as probable as `threshold`, whether or not they overlap."""
        return self.read(*self.scored(docs), partial(probable_spans, threshold=threshold))

    def adjusted(self, scores: TagScores, windows: list[Window], known: list[list[TokenMatch]]) -> TagScores:
        """The scores as what is known and the settings change them before decoding."""
        if inside := list(known_in(windows, known)):
            scores = raised(scores, inside)
        if self.outside_penalty:
            scores = scores.without(self.outside_penalty)
        return scores.tempered(self.temperature) if self.temperature != 1 else scores
