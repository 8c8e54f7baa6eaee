"""Layers of BERT (Devlin et al. 2019) that are stacked on an encoder."""

import torch
from torch import nn
from torch.nn import functional

from ..errors import InputError
from .attention import key_mask, show_weights, softmax_weights

INITIAL_STD = 0.02  # `initializer_range` of BERT's published configurations


class BertOutput(nn.Module):
    """The part of a BERT layer after attention: self-output, intermediate and output layer, with two residuals.

    attended: width of the attention's result. width: width of the layer's input and output. inner: width of the
    intermediate layer."""

    def __init__(self, attended: int, width: int, inner: int, dropout: float):
        super().__init__()
        self.self_output, self.self_norm = nn.Linear(attended, width), nn.LayerNorm(width, eps=1e-12)
        self.intermediate = nn.Linear(width, inner)
        self.output, self.norm = nn.Linear(inner, width), nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, attended: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """Maps attended (B, T, attended) and inputs (B, T, width), the attention's own input, to (B, T, width)."""
        hidden = self.self_norm(inputs + self.dropout(self.self_output(attended)))
        inner = functional.gelu(self.intermediate(hidden))
        return self.norm(hidden + self.dropout(self.output(inner)))


class BertLayer(nn.Module):
    """One complete layer of BERT; on top of a BERT of 12 layers, it is the 13th."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float):
        super().__init__()
        self.heads = checked_heads(width, heads)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.rest = BertOutput(width, width, inner, dropout)
        self.dropout = nn.Dropout(dropout)
        self.apply(initialize_as_bert)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width) and lengths (B,) to (B, T, width); values at padding have no meaning."""
        query, key, value = (split_heads(layer(padded), self.heads) for layer in (self.query, self.key, self.value))
        # shape: (B, heads, T, T)
        weights = softmax_weights(query, key, key_mask(lengths, padded.shape[1])[:, None, None])
        show_weights(weights)
        # shape: (B, T, heads, width / heads)
        attended = (self.dropout(weights) @ value).transpose(1, 2)
        return self.rest(attended.flatten(2), padded)


def split_heads(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """Splits rows (B, T, width) into heads (B, heads, T, width / heads)."""
    return rows.unflatten(-1, (heads, -1)).transpose(1, 2)


def checked_heads(width: int, heads: int) -> int:
    """Returns the number of heads. Raises InputError if it does not divide the width."""
    if heads < 1 or width % heads:
        raise InputError(f"expected a number of heads that share the width {width}, got {heads}")
    return heads


def initialize_as_bert(module: nn.Module) -> None:
    """Initializes a linear layer as BERT does; leaves other modules as they are."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=INITIAL_STD)
        nn.init.zeros_(module.bias)
