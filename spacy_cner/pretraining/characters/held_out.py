"""How well a model predicts what it has not learned from."""

import math
from typing import Any

import numpy
import torch

from .masking import mask_spans
from .model import CharacterModel
from .rows import to_device, unpack_rows

SHARE, BATCH = 0.18, 64


def held_out_figures(model: CharacterModel, texts: dict[str, numpy.ndarray], vocabulary: int) -> dict[str, Any]:
    """Returns the mean loss of the texts and its perplexity, and `held_out`, the perplexity of each text. Empty if
    there are no texts.

    texts: rows by the names of their texts. The masks are the same each time. vocabulary: its size."""
    losses = {name: _loss(model, rows, vocabulary) for name, rows in texts.items()}
    if not losses:
        return {}
    mean = sum(losses.values()) / len(losses)
    perplexities = {name: round(math.exp(loss), 2) for name, loss in losses.items()}
    return {"held_out_loss": mean, "held_out_perplexity": math.exp(mean), "held_out": perplexities}


@torch.no_grad()
def _loss(model: CharacterModel, rows: numpy.ndarray, vocabulary: int) -> float:
    device = model.bias.device
    generator = torch.Generator(device).manual_seed(0)
    total = 0.0
    for part in to_device(rows, device).split(BATCH):
        ids, _ = unpack_rows(part)
        total += model(*mask_spans(ids, SHARE, vocabulary, generator)).item() * len(part)
    return total / len(rows)
