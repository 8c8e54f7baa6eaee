"""What a lexicon says of each character: the words that begin, go on and end there."""

from functools import partial
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

import numpy
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Dropout, Model, chain
from thinc.types import Floats2d

from ..chars import codepoints
from ..errors import InputError
from ..word_vectors import WordVectors
from .word_table import WordTable

SETS = 4  # B, M, E, S


@registry.architectures("spacy_cner.SoftLexiconEmbed.v1")
def build_soft_lexicon_embed(width: int = 50, lexicon: Optional[str] = None) -> Model[List[Doc], List[Floats2d]]:
    """Words of a lexicon as features of characters (SoftLexicon; Ma et al. 2020, "Simplify the Usage of Lexicon in
    Chinese NER", section 3.2): all words of the lexicon that match the text, whether or not they overlap, are sorted
    into four sets for each of their characters (it is their Beginning, Middle, End, or they are that Single character),
    and the vectors of a set are averaged, weighted by the words' counts (equations 7 and 8).

    width: of the word vectors. lexicon: a file that `python -m spacy_cner words` wrote, read at initialisation only;
        without one there are no features, all rows are zeros. The vectors are not trained further.
    Docs must have one character per token. RETURNS Model[List[Doc], List[Floats2d]], rows of 4 * width."""
    layer: Model = Model(
        "soft_lexicon",
        _forward,
        init=partial(_init, path=Path(lexicon) if lexicon else None),
        dims={"nO": SETS * width, "nV": width},
        params={"E": None},
        attrs={"table": WordTable([], [])},
    )
    model: Model = chain(layer, Dropout())
    model.set_dim("nO", SETS * width, force=True)
    return model


def _init(model: Any, X: Any = None, Y: Any = None, path: Optional[Path] = None) -> None:
    width = model.get_dim("nV")
    weights = numpy.zeros((1, width), dtype="f")
    if path is not None:
        loaded = WordVectors.load(path)
        if loaded.vectors.shape[1] != width:
            raise InputError(f"{path}: expected word vectors of width {width}, got {loaded.vectors.shape[1]}")
        model.attrs["table"] = WordTable(loaded.words, loaded.counts.tolist())
        weights = loaded.vectors / (loaded.vectors.std() or 1.0)
    model.set_param("E", model.ops.asarray2f(weights))


def _forward(model: Any, docs: List[Doc], is_train: bool) -> Tuple[List[Floats2d], Callable]:
    weights, table, ops = model.get_param("E"), model.attrs["table"], model.ops
    lengths = [len(doc) for doc in docs]
    slots, rows, shares = [], [], []
    begin = 0
    for doc in docs:
        slot, row, share = table.sets(codepoints(doc))
        slots.append(slot + SETS * begin)
        rows.append(row)
        shares.append(share)
        begin += len(doc)
    sums = ops.alloc2f(SETS * begin, weights.shape[1])
    if begin:
        vectors = weights[ops.asarray(numpy.concatenate(rows))] * ops.asarray(numpy.concatenate(shares))[:, None]
        ops.scatter_add(sums, ops.asarray(numpy.concatenate(slots)), vectors)
    output = ops.unflatten(ops.reshape2f(sums, begin, SETS * weights.shape[1]), lengths)
    return output, lambda gradients: []
