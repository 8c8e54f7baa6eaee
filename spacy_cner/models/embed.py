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
from ..text.chars import codepoints_of
from ..text.words import positions_in_words
from ..vectors.ngrams import NgramVectors
from .dropout import sequence_dropout
from .gram_table import GramTable
from .sizes import check_sizes


@registry.architectures("spacy_cner.CharNgramEmbed.v1")
def build_char_ngram_embed(
    widths: list[int] = [200],  # noqa: B006
    buckets: list[int] = [4000],  # noqa: B006
    vectors: str | None = None,
    trainable: bool = True,
    positions: int = 1,
) -> Model[list[Doc], list[Floats2d]]:
    """Concatenated embeddings of character n-grams: row i is for the n-grams that begin at character i.

    widths: one width for each order, from single characters up: [200] embeds characters, [100, 50] bigrams too.
    buckets: for each order, the number of rows that n-grams without a vector share by hash. These rows start at zero,
        so an n-gram never seen in training adds nothing.
    vectors: a file that `python -m spacy_cner vectors` wrote, read at initialisation only. Each of its n-grams has its
        own row, even if the training data lacks it.
    trainable: if False, the vectors stay as they were read.
    positions: number of positions in a word that are distinguished. A character has one row for each, initially equal;
        the last is for all later positions (the character-positional embeddings of Peng & Dredze 2015). Words come
        from `doc.spans["words"]`, or else from jieba. With 1, a character has one row.
    Docs must have one character per token. RETURNS: Model[List[Doc], List[Floats2d]], rows of sum(widths). Raises
    InputError for settings that do not fit together."""
    check_sizes(widths=widths)
    check_sizes(0, buckets=buckets)
    if len(buckets) != len(widths):
        raise InputError(f"expected one number of buckets for each of {len(widths)} widths, got {len(buckets)}")
    check_sizes(positions=positions)
    path = Path(vectors) if vectors else None
    layers = [
        ngram_embed(order, width, count, path, trainable, positions if order == 1 else 1)
        for order, (width, count) in enumerate(zip(widths, buckets), 1)
    ]
    model: Model = chain(concatenate(*layers) if len(layers) > 1 else layers[0], sequence_dropout())
    model.set_dim("nO", sum(widths), force=True)
    return model


def ngram_embed(
    order: int, width: int, buckets: int, vectors: Path | None = None, trainable: bool = True, positions: int = 1
) -> Model[list[Doc], list[Floats2d]]:
    """Makes the embedding of one n-gram order."""
    return Model(
        f"embed_{order}gram",
        _forward,
        init=partial(_init, vectors=vectors),
        dims={"nO": width},
        params={"E": None},
        attrs={
            "table": GramTable(order, [], buckets),
            "trainable": trainable,
            "positions": positions,
            "needs_words": positions > 1,
            "requires_extra": "words" if positions > 1 else None,
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
    # Unit variance, so that the scale does not depend on how the vectors were trained.
    weights[1 : 1 + len(known)] = rows / (rows.std() or 1.0) if len(rows) else rows
    model.set_param("E", model.ops.asarray(weights.repeat(model.attrs["positions"], axis=0)))


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    weights, table, positions = model.get_param("E"), model.attrs["table"], model.attrs["positions"]
    if weights.dtype != numpy.float32:
        # The weights of an encoder that was exported in half precision.
        weights = weights.astype("f")
        model.set_param("E", weights)
    lengths = [len(doc) for doc in docs]
    rows = table.rows_of(codepoints_of(docs))
    if positions > 1 and docs:
        rows = positions * rows + numpy.concatenate([positions_in_words(doc) for doc in docs]).clip(max=positions - 1)
    flat = model.ops.asarray(rows)
    output = model.ops.unflatten(weights[flat], lengths)

    def backprop(gradients: list[Floats2d]) -> list[Doc]:
        if model.attrs["trainable"] and len(flat):
            total = model.ops.alloc2f(*weights.shape)
            model.ops.scatter_add(total, flat, model.ops.flatten(gradients))
            total[:positions] = 0
            model.inc_grad("E", total)
        return []

    return output, backprop
