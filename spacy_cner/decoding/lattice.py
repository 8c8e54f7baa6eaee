"""The tag lattice of a batch: the scores of all its paths, with the boundary of a sequence as one more tag.

A sequence of n tags is the path: boundary, tag 1, ..., tag n, boundary, boundary, ..., of one length for all sequences
of the batch. Start scores are then transitions out of the boundary, and end scores are transitions into it. Padding is
a stay in the boundary that scores 0. So no recursion needs a mask, and padding cannot influence a result.

Shapes: the input has B sequences, T positions and L tags. The lattice has S = T + 2 positions and K = L + 1 tags. Its
position p is position p - 1 of the input, and its last tag is the boundary. Sequences come last: each step of a
recursion is then one operation on long rows.
"""

from typing import NamedTuple

import numpy


class Lattice(NamedTuple):
    """Log scores in float64, -inf where a tag or transition is impossible.

    emissions: (S, K, B). transitions: [from, to] (K, K), or (S - 1, K, K, B) for each position but the last. lengths:
    (B,), of the input."""

    emissions: numpy.ndarray
    transitions: numpy.ndarray
    lengths: numpy.ndarray

    @property
    def shared(self) -> bool:
        """Whether all positions have the same transitions."""
        return self.transitions.ndim == 2

    def steps(self) -> numpy.ndarray:
        """Returns the transitions out of each position but the last, (S - 1, K, K, 1 or B)."""
        if not self.shared:
            return self.transitions
        shape = len(self.emissions) - 1, *self.transitions.shape, 1
        return numpy.broadcast_to(self.transitions[:, :, None], shape)

    def transitions_from(self, position: numpy.ndarray, sequence: numpy.ndarray, tag: numpy.ndarray) -> numpy.ndarray:
        """Returns the transitions from these tags at these positions of the input, (n, K)."""
        return self.transitions[tag] if self.shared else self.transitions[position + 1, tag, :, sequence]


def build_lattice(
    emissions: numpy.ndarray, transitions: numpy.ndarray, positional: numpy.ndarray | None, lengths: numpy.ndarray
) -> Lattice:
    """Builds the lattice of `emissions` (B, T, L), `transitions` (K, K) and `lengths` (B,).

    positional: (B, T - 1, L, L), added to the transitions between its position and the next.
    Scores beyond a sequence's length are ignored."""
    batch, length, tags = emissions.shape
    # shape: (S, 1)
    position = numpy.arange(-1, length + 1)[:, None]
    # shape: (S, B)
    outside = (position < 0) | (position >= lengths)
    # shape: (S, K, B)
    scores = numpy.empty((length + 2, tags + 1, batch))
    scores[1:-1, :tags] = emissions.transpose(1, 2, 0)
    numpy.copyto(scores[:, :tags], -numpy.inf, where=outside[:, None])
    scores[:, tags] = numpy.where(outside, 0.0, -numpy.inf)
    if positional is not None:
        # shape: (S - 1, K, K, B)
        joined = numpy.empty((length + 1, tags + 1, tags + 1, batch))
        joined[:] = transitions[:, :, None]
        # shape: (T - 1, L, L, B)
        added = numpy.where(outside[2:-1, None, None], 0.0, positional.transpose(1, 2, 3, 0))
        joined[1:-1, :tags, :tags] += added
        transitions = joined
    return Lattice(scores, transitions, lengths)
