"""The forward-backward algorithm over a lattice.

`forward_backward` uses the scaled recursion (Rabiner 1989, "A tutorial on hidden Markov models", section V.A): products
of probabilities, normalised every few steps. It is exact as long as nothing that matters falls below the float type's
smallest number. That is checked afterwards; if something did, the recursion runs again with log scores.

Both recursions run in one loop: over the emissions in order, and over the reversed emissions with the transposed
transitions. For that, the backward variable includes the emission of its own position.
Shapes as in `lattice`: S positions, B sequences, K tags.
"""

import math

import torch
from torch import Tensor

from .checks import check_path_exists
from .lattice import TensorLattice

# The largest share of the partition function that the underflow of one number may take away.
TOLERANCE = 1e-12
# Normalising takes as long as the step itself, and float64 has room for more steps than these.
NORMALIZE_EVERY = 4


class ScaledExpectations:
    """Forward-backward by the scaled recursion.

    log_partition: (B,). marginals: (S - 1, B, K), the probability of each tag at all positions but the last, which is
    in the boundary. exact: whether the float type was wide enough."""

    def __init__(self, lattice: TensorLattice):
        # The largest scores, which are subtracted from all; shape: ()
        emission, transition = lattice.emissions.max(), lattice.transitions.max()
        # shape: (S, B, K)
        emissions = _exp(lattice.emissions - emission)
        # shape: (K, K) or (S - 1, B, K, K)
        self.transitions = _exp(lattice.transitions - transition)
        # Being in the boundary, and staying there, still scores 0.
        emissions[..., -1] = lattice.emissions[..., -1] == 0.0
        self.transitions[..., -1, -1] = 1.0
        # shape: (S, 2, B, K) and (number of scales, 2, B)
        states, scales = _scaled_recursion(torch.stack([emissions, emissions.flip(0)], 1), self.transitions)
        # shape: (S - 1, B, K); the states of positions 0, 1, ... and of positions 1, 2, ...
        self.forward, self.backward = states[:-1, 0], states[:-1, 1].flip(0)
        self.marginals = self.forward * _sum_over_next(self.transitions, self.backward)
        # shape: (S - 1, B, 1)
        self.norm = self.marginals.sum(2, keepdim=True)
        self.marginals /= self.norm
        # shape: (B,)
        self.log_partition = scales[:, 0].log().sum(0) + states[-1, 0, :, -1].log()
        self.log_partition += emission * lattice.lengths + transition * (lattice.lengths + (lattice.lengths > 0))
        # A number below `tiny` is lost. How much that matters depends on the scale it would have been divided by, and
        # on the weight that is left for all paths through its position.
        self.exact = bool(scales.amin() * self.norm.amin() > torch.finfo(emissions.dtype).tiny / TOLERANCE)

    def expected_transitions(self, weights: Tensor) -> Tensor:
        """Returns the expected number of uses of each transition, times the sequence's weight (B,). The shape is that
        of the transitions."""
        # shape: (S - 1, B, K)
        forward = self.forward * (weights.unsqueeze(1) / self.norm)
        if self.transitions.dim() == 2:
            return (forward.flatten(0, 1).mT @ self.backward.flatten(0, 1)).mul_(self.transitions)
        return (forward.unsqueeze(3) * self.backward.unsqueeze(2)).mul_(self.transitions)


def _exp(scores: Tensor) -> Tensor:
    """Exponentiates in place. On a CPU, torch's `exp` is ten times slower where the result is 0; `exp2` is not."""
    return scores.mul_(math.log2(math.e)).exp2_()


def _sum_over_next(transitions: Tensor, weights: Tensor) -> Tensor:
    """Propagates `weights` (S - 1, B, K) of the tags at positions 1, 2, ... back to the tags before them."""
    if transitions.dim() == 2:
        return weights @ transitions.mT
    return (transitions @ weights.unsqueeze(3)).squeeze(3)


