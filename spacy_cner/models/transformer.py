"""Encoders of Hugging Face, BERT and others, as a tok2vec for characters."""

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
    rate: float = 1.0,
    layer_decay: float = 1.0,
    mixed_precision: bool = False,
    transformer_config: dict[str, Any] = SimpleFrozenDict(),
) -> Model[list[Doc], list[Floats2d]]:
    """The last hidden layer of an encoder, one row for each character: the mean of its word pieces, of which a Chinese
    character has one. See `spacy_cner.models.word_pieces` for what becomes of other text.

    name: of an encoder with a fast tokenizer on the Hugging Face hub, or the path of a folder that holds one; read at
        initialisation only, as the pipeline keeps weights and vocabulary.
    window: longer sequences are cut at sentence ends where there are any, encoded window by window, and put together
        again (section 4.1.1 of "Classification Attention for Chinese NER" cuts at 256).
    trained_layers: train only the last so many layers, 0 for none; null trains all, and the embeddings.
    rate: learning rate of the last layer, relative to that of the optimizer.
    layer_decay: what it is multiplied by for each layer further down; the embeddings are below the first.
    mixed_precision: of training: float16 with scaled gradients on a GPU; on a CPU bfloat16, where the processor
        multiplies it natively.
    transformer_config: overrides of the encoder's own configuration, such as hidden_dropout_prob.
    Raises InputError if the packages that this needs are not installed."""
    for option, value in (("window", window - 1), ("trained_layers", trained_layers or 0), ("rate", rate)):
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
        rate=rate,
        layer_decay=layer_decay,
        mixed_precision=mixed_precision,
        transformer_config=dict(transformer_config),
    )
