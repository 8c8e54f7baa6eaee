"""Layers of BERT (Devlin et al. 2019), for what is stacked on an encoder."""

import torch
from torch import nn
from torch.nn import functional

from .attention import key_mask, show_weights, softmax_weights

INITIAL_STD = 0.02  # `initializer_range` of BERT's published configurations


class BertOutput(nn.Module):
    """What follows attention in a layer of BERT: self-output, intermediate and output layer, with two residuals.

    attended: width of what attention returns. width: of the layer's input and output. inner: of the intermediate
    layer."""

    def __init__(self, attended: int, width: int, inner: int, dropout: float):
        super().__init__()
        self.self_output, self.self_norm = nn.Linear(attended, width), nn.LayerNorm(width, eps=1e-12)
        self.intermediate = nn.Linear(width, inner)
        self.output, self.norm = nn.Linear(inner, width), nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, attended: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """attended (B, T, attended), inputs (B, T, width): what attention looked at. RETURNS (B, T, width)."""
        hidden = self.self_norm(inputs + self.dropout(self.self_output(attended)))
        inner = functional.gelu(self.intermediate(hidden))
        return self.norm(hidden + self.dropout(self.output(inner)))


class BertLayer(nn.Module):
    """One whole layer of BERT; on top of a BERT of 12 layers, the 13th."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float):
        super().__init__()
        self.heads = checked_heads(width, heads)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.rest = BertOutput(width, width, inner, dropout)
        self.dropout = nn.Dropout(dropout)
        self.apply(initialize_as_bert)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width), lengths (B,). RETURNS (B, T, width); what stands at padding has no meaning."""
        query, key, value = (split_heads(layer(padded), self.heads) for layer in (self.query, self.key, self.value))
        # shape: (B, heads, T, T)
        weights = softmax_weights(query, key, key_mask(lengths, padded.shape[1])[:, None, None])
        show_weights(weights)
        # shape: (B, T, heads, width / heads)
        attended = (self.dropout(weights) @ value).transpose(1, 2)
        return self.rest(attended.flatten(2), padded)


def split_heads(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """(B, T, width) to (B, heads, T, width / heads)."""
    return rows.unflatten(-1, (heads, -1)).transpose(1, 2)


def checked_heads(width: int, heads: int) -> int:
    if heads < 1 or width % heads:
        raise ValueError(f"expected a number of heads that share the width {width}, got {heads}")
    return heads


def initialize_as_bert(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=INITIAL_STD)
        nn.init.zeros_(module.bias)
