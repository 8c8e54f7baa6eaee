"""Features of characters from the network that comes with jieba."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import torch
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d
from torch import nn

from ..nn.recurrent import FrozenBiGRU
from ..text.chars import codepoints_of
from .dropout import check_dropout
from .frozen import apply_dropout, no_gradient
from .gram_table import GramTable
from .jieba_files import jieba_folder, read_dictionary, read_variable
from .known_features import KnownFeatures
from .torch_layers import SizedShim, mixed, predict_sequences, sized_shim

# Sizes and names from jieba's lac_small/nets.py
EMBEDDED = 128
WIDTH = 256
DEPTH = 2
OOV_ENTRY = "OOV"


@registry.architectures("spacy_cner.JiebaNetwork.v1")
def build_jieba_network(dropout: float = 0.0) -> Model[list[Doc], list[Floats2d]]:
    """The states of the network that comes with jieba for its paddle mode, without PaddlePaddle.

    The network is LAC (Jiao, Sun and Sun 2018, "Chinese Lexical Analysis with Deep Bi-GRU-CRF Network", section 2), two
    bidirectional GRUs over character embeddings. Baidu trained it on web text to find words, parts of speech, persons,
    places, organisations and times. Its weights are frozen. Its files (the extra `words`) are read at initialisation
    only: a saved pipeline holds the weights, and needs no jieba.

    dropout: share of the features that training drops, as in `FrozenTok2Vec`.
    Docs must have one character per token. RETURNS: Model[List[Doc], List[Floats2d]], rows of 256."""
    check_dropout(dropout)
    return Model(
        "jieba_network",
        partial(_forward, dropout=dropout, known=KnownFeatures()),
        init=_init,
        dims={"nO": WIDTH},
        attrs={"table": GramTable(1, [], 0), "frozen": True},
        shims=[SizedShim(partial(mixed, _Network, "float32"))],
    )


class _Network(nn.Module):
    """LAC without its output layer. Row 0 of the embedding is for all unknown characters."""

    embedding: torch.Tensor

    def __init__(self, n_characters: int):
        super().__init__()
        self.register_buffer("embedding", torch.zeros(n_characters, EMBEDDED, dtype=torch.float16))
        self.layers = nn.ModuleList(FrozenBiGRU(WIDTH if i else EMBEDDED, WIDTH) for i in range(DEPTH))

    def forward(self, rows: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps rows (B, T) and lengths (B,) to (B, T, WIDTH)."""
        states = self.embedding[rows].float()
        for layer in self.layers:
            states = layer(states, lengths)
        return states


def _init(model: Any, X: Any = None, Y: Any = None) -> None:
    shim = sized_shim(model)
    if shim.is_built:
        return
    folder = jieba_folder()
    entries = read_dictionary(folder)
    known = [entry for entry in entries if len(entry) == 1]
    model.attrs["table"] = GramTable(1, known, 0)
    shim.build(n_characters=1 + len(known))
    network: Any = shim.require_built()
    _fill(network.inner, [entries[entry] for entry in [OOV_ENTRY, *known]], folder)


def _fill(network: Any, entries: list[int], folder: Path) -> None:
    """Copies the weights from the files. `entries`: the number in the files of each row of the embedding."""

    def read(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(read_variable(folder, name, *shape))

    with torch.no_grad():
        network.embedding.copy_(read("word_emb", -1, EMBEDDED)[entries])
        for depth, layer in enumerate(network.layers):
            width = layer.width
            for direction in range(2):
                number = 2 * depth + direction
                layer.input_weights[direction] = read(f"fc_{number}.w_0", -1, 3 * width)
                layer.biases[direction] = read(f"fc_{number}.b_0", 3 * width) + read(f"gru_{number}.b_0", 3 * width)
                # Two concatenated matrices, though the file describes one of (width, 3 * width).
                recurrent = read(f"gru_{number}.w_0", 3 * width * width)
                gates, candidates = recurrent.split([2 * width * width, width * width])
                layer.gate_weights[direction] = gates.view(width, 2 * width)
                layer.candidate_weights[direction] = candidates.view(width, width)


def _forward(
    model: Any, docs: list[Doc], is_train: bool, *, dropout: float, known: KnownFeatures
) -> tuple[list[Floats2d], Callable]:
    features = known(model, docs, is_train, partial(_features, model))
    return apply_dropout(model.ops, features, dropout) if is_train else features, no_gradient


def _features(model: Any, docs: list[Doc]) -> list[Floats2d]:
    rows = model.attrs["table"].rows_of(codepoints_of(docs))
    ends = numpy.cumsum([len(doc) for doc in docs], dtype="int64")
    return predict_sequences(model, numpy.split(rows, ends)[: len(docs)])
