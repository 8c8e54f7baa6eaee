"""A Transformer encoder: pre-normalised, with rotary positions and gated layers."""

import torch
from torch import nn
from torch.nn import functional as F

from ..errors import InputError
from .attention import is_watched, show_weights, softmax_weights

ROTARY_BASE = 10000.0
NORM_EPS = 1e-5


class Transformer(nn.Module):
    """The layers of ModernBERT (Warner et al. 2024, section 2.1), all of them with global attention: no biases, layer
    norm before each part, rotary position embeddings (Su et al. 2021, eq. 34) and feed-forward layers with gates
    (Shazeer 2020, eq. 6). `spacy_cner.pretraining` writes it as a ModernBertModel of transformers.

    width: of the states. layers: their number. heads: of attention, each of an even width. dropout: share of what each
        part adds that training drops. Raises InputError for heads that do not share the width."""

    def __init__(self, width: int, layers: int, heads: int, dropout: float = 0.1):
        super().__init__()
        if width % (2 * heads):
            raise InputError(f"expected a width that {heads} heads of an even width share, got {width}")
        self.begin, self.end = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))
        self.norm, self.final_norm = _norm(width), _norm(width)
        self.layers = nn.ModuleList(Layer(width, layers, heads, dropout, first=i == 0) for i in range(layers))
        self.heads, self.dropout = heads, dropout

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps embeddings (B, T, width) and lengths (B,) to states (B, T, width); values at padding have no meaning.

        Learned vectors stand before and after each sequence, as [CLS] and [SEP] do."""
        size = padded.shape[1] + 2
        places = torch.arange(size, device=padded.device)
        x = F.pad(padded, (0, 0, 1, 1))
        x = torch.where((places == 0)[:, None], self.begin.to(x.dtype), x)
        x = torch.where((places == lengths[:, None] + 1)[:, :, None], self.end.to(x.dtype), x)
        return self.encode(x, (places < lengths[:, None] + 2)[:, None, None])[:, 1:-1]

    def encode(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """Maps embeddings (B, T, width) of whole rows, with what stands before and after them, to states (B, T, width).

        seen: bool (B, 1, 1, T), False at padding; None if there is none."""
        cos, sin = rotations(x.shape[1], x.shape[2] // self.heads, x.device)
        cos, sin = cos.to(x.dtype), sin.to(x.dtype)
        x = F.dropout(self.norm(x), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, cos, sin, seen)
        return self.final_norm(x)


class Layer(nn.Module):
    """Attention and a gated feed-forward layer, each added to what it reads."""

    def __init__(self, width: int, layers: int, heads: int, dropout: float, *, first: bool):
        super().__init__()
        # The first layer reads states that were normalised just before.
        self.attn_norm: nn.Module = nn.Identity() if first else _norm(width)
        self.mlp_norm = _norm(width)
        self.heads, self.dropout = heads, dropout
        inner = inner_width(width)
        self.query, self.key, self.value, self.mixed = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.gate = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)
        for part in (self.query, self.key, self.value, self.up, self.gate):
            nn.init.normal_(part.weight, std=0.7 / width**0.5)
        for part in (self.mixed, self.down):  # of which the sum over all layers keeps its size
            nn.init.normal_(part.weight, std=0.5 / (2 * layers * width) ** 0.5)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """Maps (B, T, width) to (B, T, width). cos, sin: (T, width / heads). seen: bool (B, 1, 1, T), or None."""
        attended = self._attend(self.attn_norm(x), cos, sin, seen)
        x = x + F.dropout(attended, self.dropout, self.training)
        y = self.mlp_norm(x)
        up, gate = product(y, self.up, self.gate).chunk(2, -1)
        return x + F.dropout(self.down(F.gelu(up) * gate), self.dropout, self.training)

    def _attend(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        states = product(x, self.query, self.key, self.value).unflatten(2, (3, self.heads, -1))
        # shape: each (B, heads, T, width / heads)
        queries, keys, values = states.permute(2, 0, 3, 1, 4).unbind(0)
        queries, keys = rotate(queries, cos, sin), rotate(keys, cos, sin)
        if is_watched() and seen is not None:
            weights = softmax_weights(queries, keys, seen)
            show_weights(weights)
            mixed = weights.to(values.dtype) @ values
        else:
            mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
        return self.mixed(mixed.transpose(1, 2).flatten(2))


def inner_width(width: int) -> int:
    """Returns the width inside the feed-forward layers: 8/3 of `width`, so that gates cost nothing, in units of 64."""
    return (width * 8 // 3 + 32) // 64 * 64


def turns(width: int, device: torch.device | None = None) -> torch.Tensor:
    """Returns the angles (width / 2,) by which the second position turns a head's states."""
    return ROTARY_BASE ** (-torch.arange(0, width, 2, device=device) / width)


def rotations(size: int, width: int, device: torch.device | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns cosines and sines (size, width) of the angles by which each position turns a head's states."""
    angles = torch.arange(size, device=device)[:, None] * turns(width, device)
    angles = torch.cat([angles, angles], 1)
    return angles.cos(), angles.sin()


def rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turns states (..., T, d) by the angles of their positions."""
    first, second = states.chunk(2, -1)
    return states * cos + torch.cat([-second, first], -1) * sin


def product(x: torch.Tensor, *layers: nn.Linear) -> torch.Tensor:
    """The results of several linear layers side by side, by one product."""
    return F.linear(x, torch.cat([layer.weight for layer in layers]))


def _norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=NORM_EPS, bias=False)
