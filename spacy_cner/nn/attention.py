"""Attention over sequences of different lengths, and a way to see its weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


class AttentionWeights(NamedTuple):
    """weights: (B, heads, R, T), how much each of R rows looks at each of T characters; a row sums to 1.

    rows: what the rows are, e.g. names of classes; None if they are the characters themselves (R = T)."""

    weights: torch.Tensor
    rows: list[str] | None = None


_listening: list[list[AttentionWeights]] = []


@contextmanager
def attention_weights() -> Iterator[list[AttentionWeights]]:
    """While it is open, every attention that is computed adds its weights to the list, in the order of computation."""
    found: list[AttentionWeights] = []
    _listening.append(found)
    try:
        yield found
    finally:
        _listening[:] = [each for each in _listening if each is not found]


def is_watched() -> bool:
    """Whether anyone wants the weights: a module need not compute them otherwise."""
    return bool(_listening)


def show_weights(weights: torch.Tensor, rows: list[str] | None = None) -> None:
    """Called by a module that attends: gives its weights (B, heads, R, T) to whoever wants them."""
    for found in _listening:
        found.append(AttentionWeights(weights.detach(), rows))


def key_mask(lengths: torch.Tensor, size: int) -> torch.Tensor:
    """True where a position may be looked at: lengths (B,) to (B, size). An empty sequence has one such position, whose
    result has no meaning: a softmax over nothing would be NaN, and spread from there."""
    return torch.arange(size, device=lengths.device) < lengths.clamp(min=1)[:, None]


class SelfAttention(nn.Module):
    """Multi-head self-attention in which queries, keys and values are the same states (Cao et al. 2018, section 3.3,
    eq. 6-8), scaled by the width of a head as in Vaswani et al. 2017. Padding gets a weight of exactly zero.

    zero_init: whether the output's weights begin at 0, and with them what is computed: for a residual around it, which
        then begins as if it were not there (as Goyal et al. 2017, section 5.1, begin a residual block)."""

    def __init__(self, width: int, heads: int = 8, zero_init: bool = False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads share, got {width}")
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        for weights in (*self.inputs.weight.chunk(3), self.output.weight):
            nn.init.xavier_uniform_(weights)
        if zero_init:
            nn.init.zeros_(self.output.weight)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width), lengths (B,). RETURNS (B, T, width); what stands at padding has no meaning."""
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
        else:  # never holds the weights of a long document
            mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        return self.output(mixed.transpose(1, 2).flatten(2))


def softmax_weights(queries: torch.Tensor, keys: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What `scaled_dot_product_attention` weighs the values with: (…, R, d) and (…, T, d) to (…, R, T)."""
    scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
    return scores.masked_fill(~mask, -torch.inf).softmax(-1)
