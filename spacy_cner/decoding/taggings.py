"""The most probable ways to tag a sequence, as many as are needed to be sure that the right one is among them."""

import math
from typing import NamedTuple

from ..text.tags import tags_to_spans
from .tag_scores import TagScores


class Tagging(NamedTuple):
    """One way to tag a whole sequence: its spans (start, end, label) from left to right, and its probability."""

    spans: list[tuple[int, int, str]]
    probability: float


def best_taggings(scores: TagScores, coverage: float, most: int) -> list[list[Tagging]]:
    """Returns the best taggings of each sequence, best first: as few as have `coverage` of the probability together,
    and `most` at most; with a coverage of 1 the `most` best. With calibrated probabilities the right one is among them
    at that rate."""
    paths, logs = scores.crf.nbest(scores.emissions, scores.lengths, most, scores.transitions)
    partition = scores.crf.log_partition(scores.emissions, scores.lengths, scores.transitions)
    found = []
    for rows, values, total, length in zip(paths, logs, partition, scores.lengths.tolist(), strict=True):
        own, covered = [], 0.0
        for path, value in zip(rows, values.tolist(), strict=True):
            probability = float(math.exp(value - total))
            if (covered >= coverage and coverage < 1) or not probability:
                break
            tags = [scores.tags[tag] for tag in path[:length].tolist()]
            own.append(Tagging(tags_to_spans(tags, scores.scheme, "repair"), probability))
            covered += probability
        found.append(own)
    return found
