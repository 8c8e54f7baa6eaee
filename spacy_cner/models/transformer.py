"""Encoders of Hugging Face, such as BERT, as a tok2vec for characters."""

from typing import Any

from spacy import registry
from spacy.tokens import Doc
from spacy.util import SimpleFrozenDict
from thinc.api import Model
from thinc.types import Floats2d

from ..errors import InputError


@registry.architectures("spacy_cner.CharTransformer.v1")
def build_char_transformer(
    name: str | None = None,
    window: int = 256,
    trained_layers: int | None = None,
    lr_scale: float = 1.0,
    layer_decay: float = 1.0,
    mixed_precision: bool = False,
    transformer_config: dict[str, Any] = SimpleFrozenDict(),
) -> Model[list[Doc], list[Floats2d]]:
    """The last hidden layer of an encoder, with one row for each character: the mean of its word pieces. A Chinese
    character has one piece; for other text see `spacy_cner.models.word_pieces`.

    name: an encoder with a fast tokenizer on the Hugging Face hub, or the path of its folder. Read at initialisation
        only, because the pipeline keeps weights and vocabulary.
    window: longer sequences are cut, at sentence ends if there are any, encoded window by window, and concatenated
        again (section 4.1.1 of "Classification Attention for Chinese NER" cuts at 256).
    trained_layers: number of layers to train, from the last; 0 for none. null trains all and the embeddings.
    lr_scale: learning-rate scale of the last layer.
    layer_decay: factor of the learning rate for each layer further down; the embeddings are below the first.
    mixed_precision: in training, use float16 with scaled gradients on a GPU, or bfloat16 on a CPU that multiplies it
        natively.
    transformer_config: overrides of the encoder's own configuration, such as hidden_dropout_prob.
    Raises InputError for settings out of range, and if the needed packages are not installed."""
    for option, value in (("window", window - 1), ("trained_layers", trained_layers or 0), ("lr_scale", lr_scale)):
        if value < 0:
            raise InputError(f"expected {option} to be positive, got {value}")
    try:
        from .huggingface import char_transformer
    except ImportError as error:
        raise InputError(
            f"expected the packages that an encoder of Hugging Face needs ({error}); "
            "install them with: pip install 'spacy_cner[transformers]'"
        ) from error
    return char_transformer(
        name,
        window=window,
        trained_layers=trained_layers,
        lr_scale=lr_scale,
        layer_decay=layer_decay,
        mixed_precision=mixed_precision,
        transformer_config=dict(transformer_config),
    )
