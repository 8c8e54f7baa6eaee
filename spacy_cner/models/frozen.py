"""Frozen features: layers whose weights training does not change."""

from collections.abc import Callable
from functools import partial
from typing import Any

from spacy import registry
from spacy.ml.models import build_Tok2Vec_model
from spacy.tokens import Doc
from thinc.api import Model, Ops
from thinc.types import Floats2d

from ..text.words import WORDS_KEY
from .dropout import check_dropout, make_dropout

KEPT_BYTES = 2**28  # of each frozen layer: 512 columns of 262,144 characters


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
    model: Model, docs: list[Doc], is_train: bool, *, dropout: float, known: "KnownFeatures"
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    def compute(docs: list[Doc]) -> list[Floats2d]:
        features: Any = docs
        for layer in model.layers:
            features = layer.predict(features)
        return features

    features = known(model, docs, compute) if is_train else compute(docs)
    return apply_dropout(model.ops, features, dropout) if is_train else features, no_gradient


class KnownFeatures:
    """Frozen features of the texts that training has seen, so that they are computed once and not in every epoch. They
    are kept in half precision. When `KEPT_BYTES` are full, those of further texts are computed anew."""

    def __init__(self) -> None:
        self._found: dict[tuple, Any] = {}
        self._bytes = 0
        self._modules: list[Any] = []

    def __reduce__(self) -> tuple:
        return KnownFeatures, ()  # another process computes its own

    def __call__(self, model: Model, docs: list[Doc], compute: Callable[[list[Doc]], list[Floats2d]]) -> list[Floats2d]:
        """Returns the features of documents; `compute` makes those that are not known. A model that was copied or
        loaded has other modules, and begins anew."""
        modules = [shim._model for node in model.walk() for shim in node.shims]
        if [id(each) for each in modules] != [id(each) for each in self._modules]:
            self._found, self._bytes, self._modules = {}, 0, modules
        keys = [_key(doc) for doc in docs]
        new = [i for i, key in enumerate(keys) if key not in self._found]
        computed = dict(zip(new, compute([docs[i] for i in new]))) if new else {}
        for i, rows in computed.items():
            half = rows.astype("float16")
            if keys[i] not in self._found and self._bytes + half.nbytes <= KEPT_BYTES:
                self._found[keys[i]] = half
                self._bytes += half.nbytes
        return [computed[i] if i in computed else self._found[key].astype("float32") for i, key in enumerate(keys)]


def _key(doc: Doc) -> tuple:
    """What frozen features depend on: characters, and words where a document has them."""
    words = [(word.start, word.end) for word in doc.spans[WORDS_KEY]] if WORDS_KEY in doc.spans else []
    return doc.text, *words


def apply_dropout(ops: Ops, features: list[Floats2d], dropout: float) -> list[Floats2d]:
    """Sets a share of `dropout` of the features to 0, and scales the others so that the mean does not change."""
    return make_dropout(ops, features, dropout)(features) if dropout else features


def no_gradient(gradients: list[Floats2d]) -> list[Doc]:
    """Stops the gradients: the backward pass of frozen features."""
    return []
