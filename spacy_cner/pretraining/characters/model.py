"""What is trained: embeddings, a Transformer, and a head that predicts masked characters."""

from typing import Any, cast

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from ...errors import InputError
from ...nn.transformer import NORM_EPS, Transformer
from .rows import LENGTH
from .tokens import CLS, SEP

HEAD_WIDTH = 64
# Matrices whose sides are multiples of this fill a GPU's units.
UNIT = 64
EMBEDDING_DEVIATION = 0.02


class CharacterModel(nn.Module):
    """The encoder of `spacy_cner.Transformer.v1` with an embedding of `vocabulary` characters, a dense layer and an
    output that shares the embedding's weights, as ModernBertForMaskedLM of transformers has them.

    vocabulary: number of rows, a multiple of UNIT. dtype: in which the layers compute; weights are float32.
    borders: the factor of a second loss, that of predicting where words begin. 0 leaves its output away.
    Raises InputError for a width that is no multiple of HEAD_WIDTH."""

    def __init__(
        self, vocabulary: int, width: int, layers: int, dtype: torch.dtype = torch.float32, borders: float = 0.0
    ):
        super().__init__()
        if width < 1 or width % HEAD_WIDTH:
            raise InputError(f"expected a width that is a multiple of {HEAD_WIDTH}, got {width}")
        if layers < 1:
            raise InputError(f"expected at least 1 layer, got {layers}")
        self.embedding = nn.Embedding(vocabulary, width)
        self.encoder = _WholeRows(Transformer(width, layers, width // HEAD_WIDTH, dropout=0.0))
        dense, norm = nn.Linear(width, width), nn.LayerNorm(width, eps=NORM_EPS, bias=False)
        self.head = nn.Sequential(dense, nn.GELU(), norm)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.border = nn.Linear(width, 1) if borders else None
        self.dtype, self.border_factor = dtype, borders
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_DEVIATION)
        nn.init.normal_(dense.weight, std=0.7 / width**0.5)
        nn.init.zeros_(dense.bias)

    @property
    def transformer(self) -> Transformer:
        """The layers between embedding and head. Its `begin` and `end` are the rows of CLS and SEP."""
        transformer = self.encoder.transformer
        with torch.no_grad():
            transformer.begin.copy_(self.embedding.weight[CLS])
            transformer.end.copy_(self.embedding.weight[SEP])
        return transformer

    def forward(
        self, seen: torch.Tensor, places: torch.Tensor, gold: torch.Tensor, begins: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Returns the mean loss of masked characters, a scalar. Other arguments are those of `Masked`.

        begins: bool (B, T), where words begin. If they are given and the model predicts them, their loss is added, the
        mean over all characters."""
        states = self._states(seen)
        loss = F.cross_entropy(self._scores(states, places).float(), gold.flatten())
        if self.border is None or begins is None:
            return loss
        borders = self._in_dtype(self.border, states).squeeze(2).float()
        return loss + self.border_factor * F.binary_cross_entropy_with_logits(borders, begins.float())

    def predict(self, seen: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Returns scores of all characters at places (B, K) of rows (B, T): (B * K, vocabulary)."""
        return self._scores(self._states(seen), places)

    def _states(self, seen: torch.Tensor) -> torch.Tensor:
        # The lookup stays in float32: its gradient is a sum over all places of a character.
        return cast(torch.Tensor, self._in_dtype(self.encoder, self.embedding(seen).to(self.dtype)))

    def _scores(self, states: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        chosen = states.gather(1, places[..., None].expand(-1, -1, states.shape[2])).flatten(0, 1)
        hidden = self._in_dtype(self.head, chosen)
        return F.linear(hidden, self.embedding.weight.to(self.dtype), self.bias.to(self.dtype))

    def _in_dtype(self, part: nn.Module, inputs: torch.Tensor) -> Any:
        if self.dtype == torch.float32:
            return part(inputs)
        weights = {name: value.to(self.dtype) for name, value in part.named_parameters()}
        return functional_call(part, weights, (inputs,))

    def matrices(self) -> list[nn.Parameter]:
        """Returns the layers' matrices, which `Muon` trains."""
        return [weights for weights in self.encoder.parameters() if weights.dim() > 1]

    def others(self) -> list[nn.Parameter]:
        """Returns all other weights that are trained."""
        known = {id(weights) for weights in self.matrices()}
        return [weights for weights in self.parameters() if weights.requires_grad and id(weights) not in known]

    def operations(self, masked: float) -> float:
        """Returns the floating-point operations that one token of a row takes in training, forward and backward.

        masked: share of the tokens that are predicted."""
        rows, width = self.embedding.weight.shape
        inside = sum(weights.numel() for weights in self.matrices())
        attention = 2 * len(self.encoder.transformer.layers) * width * LENGTH
        return 6 * (inside + attention + masked * (width * width + width * rows))


class _WholeRows(nn.Module):
    """The Transformer over rows that hold their own CLS."""

    def __init__(self, transformer: Transformer):
        super().__init__()
        self.transformer = transformer
        transformer.begin.requires_grad_(False)
        transformer.end.requires_grad_(False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.transformer.encode(rows)


def padded_vocabulary(size: int) -> int:
    """Returns the number of embedding rows for a vocabulary of this size."""
    return size + -size % UNIT
