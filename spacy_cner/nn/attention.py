"""Self-attention over padded sequences, and a context in which its weights are collected."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from ..errors import InputError


class AttentionWeights(NamedTuple):
    """Attention weights of one layer.

    weights: (B, heads, R, T), how much each of R rows attends to each of T characters; a row sums to 1.
    rows: names of the rows, e.g. of entity classes; None if they are the characters themselves (R = T)."""

    weights: torch.Tensor
    rows: list[str] | None = None


_listening: list[list[AttentionWeights]] = []


@contextmanager
def attention_weights() -> Iterator[list[AttentionWeights]]:
    """Collects the weights of every attention layer that runs inside this context, in the order of computation."""
    found: list[AttentionWeights] = []
    _listening.append(found)
    try:
        yield found
    finally:
        _listening[:] = [each for each in _listening if each is not found]


def is_watched() -> bool:
    """Returns whether an `attention_weights` context is open; if none is, a module need not compute the weights."""
    return bool(_listening)


def show_weights(weights: torch.Tensor, rows: list[str] | None = None) -> None:
    """Adds weights (B, heads, R, T) to every open `attention_weights` context; called by attention modules."""
    for found in _listening:
        found.append(AttentionWeights(weights.detach(), rows))


def key_mask(lengths: torch.Tensor, size: int) -> torch.Tensor:
    """Returns which positions may be attended to: lengths (B,) to bool (B, size).

    An empty sequence keeps one position, whose result has no meaning. A softmax over nothing would be NaN, which would
    spread to other values."""
    return torch.arange(size, device=lengths.device) < lengths.clamp(min=1)[:, None]


class SelfAttention(nn.Module):
    """Multi-head self-attention (Cao et al. 2018, section 3.3, eq. 6-8), scaled by the width of a head as in Vaswani et
    al. 2017. Padding gets a weight of exactly zero.

    zero_init: whether the output weights start at 0. Inside a residual connection the layer then starts as the identity
        (Goyal et al. 2017, section 5.1). Raises InputError if the heads do not divide the width."""

    def __init__(self, width: int, heads: int = 8, zero_init: bool = False):
        super().__init__()
        if width % heads:
            raise InputError(f"expected a width that {heads} heads share, got {width}")
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        for weights in (*self.inputs.weight.chunk(3), self.output.weight):
            nn.init.xavier_uniform_(weights)
        if zero_init:
            nn.init.zeros_(self.output.weight)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width) and lengths (B,) to (B, T, width); values at padding have no meaning."""
        # shape: each (B, heads, T, width / heads)
        queries, keys, values = (
            states.unflatten(2, (self.heads, -1)).transpose(1, 2) for states in self.inputs(padded).chunk(3, dim=2)
        )
        # shape: (B, 1, 1, T)
        mask = key_mask(lengths, padded.shape[1])[:, None, None]
        if self.training or is_watched():
            # In training with bfloat16, torch's fused attention takes three times as long on a CPU.
            weights = softmax_weights(queries, keys, mask)
            show_weights(weights)
            mixed = weights.to(values.dtype) @ values
        else:  # never holds all weights of a long document in memory
            mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        return self.output(mixed.transpose(1, 2).flatten(2))


def softmax_weights(queries: torch.Tensor, keys: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Returns the weights of scaled dot-product attention: queries (…, R, d) and keys (…, T, d) to (…, R, T)."""
    scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
    return scores.masked_fill(~mask, -torch.inf).softmax(-1)
