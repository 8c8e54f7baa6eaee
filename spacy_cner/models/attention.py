"""Layers of attention on top of an encoder, Model[List[Floats2d], List[Floats2d]], as wide as their input."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import torch
from spacy import registry
from thinc.api import Model, chain
from thinc.types import Floats2d
from torch import nn

from ..errors import InputError
from ..nn.bert_layers import BertLayer
from ..nn.classification_attention import ClassificationAttention
from ..nn.precision import Precision
from .dropout import sequence_dropout
from .torch_layers import init_sizes, sequence_layer, sized_shim

CLASSIFICATION_ATTENTION = "classification_attention"


@registry.architectures("spacy_cner.ClassificationAttention.v1")
def build_classification_attention(
    heads: int = 0, alpha: float = 0.5, inner: int = 0, dropout: float = 0.1, precision: Precision = "float32"
) -> Model[list[Floats2d], list[Floats2d]]:
    """Attention of the sentence over entity classes, see `spacy_cner.nn.classification_attention`. The class embeddings
    are computed from the training set when a `cner` component is initialised.

    heads: they share the width of the input; 0 for heads of 64, as in BERT, or somewhat more.
    alpha: how much of the first singular direction is removed from the embeddings of entities, 0 to 1 (section 3.2).
        The paper gives no values, but takes a larger one for Weibo and OntoNotes, a smaller one for Resume and MSRA.
    inner: width of the intermediate layer; 0 for four times that of the input, as in BERT.
    dropout: inside of this layer; `training.dropout` is that of its output."""
    if not 0 <= alpha <= 1:
        raise InputError(f"expected an alpha from 0 to 1, got {alpha}")
    build = partial(_classification_attention, heads=heads, inner=inner, dropout=dropout)
    model = _same_width(CLASSIFICATION_ATTENTION, build, precision)
    model.layers[0].attrs.update({"alpha": alpha, "counts": {}})
    return model


@registry.architectures("spacy_cner.BertLayer.v1")
def build_bert_layer(
    heads: int = 0, inner: int = 0, dropout: float = 0.1, precision: Precision = "float32"
) -> Model[list[Floats2d], list[Floats2d]]:
    """A layer like those of BERT: self-attention, intermediate and output layer. On top of BERT it is "BERT with 13
    hidden layers", what the classification attention is compared with. The settings are the same."""
    return _same_width("bert_layer", partial(_bert_layer, heads=heads, inner=inner, dropout=dropout), precision)


def classification_attention_of(model: Model) -> Model[list[Floats2d], list[Floats2d]] | None:
    """The layer of classification attention in a model, if it has one."""
    return next((node for node in model.walk() if node.name == CLASSIFICATION_ATTENTION), None)


def attention_module(layer: Model) -> ClassificationAttention:
    """The torch module of a layer of classification attention."""
    return cast(ClassificationAttention, cast(Any, sized_shim(layer).require_built()).inner)


def set_class_embeddings(layer: Model, counts: dict[str, int], embeddings: Any) -> None:
    """Gives an initialised layer its class embeddings, (n_classes, class_width) in the order of `counts`: class ->
    number of entities that it was made from."""
    shim, (_, width) = sized_shim(layer), embeddings.shape
    shim.build(nI=layer.get_dim("nI"), nO=layer.get_dim("nO"), classes=list(counts), class_width=width)
    layer.attrs["counts"] = counts
    buffer = attention_module(layer).class_embeddings
    buffer.copy_(torch.as_tensor(embeddings))


def _same_width(name: str, build: Callable[..., nn.Module], precision: Precision) -> Model:
    layer = sequence_layer(name, build, precision=precision)
    layer.init = _init
    model: Model = chain(layer, sequence_dropout())
    model.init = _init_outer
    return model


def _init(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    init_sizes(model, X, X)


def _init_outer(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    model.layers[0].initialize(X=X)
    model.set_dim("nO", model.layers[0].get_dim("nO"))


def _classification_attention(
    nI: int, nO: int, heads: int, inner: int, dropout: float, classes: Sequence[str] = ("",), class_width: int = 1
) -> nn.Module:
    return ClassificationAttention(nI, list(classes), class_width, heads or _bert_heads(nI), inner or 4 * nI, dropout)


def _bert_layer(nI: int, nO: int, heads: int, inner: int, dropout: float) -> nn.Module:
    return BertLayer(nI, heads or _bert_heads(nI), inner or 4 * nI, dropout)


def _bert_heads(width: int) -> int:
    return next(heads for heads in range(max(1, width // 64), 0, -1) if width % heads == 0)
