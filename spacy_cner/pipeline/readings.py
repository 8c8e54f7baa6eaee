"""The n best readings of a text: whole sequences of tags, each with its probability."""

from collections.abc import Iterable

import numpy
from spacy.language import Language
from spacy.tokens import Doc

from ..decoding.tag_scores import TagScores
from ..text.char_view import char_offsets
from ..text.tags import tags_to_spans
from .entities import EntityTagger
from .entity_writer import Entity, trimmed

# Characters (start, end) of a window, the reading's probability, and its entities with the same
Reading = tuple[int, int, float, list[Entity]]


def reader_of(nlp: Language) -> EntityTagger | None:
    """Returns the last component that can tell readings; None if a pipeline has none."""
    pipes: list[object] = [pipe for _, pipe in reversed(nlp.pipeline)]
    return next((pipe for pipe in pipes if isinstance(pipe, EntityTagger)), None)


def n_best_readings(component: EntityTagger, docs: Iterable[Doc], n: int) -> list[list[Reading]]:
    """Returns the n most probable readings of each window of each document, windows from left to right, the most
    probable reading first. A window has up to `component.window` characters and ends where a sentence does."""
    views, tagged = component.scored(docs)
    found: list[list[tuple[int, list[Reading]]]] = [[] for _ in views]
    for windows, scores in tagged:
        if component.outside_penalty:
            scores = scores.without(component.outside_penalty)
        for window, row in zip(windows, _n_best(scores, n)):
            view = views[window.index]
            readings = []
            for chance, spans in row:
                entities = [
                    Entity(*char_offsets(view, window.start + start, window.start + end), label, chance)
                    for start, end, label in spans
                ]
                readings.append((*char_offsets(view, window.start, window.stop), chance, trimmed(view.text, entities)))
            found[window.index].append((window.start, readings))
    return [[reading for _, readings in sorted(parts) for reading in readings] for parts in found]


def _n_best(scores: TagScores, n: int) -> list[list[tuple[float, list[tuple[int, int, str]]]]]:
    """Returns the n best taggings of each sequence: probability and spans (start, end, label)."""
    paths, _ = scores.crf.nbest(scores.emissions, scores.lengths, n, scores.transitions)
    chances = [_chances(scores, paths[:, rank]) for rank in range(n)]
    return [
        [
            (float(chance), tags_to_spans([scores.tags[tag] for tag in path[:length]], scores.scheme, "repair"))
            for path, chance in zip(rows, row)
            if chance > 0
        ]
        for rows, row, length in zip(paths.tolist(), numpy.transpose(chances), scores.lengths.tolist())
    ]


def _chances(scores: TagScores, paths: numpy.ndarray) -> numpy.ndarray:
    """Returns the probability of the path of each sequence, that of the span that is all of it; 0 where there is no
    path."""
    there = [i for i, length in enumerate(scores.lengths.tolist()) if length and paths[i, 0] >= 0]
    spans = numpy.array([(i, 0, scores.lengths[i]) for i in there], dtype="int64").reshape(-1, 3)
    chances = numpy.zeros(len(paths))
    chances[there] = scores.crf.span_probabilities(
        scores.emissions, scores.lengths, spans, paths, positional=scores.transitions
    )
    return chances