def _scaled_recursion(emissions: Tensor, transitions: Tensor) -> tuple[Tensor, Tensor]:
    """Runs both recursions over `emissions` (S, 2, B, K), not in logs, reversed for the backward recursion.

    RETURNS: the states (S, 2, B, K), and the divisors that make every NORMALIZE_EVERYth of them sum to 1, (S //
    NORMALIZE_EVERY + 1, 2, B)."""
    positions, _, batch, tags = emissions.shape
    if transitions.dim() == 2:
        # One matrix product for each direction
        steps = [torch.stack([transitions, transitions.mT])] * (positions - 1)
        shape = 2, batch, tags
    else:
        # One for each direction and sequence
        steps = list(torch.cat([transitions, transitions.flip(0).mT], 1))
        shape = 2 * batch, 1, tags
    result = torch.empty_like(emissions)
    result[0] = emissions[0]  # the boundary has 1, the tags have 0
    scales = emissions.new_ones(positions // NORMALIZE_EVERY + 1, *shape[:2], 1)
    # The same memory, in the shape of the matrix products
    states, emissions = result.view(positions, *shape).unbind(), emissions.view(positions, *shape)
    for position, (step, emission) in enumerate(zip(steps, emissions[1:], strict=True), start=1):
        state = states[position]
        torch.bmm(states[position - 1], step, out=state)
        state.mul_(emission)
        if position % NORMALIZE_EVERY == 0:
            scale = scales[position // NORMALIZE_EVERY]
            torch.sum(state, 2, keepdim=True, out=scale)
            state.div_(scale)
    return result, scales.view(len(scales), 2, batch)


class LogExpectations:
    """Forward-backward in log scores, for lattices beyond the range of the float type. Slower, but without limits.

    Has the attributes of `ScaledExpectations`, except `exact`."""

    def __init__(self, lattice: TensorLattice):
        self.lattice = lattice
        steps = lattice.steps().unbind()
        # shape: (S, 2, B, K)
        emissions = torch.stack([lattice.emissions, lattice.emissions.flip(0)], 1)
        states = emissions.clone()
        sums = emissions.clone()  # the states without the emission of their own position
        for position, (forward, backward) in enumerate(zip(steps, reversed(steps), strict=True), start=1):
            step = torch.stack([forward, backward.mT])
            sums[position] = torch.logsumexp(states[position - 1].unsqueeze(3) + step, 2)
            states[position] += sums[position]
        # shape: (B,)
        self.log_partition = states[-1, 0, :, -1]
        # shape: (S - 1, B, K)
        self.log_forward, self.log_backward = states[:-1, 0], states[:-1, 1].flip(0)
        self.marginals = (self.log_forward + sums[1:, 1].flip(0) - self.log_partition.unsqueeze(1)).exp()

    def expected_transitions(self, weights: Tensor) -> Tensor:
        """Returns what `ScaledExpectations.expected_transitions` returns."""
        counts = torch.zeros_like(self.lattice.transitions)
        for position, step in enumerate(self.lattice.steps()):
            forward, backward = self.log_forward[position].unsqueeze(2), self.log_backward[position].unsqueeze(1)
            # shape: (B, K, K)
            pairs = (forward + step + backward - self.log_partition[:, None, None]).exp() * weights[:, None, None]
            if self.lattice.shared:
                counts += pairs.sum(0)
            else:
                counts[position] = pairs
        return counts


Expectations = ScaledExpectations | LogExpectations


def forward_backward(lattice: TensorLattice, limits: str = "the constraints") -> Expectations:
    """Runs the scaled recursion where it is exact, else the one in log scores.

    Raises ValueError for a sequence without any path; `limits` says in its message what leaves none."""
    if len(lattice.lengths):  # an empty batch has no largest score
        scaled = ScaledExpectations(lattice)
        if scaled.exact:
            return scaled
    result = LogExpectations(lattice)
    check_path_exists(result.log_partition, lattice.lengths, limits)
    return result
