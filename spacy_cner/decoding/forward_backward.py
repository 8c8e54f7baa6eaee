"""The forward-backward algorithm over a lattice.

`forward_backward` uses the scaled recursion (Rabiner 1989, "A tutorial on hidden Markov models", section V.A): products
of probabilities, normalised every few steps. It is exact as long as nothing that matters falls below the float type's
smallest number. That is checked afterwards; if something did, the recursion runs again with log scores.

Both recursions run in one loop: over the emissions in order, and over the reversed emissions with the transposed
transitions. For that, the backward variable includes the emission of its own position.
Shapes as in `lattice`: S positions, K tags, B sequences; T = S - 2.
"""

from typing import NamedTuple

import numpy

from .checks import check_path_exists
from .lattice import Lattice

# The largest share of the partition function that the underflow of one number may take away.
TOLERANCE = 1e-12
# Normalising takes as long as the step itself, and float64 has room for more steps than these.
NORMALIZE_EVERY = 4


class ScaledForwardBackward:
    """Forward-backward by the scaled recursion.

    marginals: (T, K, B), the probability of each tag. exact: whether float64 was wide enough."""

    def __init__(self, lattice: Lattice):
        # The largest scores, which are subtracted from all
        highest = lattice.emissions.max(), lattice.transitions.max()
        emissions = numpy.exp(lattice.emissions - highest[0])
        # shape: (K, K) or (S - 1, K, K, B)
        transitions = numpy.exp(lattice.transitions - highest[1])
        # Being in the boundary, and staying there, still scores 0.
        emissions[:, -1] = lattice.emissions[:, -1] == 0.0
        if lattice.shared:
            transitions[-1, -1] = 1.0
        else:
            transitions[:, -1, -1] = 1.0
        self.lattice = lattice._replace(transitions=transitions)
        states, smallest_scale = _scaled_recursion(numpy.stack([emissions, emissions[::-1]], 1), transitions)
        # shape: (S - 1, K, B); the states of positions 1, 2, ...
        self.backward = states[:-1, 1][::-1]
        # shape: (T, K, B)
        self.marginals = states[1:-1, 0] * _sum_over_next(transitions, self.backward)
        # shape: (T, 1, B)
        norm = self.marginals.sum(1, keepdims=True)
        # A number below `tiny` is lost. How much that matters depends on the scale it would have been divided by, and
        # on the weight that is left for all paths through its position.
        least = min(norm.min(initial=1.0), states[-1, 0, -1].min(initial=1.0))
        self.exact = bool(smallest_scale * least > numpy.finfo(float).tiny / TOLERANCE)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            self.marginals /= norm

    def onward(self, position: numpy.ndarray, sequence: numpy.ndarray, tag: numpy.ndarray) -> numpy.ndarray:
        """Returns P(next tag | this tag) for tags at positions of sequences, (n,) each: (n, K), 0 for a tag that is
        impossible there."""
        weights = self.lattice.transitions_from(position, sequence, tag) * self.backward[position + 1, :, sequence]
        return weights / numpy.maximum(weights.sum(1, keepdims=True), numpy.finfo(float).tiny)


