"""Features of characters from a lexicon: the words that begin, continue and end there."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps, chain
from thinc.model import deserialize_attr, serialize_attr
from thinc.types import Floats2d

from ..errors import InputError
from ..text.chars import codepoints_of
from ..vectors.words import WordVectors
from .dropout import sequence_dropout
from .word_table import SETS, WordTable

CPU = NumpyOps()


@registry.architectures("spacy_cner.SoftLexiconEmbed.v1")
def build_soft_lexicon_embed(width: int = 50, lexicon: str | None = None) -> Model[list[Doc], list[Floats2d]]:
    """Features of characters from the words of a lexicon (SoftLexicon; Ma et al. 2020, "Simplify the Usage of Lexicon
    in Chinese NER", section 3.2).

    All words that match the text count, overlapping or not. Each character has four sets of words: words that Begin
    there, have it in the Middle, End there, or are that Single character. The vectors of a set are averaged, weighted
    by the words' counts (equations 7 and 8).

    width: width of the word vectors.
    lexicon: a file that `python -m spacy_cner words` wrote, read at initialisation only. Without one all rows are
        zeros. The vectors are not trained further.
    Docs must have one character per token. RETURNS: Model[List[Doc], List[Floats2d]], rows of 4 * width. Raises
    InputError for a width below 1."""
    if width < 1:
        raise InputError(f"expected a width of at least 1, got {width}; to have no lexicon, leave this block out")
    layer: Model = Model(
        "soft_lexicon",
        _forward,
        init=partial(_init, path=Path(lexicon) if lexicon else None),
        dims={"nO": SETS * width},
        attrs={"lexicon": no_lexicon(width)},
    )
    model: Model = chain(layer, sequence_dropout())
    model.set_dim("nO", SETS * width, force=True)
    return model


class Lexicon:
    """Words with vectors, looked up in texts. It stays in the CPU's memory, because a text has few of the words."""

    def __init__(self, words: WordVectors):
        self.words = words
        self.table = WordTable(words.words, words.counts.tolist())
        # Unit variance, so that the scale does not depend on how the vectors were trained.
        self.vectors = words.vectors / (words.vectors.std() if len(words.words) else 1.0)

    def features(self, texts: list[numpy.ndarray]) -> numpy.ndarray:
        """Averages the sets at each character. `texts`: code points, (n,) each. RETURNS: (characters of all texts, 4 *
        width)."""
        slots, rows, shares = self.table.sets(texts)
        count, width = sum(map(len, texts)), self.vectors.shape[1]
        sums = CPU.alloc2f(SETS * count, width)
        CPU.scatter_add(sums, slots, self.vectors[rows] * shares[:, None])
        return sums.reshape(count, SETS * width)


def no_lexicon(width: int) -> Lexicon:
    """Makes a lexicon without words."""
    return Lexicon(WordVectors([], numpy.zeros(0, dtype="int64"), numpy.zeros((0, width), dtype="f")))


def _init(model: Any, X: Any = None, Y: Any = None, path: Path | None = None) -> None:
    if path is None:
        return
    words, width = WordVectors.load(path), model.get_dim("nO") // SETS
    if words.vectors.shape[1] != width:
        raise InputError(f"{path}: expected word vectors of width {width}, got {words.vectors.shape[1]}")
    model.attrs["lexicon"] = Lexicon(words)


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    features = model.attrs["lexicon"].features(codepoints_of(docs))
    output = model.ops.unflatten(model.ops.asarray2f(features), [len(doc) for doc in docs])
    return output, lambda gradients: []


@serialize_attr.register(Lexicon)
def _serialize(_: Any, lexicon: Lexicon, name: str, model: Model) -> bytes:
    return lexicon.words.to_bytes()


@deserialize_attr.register(Lexicon)
def _deserialize(_: Any, value: bytes, name: str, model: Model) -> Lexicon:
    return Lexicon(WordVectors.from_bytes(value))
