"""What a run has learned as the tok2vec of `configs/transformer.cfg`."""

from pathlib import Path
from typing import Any, cast

import srsly
import torch
from spacy.ml.models.tok2vec import build_Tok2Vec_model
from thinc.api import Model
from thinc.types import Floats2d

from ...errors import InputError
from ...models.embed import build_char_ngram_embed
from ...models.encoders import build_transformer
from ...models.gram_table import GramTable
from ...models.torch_layers import sized_shim
from ...models.weights import load_layer, read_weights
from .learned import Learned
from .model import HEAD_WIDTH
from .tokens import MASK, SPECIAL, UNK


def make_tok2vec(learned: Learned) -> Model:
    """Makes a `spacy.Tok2Vec.v2` of `spacy_cner.CharNgramEmbed.v1` and `spacy_cner.Transformer.v1` with the weights.

    Characters of the vocabulary have a row each; all others share that of UNK, and masked ones have that of MASK."""
    width, layers = learned.facts["recipe"]["width"], learned.facts["recipe"]["layers"]
    tok2vec = _new(width, layers, width // HEAD_WIDTH)
    rows, transformer = transformer_parts(tok2vec)
    known = learned.vocabulary[len(SPECIAL) :]
    weights = learned.model.embedding.weight.detach().numpy()
    numbers = [MASK, *range(len(SPECIAL), len(learned.vocabulary)), UNK]
    rows.attrs["table"] = GramTable(1, known, 1)
    rows.set_param("E", rows.ops.asarray2f(cast(Floats2d, weights[numbers])))
    transformer.load_state_dict(learned.model.transformer.state_dict())
    return tok2vec


def read_tok2vec(path: Path) -> tuple[Model, dict[str, Any]]:
    """Makes the tok2vec of a recogniser, a file that `export_recogniser` made of `configs/transformer.cfg`. Its
    description, the same name with .json, has the sizes.

    RETURNS: the tok2vec, and what its description says of `dev` and `recipe`. Raises InputError if it is missing, or
    of another config."""
    try:
        description = srsly.read_json(path.with_suffix(".json"))
        encode = description["recipe"]["components"]["cner"]["model"]["tok2vec"]["encode"]
        sizes = [encode[name] for name in ("width", "layers", "heads")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected a recogniser made of a Transformer over characters, with its description "
            f"{path.with_suffix('.json').name} beside it, got {type(error).__name__}: {error}"
        ) from error
    tok2vec = _new(*sizes)
    layers = {layer["name"]: layer for layer in read_weights(path)["layers"]}
    for node in tok2vec.walk():
        if node.param_names or node.shims:
            load_layer(node, layers[node.name], path)
    return tok2vec, {name: description[name] for name in ("dev", "recipe") if name in description}


def _new(width: int, layers: int, heads: int) -> Model:
    encode = build_transformer(width, layers, heads)
    tok2vec: Model = build_Tok2Vec_model(embed=build_char_ngram_embed([width], [1]), encode=encode)
    tok2vec.initialize()
    return tok2vec


def is_character_transformer(tok2vec: Model) -> bool:
    """Returns whether a tok2vec is a Transformer over rows of single characters, one of them for all unknown ones."""
    parts = {node.name: node for node in tok2vec.walk() if node.param_names or node.shims}
    if set(parts) != {"embed_1gram", "transformer"}:
        return False
    rows = parts["embed_1gram"].attrs
    return rows["positions"] == rows["table"].buckets == 1


def transformer_parts(tok2vec: Model) -> tuple[Model, torch.nn.Module]:
    """Returns the layer with the characters' rows, and the torch module of the Transformer."""
    nodes = {node.name: node for node in tok2vec.walk()}
    module: Any = sized_shim(nodes["transformer"]).require_built()
    return nodes["embed_1gram"], module.inner
