"""Encoders of character sequences, all Model[List[Floats2d], List[Floats2d]], one row per character."""

from functools import partial

from spacy import registry
from thinc.api import Model, chain
from thinc.api import residual as add_input
from thinc.types import Floats2d

from ..errors import InputError
from ..nn.attention import SelfAttention
from ..nn.convolution import CharCNN
from ..nn.precision import Precision
from ..nn.recurrent import LSTM, BiLSTM
from .dropout import sequence_dropout
from .torch_layers import sequence_layer


@registry.architectures("spacy_cner.CharCNN.v1")
def build_char_cnn(
    filters: int = 400,
    windows: list[int] = [2, 3, 4, 5],  # noqa: B006
    precision: Precision = "float32",
) -> Model[list[Floats2d], list[Floats2d]]:
    """Convolutions with ReLU over characters (Wu et al. 2019, section 3.1).

    filters: number of filters in all, shared evenly by the windows. windows: their sizes in characters."""
    return with_dropout(
        sequence_layer("char_cnn", partial(_char_cnn, windows=windows), nO=filters, precision=precision)
    )


def _char_cnn(nI: int, nO: int, windows: list[int]) -> CharCNN:
    return CharCNN(nI, nO, windows)


@registry.architectures("spacy_cner.BiLSTM.v1")
def build_bilstm(
    width: int = 400, depth: int = 1, precision: Precision = "float32"
) -> Model[list[Floats2d], list[Floats2d]]:
    """A bidirectional LSTM. width: of its output, half of it for each direction. depth: number of layers."""
    return with_dropout(sequence_layer("bilstm", partial(_bilstm, depth=depth), nO=width, precision=precision))


def _bilstm(nI: int, nO: int, depth: int) -> BiLSTM:
    return BiLSTM(nI, nO, depth)


@registry.architectures("spacy_cner.SelfAttention.v1")
def build_self_attention(
    encoder: Model[list[Floats2d], list[Floats2d]],
    heads: int = 8,
    precision: Precision = "float32",
    residual: bool = False,
    zero_init: bool = False,
) -> Model[list[Floats2d], list[Floats2d]]:
    """Multi-head self-attention over the states of an encoder (Cao et al. 2018, section 3.3); of its width.

    heads: their number, which divides the width; 0 leaves the encoder's states as they are.
    residual: whether the encoder's states are added to the result, which alone is then subject to dropout: they have
        been, and twice 0.5 leaves a quarter of them.
    zero_init: whether attention begins with adding nothing to them; needs `residual`."""
    if zero_init and not residual:
        raise InputError("expected residual = true beside zero_init = true: without the states all would begin at 0")
    if not heads:
        return encoder
    width = encoder.get_dim("nO")
    build = partial(_self_attention, heads=heads, zero_init=zero_init)
    attention = with_dropout(sequence_layer("self_attention", build, nI=width, nO=width, precision=precision))
    model: Model = chain(encoder, add_input(attention) if residual else attention)
    model.set_dim("nO", width, force=True)
    return model


def _self_attention(nI: int, nO: int, heads: int, zero_init: bool) -> SelfAttention:
    return SelfAttention(nO, heads, zero_init)


@registry.architectures("spacy_cner.LSTM.v1")
def build_lstm(
    width: int = 150, depth: int = 1, precision: Precision = "float32"
) -> Model[list[Floats2d], list[Floats2d]]:
    """A left-to-right LSTM (Chen et al. 2015; Peng & Dredze 2016, section 2.1). width: of its output."""
    return with_dropout(sequence_layer("lstm", partial(_lstm, depth=depth), nO=width, precision=precision))


def _lstm(nI: int, nO: int, depth: int) -> LSTM:
    return LSTM(nI, nO, depth)


def with_dropout(layer: Model) -> Model:
    """Dropout on the layer's output; spaCy sets its rate from `training.dropout`."""
    model: Model = chain(layer, sequence_dropout())
    model.set_dim("nO", layer.get_dim("nO"), force=True)
    return model
