"""Features that are used as they are."""

from functools import partial
from typing import Callable, List, Tuple

from spacy import registry
from spacy.ml.models import build_Tok2Vec_model
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d


@registry.architectures("spacy_cner.FrozenTok2Vec.v1")
def build_frozen_tok2vec(
    embed: Model[List[Doc], List[Floats2d]], encode: Model[List[Floats2d], List[Floats2d]]
) -> Model[List[Doc], List[Floats2d]]:
    """`spacy.Tok2Vec.v2`, but training leaves its weights as they were loaded, and has no dropout in it."""
    model = build_Tok2Vec_model(embed, encode)
    # The same layers in the same places, so that it takes the weights of any `spacy.Tok2Vec.v2` of these parts.
    model._func = partial(_predict, forward=model._func)
    return model


def _predict(
    model: Model, docs: List[Doc], is_train: bool, *, forward: Callable
) -> Tuple[List[Floats2d], Callable[[List[Floats2d]], List[Doc]]]:
    return forward(model, docs, False)[0], no_gradient


def no_gradient(gradients: List[Floats2d]) -> List[Doc]:
    """The backward pass of features that nothing trains."""
    return []
