"""What is known of spans before decoding: a bonus for the tags that they would have."""

from collections.abc import Iterable

import numpy

from ..text.tags import scheme_letters
from .tag_scores import TagScores

KnownSpan = tuple[int, int, int, str, float]  # sequence, start, end (exclusive), label, weight


def raised(scores: TagScores, spans: Iterable[KnownSpan]) -> TagScores:
    """Returns the scores with the weight of each span added to its tags, at each of its positions.

    Spans may overlap: where two would raise the same tag, the greater weight counts. A label without tags raises
    nothing. So the best path gains weight * length by a span, and context decides against that."""
    letters = scheme_letters(scores.scheme)
    index = {tag: i for i, tag in enumerate(scores.tags)}
    bonus = numpy.zeros_like(scores.emissions)
    for sequence, start, end, label, weight in spans:
        if f"{letters['B']}-{label}" not in index:
            continue
        roles = "S" if end - start == 1 else "B" + "I" * (end - start - 2) + "E"
        for position, role in enumerate(roles, start):
            tag = index[f"{letters[role]}-{label}"]
            bonus[sequence, position, tag] = max(bonus[sequence, position, tag], weight)
    return scores._replace(emissions=scores.emissions + bonus)
