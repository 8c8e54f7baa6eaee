"""Features that are used as they are."""

from collections.abc import Callable
from functools import partial
from typing import Any

from spacy import registry
from spacy.ml.models import build_Tok2Vec_model
from spacy.tokens import Doc
from thinc.api import Model, Ops
from thinc.types import Floats2d

from .dropout import check_dropout, make_dropout


@registry.architectures("spacy_cner.FrozenTok2Vec.v1")
def build_frozen_tok2vec(
    embed: Model[list[Doc], list[Floats2d]], encode: Model[list[Floats2d], list[Floats2d]], dropout: float = 0.0
) -> Model[list[Doc], list[Floats2d]]:
    """`spacy.Tok2Vec.v2`, but training leaves its weights as they were loaded, and has no dropout in it.

    dropout: share of the resulting features that training leaves out, whatever `training.dropout` is; 0 to below 1."""
    check_dropout(dropout)
    learned = build_Tok2Vec_model(embed, encode)
    # Its layers rather than itself as the only layer: so it takes the weights of any `spacy.Tok2Vec.v2` of these parts.
    return Model(
        "frozen_tok2vec",
        partial(_forward, dropout=dropout),
        init=learned.init,
        layers=learned.layers,
        dims={name: learned.maybe_get_dim(name) for name in learned.dim_names},
        refs={name: learned.get_ref(name) for name in learned.ref_names},
    )


def _forward(
    model: Model, docs: list[Doc], is_train: bool, *, dropout: float
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    features: Any = docs
    for layer in model.layers:
        features = layer.predict(features)
    return without_some(model.ops, features, dropout) if is_train else features, no_gradient


def without_some(ops: Ops, features: list[Floats2d], dropout: float) -> list[Floats2d]:
    """The features with a share of `dropout` set to 0 and the others scaled, so that their mean stays."""
    return make_dropout(ops, features, dropout)(features) if dropout else features


def no_gradient(gradients: list[Floats2d]) -> list[Doc]:
    """The backward pass of features that nothing trains."""
    return []