def _sum_over_next(transitions: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    """Propagates `weights` (S - 1, K, B) of the tags at positions 1, 2, ... back to the tags before them, from position
    1 on: (T, K, B)."""
    if transitions.ndim == 2:
        return transitions @ weights[1:]
    return (transitions[1:] * weights[1:, None]).sum(2)


def _scaled_recursion(emissions: numpy.ndarray, transitions: numpy.ndarray) -> tuple[numpy.ndarray, float]:
    """Runs both recursions over `emissions` (S, 2, K, B), not in logs, reversed for the backward recursion.

    RETURNS: the states (S, 2, K, B), every NORMALIZE_EVERYth of which sums to 1, and the smallest sum there was."""
    states = numpy.empty_like(emissions)
    states[0] = emissions[0]  # the boundary has 1, the tags have 0
    smallest = 1.0
    shared = transitions.ndim == 2
    # shape: (2, K to, K from) for a matrix product, or (S - 1, 2, K from, K to, B)
    steps = (
        numpy.stack([transitions.T, transitions])
        if shared
        else numpy.stack([transitions, transitions[::-1].swapaxes(1, 2)], 1)
    )
    for position in range(1, len(emissions)):
        before, state = states[position - 1], states[position]
        if shared:
            numpy.matmul(steps, before, out=state)
        else:
            numpy.add.reduce(steps[position - 1] * before[:, :, None], axis=1, out=state)
        state *= emissions[position]
        if position % NORMALIZE_EVERY == 0:
            scale = state.sum(1, keepdims=True)
            smallest = min(smallest, scale.min(initial=1.0))
            with numpy.errstate(divide="ignore", invalid="ignore"):
                state /= scale
    return states, smallest


class LogForwardBackward:
    """Forward-backward in log scores, for lattices beyond the range of float64. Slower, but without limits.

    Has the attributes of `ScaledForwardBackward`, except `exact`."""

    def __init__(self, lattice: Lattice):
        self.lattice = lattice
        steps = lattice.steps()
        # shape: (S, 2, K, B)
        states = numpy.stack([lattice.emissions, lattice.emissions[::-1]], 1)
        sums = states.copy()  # the states without the emission of their own position
        for position in range(1, len(states)):
            step = numpy.stack([steps[position - 1], steps[-position].swapaxes(0, 1)])
            sums[position] = log_sum_exp(states[position - 1][:, :, None] + step, 1)
            states[position] += sums[position]
        # shape: (B,)
        log_partition = states[-1, 0, -1]
        check_path_exists(log_partition, lattice.lengths)
        # shape: (S - 1, K, B)
        self.log_backward = states[:-1, 1][::-1]
        # shape: (T, K, B)
        self.marginals = numpy.exp(states[1:-1, 0] + sums[1:, 1][::-1][1:] - log_partition)

    def onward(self, position: numpy.ndarray, sequence: numpy.ndarray, tag: numpy.ndarray) -> numpy.ndarray:
        """Returns what `ScaledForwardBackward.onward` returns."""
        row = self.lattice.transitions_from(position, sequence, tag)
        scores = row + self.log_backward[position + 1, :, sequence]
        weights = numpy.exp(scores - numpy.maximum(scores.max(1, keepdims=True), numpy.finfo(float).min))
        return weights / numpy.maximum(weights.sum(1, keepdims=True), numpy.finfo(float).tiny)


def log_partition(lattice: Lattice) -> numpy.ndarray:
    """Returns the log-sum-exp of the scores of all paths of each sequence, (B,)."""
    # shape: (K, B)
    states = lattice.emissions[0]
    for step, emission in zip(lattice.steps(), lattice.emissions[1:]):
        states = log_sum_exp(states[:, None] + step, 0) + emission
    return states[-1]


def log_sum_exp(scores: numpy.ndarray, axis: int) -> numpy.ndarray:
    """Returns the logarithm of the sum of exponentials along an axis; -inf where all scores are -inf."""
    highest = numpy.maximum(scores.max(axis, keepdims=True), numpy.finfo(float).min)
    with numpy.errstate(divide="ignore"):
        return numpy.log(numpy.exp(scores - highest).sum(axis)) + highest.squeeze(axis)


ForwardBackward = ScaledForwardBackward | LogForwardBackward


def forward_backward(lattice: Lattice) -> ForwardBackward:
    """Runs the scaled recursion where it is exact, else the one in log scores.

    Raises ValueError for a sequence without any path."""
    if len(lattice.lengths):  # an empty batch has no largest score
        scaled = ScaledForwardBackward(lattice)
        if scaled.exact:
            return scaled
    return LogForwardBackward(lattice)


class Pairs(NamedTuple):
    """Pairs of neighbouring tags with their probabilities, (n,) each.

    sequence. position: of the second tag, from 0 to the sequence's length. before, after: the tags; L, the boundary,
    before the first tag and after the last. probability."""

    sequence: numpy.ndarray
    position: numpy.ndarray
    before: numpy.ndarray
    after: numpy.ndarray
    probability: numpy.ndarray


def probable_pairs(lattice: Lattice, least: float) -> Pairs:
    """Returns the pairs of neighbouring tags that are at least so probable, sorted by sequence and position."""
    result = forward_backward(lattice)
    boundary = lattice.emissions.shape[1] - 1
    tags = result.marginals[:, :boundary]
    # Pairs behind the boundary
    sequence = numpy.flatnonzero(lattice.lengths > 0)
    first = tags[0, :, sequence] if len(sequence) else numpy.zeros((0, boundary))
    row, after = (first >= least).nonzero()
    rows = [(sequence[row], 0 * row, 0 * row + boundary, after, first[row, after])]
    position, before, sequence = (tags >= least).nonzero()
    joint = tags[position, before, sequence][:, None] * result.onward(position, sequence, before)
    row, after = (joint >= least).nonzero()
    rows.append((sequence[row], position[row] + 1, before[row], after, joint[row, after]))
    columns = [numpy.concatenate(column) for column in zip(*rows)]
    order = numpy.lexsort((columns[1], columns[0]))
    return Pairs(*(column[order] for column in columns))
