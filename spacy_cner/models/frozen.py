"""Frozen features: layers whose weights training does not change."""

from collections.abc import Callable
from functools import partial
from typing import Any

from spacy import registry
from spacy.ml.models import build_Tok2Vec_model
from spacy.tokens import Doc
from thinc.api import Model, Ops
from thinc.types import Floats2d

from .dropout import check_dropout, make_dropout
from .known_features import KnownFeatures


@registry.architectures("spacy_cner.FrozenTok2Vec.v1")
def build_frozen_tok2vec(
    embed: Model[list[Doc], list[Floats2d]], encode: Model[list[Floats2d], list[Floats2d]], dropout: float = 0.0
) -> Model[list[Doc], list[Floats2d]]:
    """`spacy.Tok2Vec.v2` with frozen weights and without dropout inside.

    dropout: share of the resulting features that training drops, whatever `training.dropout` is; 0 to below 1. Raises
        InputError for another one."""
    check_dropout(dropout)
    learned = build_Tok2Vec_model(embed, encode)
    # Has the same layers as `learned`, so that it takes the weights of any `spacy.Tok2Vec.v2` of these parts.
    return Model(
        "frozen_tok2vec",
        partial(_forward, dropout=dropout, known=KnownFeatures()),
        init=learned.init,
        layers=learned.layers,
        attrs={"frozen": True},
        dims={name: learned.maybe_get_dim(name) for name in learned.dim_names},
        refs={name: learned.get_ref(name) for name in learned.ref_names},
    )


@registry.architectures("spacy_cner.Partner.v1")
def build_partner(
    embed: Model[list[Doc], list[Floats2d]], encode: Model[list[Floats2d], list[Floats2d]], dropout: float = 0.0
) -> Model[list[Doc], list[Floats2d]]:
    """The network of another recogniser: a `spacy_cner.FrozenTok2Vec.v1` whose weights `spacy_cner.load_weights.v1`
    takes from its `partner`. It must be the last part of the tagger's features."""
    model = build_frozen_tok2vec(embed, encode, dropout)
    model.attrs["partner"] = True
    return model


def _forward(
    model: Model, docs: list[Doc], is_train: bool, *, dropout: float, known: KnownFeatures
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    def compute(docs: list[Doc]) -> list[Floats2d]:
        features: Any = docs
        for layer in model.layers:
            features = layer.predict(features)
        return features

    features = known(model, docs, is_train, compute)
    return apply_dropout(model.ops, features, dropout) if is_train else features, no_gradient


def apply_dropout(ops: Ops, features: list[Floats2d], dropout: float) -> list[Floats2d]:
    """Sets a share of `dropout` of the features to 0, and scales the others so that the mean does not change."""
    return make_dropout(ops, features, dropout)(features) if dropout else features


def no_gradient(gradients: list[Floats2d]) -> list[Doc]:
    """Stops the gradients: the backward pass of frozen features."""
    return []
