"""The negative log likelihood of tags, with an explicit gradient.

The gradient with respect to a score is how often a path is expected to use it, minus how often the given tags do
(Sutton and McCallum 2012, "An introduction to conditional random fields", section 5.1).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .forward_backward import forward_backward
from .lattice import TensorLattice, build_lattice


class KnownPath:
    """The results of `Expectations` for a single known path: `path` (S, B), all tags of each sequence."""

    def __init__(self, lattice: TensorLattice, path: Tensor):
        self.lattice, self.path = lattice, path.unsqueeze(2)
        before, after = path[:-1], path[1:]
        # Index into the flattened table of transitions; shape: (S - 1, B)
        self.steps = before * lattice.emissions.shape[2] + after
        if lattice.shared:
            transitions = lattice.transitions.flatten().index_select(0, self.steps.flatten()).view_as(self.steps)
        else:
            transitions = lattice.transitions.flatten(2).gather(2, self.steps.unsqueeze(2)).squeeze(2)
        emissions = lattice.emissions.gather(2, self.path).squeeze(2)
        self.log_partition = emissions.sum(0) + transitions.sum(0)

    @property
    def marginals(self) -> Tensor:
        """1 for each tag of the path, 0 for all others, (S - 1, B, K)."""
        return torch.zeros_like(self.lattice.emissions[:-1]).scatter_(2, self.path[:-1], 1.0)

    def expected_transitions(self, weights: Tensor) -> Tensor:
        """Returns the number of uses of each transition, times the sequence's weight (B,), in the transitions'
        shape."""
        counts = torch.zeros_like(self.lattice.transitions)
        weights = weights.expand_as(self.steps)
        if self.lattice.shared:
            counts.view(-1).index_add_(0, self.steps.flatten(), weights.flatten())
        else:
            counts.flatten(2).scatter_(2, self.steps.unsqueeze(2), weights.unsqueeze(2))
        return counts


class NegativeLogLikelihood(torch.autograd.Function):
    """Computes log Z minus log Z of the paths through the known tags, (B,), in the lattice's float type."""

    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        transitions: Tensor,
        positional: Tensor | None,
        lengths: Tensor,
        path: Tensor,
        continuing: Tensor,
    ) -> Tensor:
        """Returns the loss (B,). `path` (B, S) has the boundary's index L before and after the tags, -1 where a tag is
        unknown, and -2 where all that is known is that it is not `continuing`, bool (K,). The other arguments are as in
        `build_lattice`."""
        lattice, path = build_lattice(emissions, transitions, positional, lengths), path.mT
        ctx.free = forward_backward(lattice)
        if (path >= 0).all():
            ctx.gold = KnownPath(lattice, path)
        else:
            tags = torch.arange(lattice.emissions.shape[2], device=path.device)
            path = path.unsqueeze(2)
            # shape: (S, B, K)
            excluded = (path != tags) & (path >= 0) | (path == -2) & continuing
            lattice = lattice._replace(emissions=lattice.emissions.masked_fill(excluded, -torch.inf))
            ctx.gold = forward_backward(lattice, "the constraints and the known tags")
        ctx.dtypes = emissions.dtype, transitions.dtype, None if positional is None else positional.dtype
        return ctx.free.log_partition - ctx.gold.log_partition

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Returns the gradients of emissions, transitions and positional transitions."""
        with torch.autocast(gradient.device.type, enabled=False):
            # shape: (S - 1, B, K)
            emissions = (ctx.free.marginals - ctx.gold.marginals) * gradient.unsqueeze(1)
            # shape: (K, K) or (S - 1, B, K, K)
            transitions = ctx.free.expected_transitions(gradient) - ctx.gold.expected_transitions(gradient)
        positional = None
        if transitions.dim() == 4:
            # shape: (B, T - 1, L, L)
            positional = transitions[1:-1, :, :-1, :-1].transpose(0, 1).to(ctx.dtypes[2])
            # shape: (K, K)
            transitions = transitions.sum((0, 1))
        # shape: (B, T, L)
        emissions = emissions[1:, :, :-1].transpose(0, 1).to(ctx.dtypes[0])
        return emissions, transitions.to(ctx.dtypes[1]), positional, None, None, None


class LogPartition(torch.autograd.Function):
    """Computes log Z, (B,), in the lattice's float type; its gradient is how often each score is expected."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, lengths: Tensor) -> Tensor:
        """Returns log Z (B,). The arguments are as in `build_lattice`."""
        ctx.free = forward_backward(build_lattice(emissions, transitions, None, lengths))
        ctx.dtypes = emissions.dtype, transitions.dtype
        return ctx.free.log_partition

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Returns the gradients of emissions and transitions."""
        with torch.autocast(gradient.device.type, enabled=False):
            emissions = ctx.free.marginals * gradient.unsqueeze(1)
            transitions = ctx.free.expected_transitions(gradient)
        # shape: (B, T, L)
        emissions = emissions[1:, :, :-1].transpose(0, 1).to(ctx.dtypes[0])
        return emissions, transitions.to(ctx.dtypes[1]), None
