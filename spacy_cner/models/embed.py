"""Embeddings of characters and character n-grams."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model, chain, concatenate
from thinc.types import Floats2d

from ..errors import InputError
from ..text.chars import codepoints
from ..text.words import places_in_words
from ..vectors.ngrams import NgramVectors
from .dropout import sequence_dropout
from .gram_table import GramTable


@registry.architectures("spacy_cner.CharNgramEmbed.v1")
def build_char_ngram_embed(
    widths: list[int] = [200],  # noqa: B006
    buckets: list[int] = [4000],  # noqa: B006
    vectors: str | None = None,
    trainable: bool = True,
    places: int = 1,
) -> Model[list[Doc], list[Floats2d]]:
    """Embeddings of character n-grams, side by side: row i holds the n-grams that begin at character i.

    widths: one for each order, from single characters on: [200] embeds characters, [100, 50] bigrams too.
    buckets: for each order, the number of rows that n-grams without a vector share by hash. These begin at zero, so
        that an n-gram which training never met adds nothing.
    vectors: a file that `python -m spacy_cner vectors` wrote, read at initialisation only. All its n-grams keep rows of
        their own, also those the training data lacks.
    trainable: False leaves the vectors as they were read.
    places: of a character in its word, from 0; a character has a row for each, the last one for all places beyond (the
        character-positional embeddings of Peng & Dredze 2015). They begin alike. Words are those of
        `doc.spans["words"]`, or without these jieba's. 1: a character has one row.
    Docs must have one character per token. RETURNS Model[List[Doc], List[Floats2d]], rows of sum(widths)."""
    if len(buckets) != len(widths):
        raise InputError(f"expected one number of buckets for each of {len(widths)} widths, got {len(buckets)}")
    if places < 1:
        raise InputError(f"expected at least 1 place in a word, got {places}")
    path = Path(vectors) if vectors else None
    layers = [
        ngram_embed(order, width, count, path, trainable, places if order == 1 else 1)
        for order, (width, count) in enumerate(zip(widths, buckets), 1)
    ]
    model: Model = chain(concatenate(*layers) if len(layers) > 1 else layers[0], sequence_dropout())
    model.set_dim("nO", sum(widths), force=True)
    return model


def ngram_embed(
    order: int, width: int, buckets: int, vectors: Path | None = None, trainable: bool = True, places: int = 1
) -> Model[list[Doc], list[Floats2d]]:
    """The embedding of one n-gram order."""
    return Model(
        f"embed_{order}gram",
        _forward,
        init=partial(_init, vectors=vectors),
        dims={"nO": width},
        params={"E": None},
        attrs={
            "table": GramTable(order, [], buckets),
            "trainable": trainable,
            "places": places,
            "needs_words": places > 1,
            "requires_extra": "words" if places > 1 else None,
        },
    )


def _init(model: Any, X=None, Y=None, vectors: Path | None = None) -> None:
    table, width = model.attrs["table"], model.get_dim("nO")
    known: list[str] = []
    rows = numpy.zeros((0, width), dtype="f")
    if vectors is not None:
        loaded = NgramVectors.load(vectors)
        if table.order not in loaded.grams:
            raise InputError(f"{vectors}: expected vectors of {table.order}-grams, got orders {sorted(loaded.grams)}")
        known, rows = loaded.grams[table.order], loaded.vectors[table.order]
        if rows.shape[1] != width:
            raise InputError(f"{vectors}: expected {table.order}-grams of width {width}, got {rows.shape[1]}")
    table = model.attrs["table"] = GramTable(table.order, known, table.buckets)
    weights = numpy.zeros((len(table), width), dtype="f")
    # Unit variance, so that the scale does not depend on who learned the vectors.
    weights[1 : 1 + len(known)] = rows / (rows.std() or 1.0) if len(rows) else rows
    model.set_param("E", model.ops.asarray(weights.repeat(model.attrs["places"], axis=0)))


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    weights, table, places = model.get_param("E"), model.attrs["table"], model.attrs["places"]
    if weights.dtype != numpy.float32:
        # Of an encoder that was kept in half precision.
        weights = weights.astype("f")
        model.set_param("E", weights)
    lengths = [len(doc) for doc in docs]
    rows = table.rows_of([codepoints(doc) for doc in docs])
    if places > 1 and docs:
        rows = places * rows + numpy.concatenate([places_in_words(doc) for doc in docs]).clip(max=places - 1)
    flat = model.ops.asarray(rows)
    output = model.ops.unflatten(weights[flat], lengths)

    def backprop(gradients: list[Floats2d]) -> list[Doc]:
        if model.attrs["trainable"] and len(flat):
            total = model.ops.alloc2f(*weights.shape)
            model.ops.scatter_add(total, flat, model.ops.flatten(gradients))
            total[:places] = 0
            model.inc_grad("E", total)
        return []

    return output, backprop
