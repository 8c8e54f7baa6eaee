"""The n best readings of a text: whole sequences of tags, each with its probability."""

from collections.abc import Iterable

from spacy.language import Language
from spacy.tokens import Doc

from ..decoding.taggings import best_taggings
from ..text.char_view import char_offsets
from .entities import EntityTagger
from .entity_writer import Entity, trimmed
from .known import known_tokens

# Characters (start, end) of a window, the reading's probability, and its entities with the same
Reading = tuple[int, int, float, list[Entity]]


def reader_of(nlp: Language) -> EntityTagger | None:
    """Returns the last component that can tell readings; None if a pipeline has none."""
    pipes: list[object] = [pipe for _, pipe in reversed(nlp.pipeline)]
    return next((pipe for pipe in pipes if isinstance(pipe, EntityTagger)), None)


def n_best_readings(component: EntityTagger, docs: Iterable[Doc], n: int, coverage: float = 1.0) -> list[list[Reading]]:
    """Returns the n most probable readings of each window of each document, windows from left to right, the most
    probable reading first. A window has up to `component.window` characters and ends where a sentence does.

    coverage: only as many as have this probability together, at most n."""
    views, tagged = component.scored(docs)
    known = [known_tokens(view) for view in views]
    found: list[list[tuple[int, list[Reading]]]] = [[] for _ in views]
    for windows, scores in tagged:
        for window, row in zip(windows, best_taggings(component.adjusted(scores, windows, known), coverage, n)):
            view = views[window.index]
            readings = []
            for spans, chance in row:
                entities = [
                    Entity(*char_offsets(view, window.start + start, window.start + end), label, chance)
                    for start, end, label in spans
                ]
                readings.append((*char_offsets(view, window.start, window.stop), chance, trimmed(view.text, entities)))
            found[window.index].append((window.start, readings))
    return [[reading for _, readings in sorted(parts) for reading in readings] for parts in found]
