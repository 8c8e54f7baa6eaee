"""The scores of tags from which a CRF decodes: the one thing that every engine hands over."""

from typing import NamedTuple

import numpy

from ..text.windows import Window
from .parameters import CrfParameters


class TagScores(NamedTuple):
    """The scores of B sequences.

    What changes scores before decoding returns another one, by `_replace`.

    crf: what the CRF has learned. tags: its tags in order, of the scheme `scheme`. emissions: float (B, T, L). lengths:
    int64 (B,). transitions: (B, T - 1, L, L), added to the CRF's own at each position, or None."""

    crf: CrfParameters
    tags: list[str]
    scheme: str
    emissions: numpy.ndarray
    lengths: numpy.ndarray
    transitions: numpy.ndarray | None = None

    def paths(self) -> numpy.ndarray:
        """Returns the indices of the best tags of each sequence, int64 (B, T), -1 at padding."""
        return self.crf.decode(self.emissions, self.lengths, self.transitions)[0]

    def marginals(self) -> numpy.ndarray:
        """Returns the probability of each tag at each position, (B, T, L), 0 at padding."""
        return self.crf.marginals(self.emissions, self.lengths, self.transitions)

    def of(self, sequences: list[int]) -> "TagScores":
        """Returns the scores of these sequences only, without the padding that none of them needs."""
        lengths = self.lengths[sequences]
        size = int(lengths.max(initial=0))
        transitions = None if self.transitions is None else self.transitions[sequences, : max(size - 1, 0)]
        return self._replace(emissions=self.emissions[sequences, :size], lengths=lengths, transitions=transitions)

    def without(self, penalty: float) -> "TagScores":
        """Returns the scores with a penalty subtracted from the scores of the first tag, O."""
        emissions = self.emissions.copy()
        emissions[..., 0] -= penalty
        return self._replace(emissions=emissions)

    def tempered(self, temperature: float) -> "TagScores":
        """Returns the scores divided by a temperature: over 1, probabilities are less sure. The best tags stay."""
        learned = (self.crf.transitions, self.crf.start, self.crf.end)
        transitions, start, end = (scores / temperature for scores in learned)
        return self._replace(
            crf=self.crf._replace(transitions=transitions, start=start, end=end),
            emissions=self.emissions / temperature,
            transitions=None if self.transitions is None else self.transitions / temperature,
        )


class Tagged(NamedTuple):
    """Windows of documents with the scores of their tags, B = len(windows)."""

    windows: list[Window]
    scores: TagScores


def pad_scores(sequences: list[numpy.ndarray]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Pads B arrays (n_i, L) with zeros to one array (B, T, L); returns it with the lengths, int64 (B,)."""
    lengths = numpy.array([len(rows) for rows in sequences], dtype="int64")
    padded = numpy.zeros((len(sequences), int(lengths.max()), sequences[0].shape[1]), dtype=sequences[0].dtype)
    for whole, rows in zip(padded, sequences):
        whole[: len(rows)] = rows
    return padded, lengths
