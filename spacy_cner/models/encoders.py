"""Encoders of character sequences, all Model[List[Floats2d], List[Floats2d]], one row per character."""

from functools import partial

from spacy import registry
from thinc.api import Model, chain
from thinc.api import residual as add_input
from thinc.types import Floats2d

from ..errors import InputError
from ..nn.attention import SelfAttention
from ..nn.convolution import CharCNN, DilatedCNN
from ..nn.precision import Precision
from ..nn.recurrent import LSTM, BiLSTM
from ..nn.transformer import Transformer
from .dropout import check_dropout, sequence_dropout
from .sizes import check_sizes
from .torch_layers import sequence_layer


@registry.architectures("spacy_cner.CharCNN.v1")
def build_char_cnn(
    filters: int = 400,
    windows: list[int] = [2, 3, 4, 5],  # noqa: B006
    precision: Precision = "float32",
) -> Model[list[Floats2d], list[Floats2d]]:
    """Convolutions with ReLU over characters (Wu et al. 2019, section 3.1).

    filters: total number of filters, shared evenly by the windows. windows: their sizes in characters. Raises
        InputError for no window, and for sizes below 1."""
    check_sizes(filters=filters, windows=windows)
    return with_dropout(
        sequence_layer("char_cnn", partial(_char_cnn, windows=windows), nO=filters, precision=precision)
    )


def _char_cnn(nI: int, nO: int, windows: list[int]) -> CharCNN:
    return CharCNN(nI, nO, windows)


@registry.architectures("spacy_cner.DilatedCNN.v1")
def build_dilated_cnn(
    width: int = 128,
    dilations: list[int] = [1, 2, 4, 1],  # noqa: B006
    precision: Precision = "float32",
) -> Model[list[Floats2d], list[Floats2d]]:
    """Layers of dilated convolutions over three characters, with residual connections and normalised states (Strubell
    et al. 2017). Small and fast, as every position is computed at once.

    width: of all layers. dilations: for each layer how far apart its characters stand. Raises InputError for no layer,
    and for numbers below 1."""
    check_sizes(width=width, dilations=dilations)
    build = partial(_dilated_cnn, dilations=dilations)
    return with_dropout(sequence_layer("dilated_cnn", build, nO=width, precision=precision))


def _dilated_cnn(nI: int, nO: int, dilations: list[int]) -> DilatedCNN:
    return DilatedCNN(nI, nO, dilations)


@registry.architectures("spacy_cner.BiLSTM.v1")
def build_bilstm(
    width: int = 400, depth: int = 1, precision: Precision = "float32"
) -> Model[list[Floats2d], list[Floats2d]]:
    """A bidirectional LSTM. width: width of its output, half for each direction. depth: number of layers. Raises
    InputError for sizes below 1."""
    check_sizes(width=width, depth=depth)
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
    """Multi-head self-attention over the states of an encoder (Cao et al. 2018, section 3.3), as wide as these.

    heads: number of heads, which divides the encoder's width.
    residual: whether the encoder's states are added to the result. Dropout then applies only to the result, because the
        states have had theirs: dropping half of them twice would leave a quarter.
    zero_init: whether attention starts by adding nothing to the states; needs `residual`.
    Raises InputError for less than one head, and for `zero_init` without `residual`."""
    if heads < 1:
        raise InputError(
            f"expected at least 1 head, got {heads}; to have no attention, replace this block by its block `encoder`"
        )
    if zero_init and not residual:
        raise InputError("expected residual = true with zero_init = true: without the states all would begin at 0")
    width = encoder.get_dim("nO")
    build = partial(_self_attention, heads=heads, zero_init=zero_init)
    attention = with_dropout(sequence_layer("self_attention", build, nI=width, nO=width, precision=precision))
    model: Model = chain(encoder, add_input(attention) if residual else attention)
    model.set_dim("nO", width, force=True)
    return model


def _self_attention(nI: int, nO: int, heads: int, zero_init: bool) -> SelfAttention:
    return SelfAttention(nO, heads, zero_init)


@registry.architectures("spacy_cner.Transformer.v1")
def build_transformer(
    width: int = 320,
    layers: int = 4,
    heads: int = 5,
    dropout: float = 0.1,
    precision: Precision = "float32",
    lr_scale: float = 1.0,
) -> Model[list[Floats2d], list[Floats2d]]:
    """A Transformer encoder, see `spacy_cner.nn.transformer`.

    width: of what it reads and of its output. layers: their number. heads: of attention.
    dropout: share of what each part adds that training drops, whatever `training.dropout` is.
    lr_scale: learning-rate scale of its weights: 0.1 where it knows text and what stands above it knows nothing yet.
    All characters of a sequence see each other: a component's `window` bounds the cost. Raises InputError for sizes
    that do not fit together."""
    check_dropout(dropout)
    check_sizes(width=width, layers=layers, heads=heads)
    if lr_scale < 0:
        raise InputError(f"expected a lr_scale of 0 or more, got {lr_scale}")
    build = partial(_transformer, layers=layers, heads=heads, dropout=dropout)
    return sequence_layer("transformer", build, nI=width, nO=width, precision=precision, lr_scale=lr_scale)


def _transformer(nI: int, nO: int, layers: int, heads: int, dropout: float) -> Transformer:
    return Transformer(nO, layers, heads, dropout)


@registry.architectures("spacy_cner.LSTM.v1")
def build_lstm(
    width: int = 150, depth: int = 1, precision: Precision = "float32"
) -> Model[list[Floats2d], list[Floats2d]]:
    """A left-to-right LSTM (Chen et al. 2015; Peng & Dredze 2016, section 2.1). width: width of its output. depth:
    number of layers. Raises InputError for sizes below 1."""
    check_sizes(width=width, depth=depth)
    return with_dropout(sequence_layer("lstm", partial(_lstm, depth=depth), nO=width, precision=precision))


def _lstm(nI: int, nO: int, depth: int) -> LSTM:
    return LSTM(nI, nO, depth)


def with_dropout(layer: Model) -> Model:
    """Adds dropout to the layer's output; spaCy sets its rate from `training.dropout`."""
    model: Model = chain(layer, sequence_dropout())
    model.set_dim("nO", layer.get_dim("nO"), force=True)
    return model
