"""The tag lattice of a batch: the scores of all its paths, with the boundary of a sequence as one more tag.

A sequence of n tags is the path: boundary, tag 1, ..., tag n, boundary, boundary, ..., of one length for all sequences
of the batch. Start scores are then transitions out of the boundary, and end scores are transitions into it. Padding is
a stay in the boundary that scores 0. So no recursion needs a mask, and padding cannot influence a result.

Shapes: the input has B sequences, T positions and L tags. The lattice has S = T + 2 positions and K = L + 1 tags. Its
position p is position p - 1 of the input, and its last tag is the boundary.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class TensorLattice(NamedTuple):
    """Log scores in the widest float type of the device, -inf where a tag or transition is impossible.

    emissions: (S, B, K). transitions: [from, to] (K, K), or (S - 1, B, K, K) for each position but the last. lengths:
    (B,), of the input."""

    emissions: Tensor
    transitions: Tensor
    lengths: Tensor

    @property
    def shared(self) -> bool:
        """Whether all positions have the same transitions."""
        return self.transitions.dim() == 2

    def steps(self) -> Tensor:
        """Returns the transitions out of each position but the last, (S - 1, 1 or B, K, K)."""
        if not self.shared:
            return self.transitions
        return self.transitions.expand(len(self.emissions) - 1, 1, -1, -1)


def wide_dtype(device: torch.device) -> torch.dtype:
    """Returns the widest float type of the device: float64, except on Apple's GPUs, which lack it."""
    return torch.float32 if device.type == "mps" else torch.float64


def build_lattice(emissions: Tensor, transitions: Tensor, positional: Tensor | None, lengths: Tensor) -> TensorLattice:
    """Builds the lattice of `emissions` (B, T, L), `transitions` (K, K) and `lengths` (B,).

    positional: (B, T - 1, L, L), added to the transitions between its position and the next.
    Scores beyond a sequence's length are ignored."""
    batch, length, tags = emissions.shape
    wide = wide_dtype(emissions.device)
    transitions = transitions.to(wide)
    # shape: (S, 1)
    position = torch.arange(-1, length + 1, device=emissions.device).unsqueeze(1)
    # shape: (S, B)
    outside = (position < 0) | (position >= lengths)
    # shape: (S, B, K)
    scores = emissions.new_empty(length + 2, batch, tags + 1, dtype=wide)
    scores[1:-1, :, :tags] = emissions.transpose(0, 1)
    scores[..., :tags].masked_fill_(outside.unsqueeze(2), -torch.inf)
    scores[..., tags] = torch.where(outside, 0.0, -torch.inf)
    if positional is not None:
        # shape: (S - 1, B, K, K)
        transitions = transitions.repeat(length + 1, batch, 1, 1)
        # shape: (T - 1, B, L, L)
        added = positional.transpose(0, 1).masked_fill(outside[2:-1, :, None, None], 0.0)
        transitions[1:-1, :, :tags, :tags] += added
    return TensorLattice(scores, transitions, lengths)
