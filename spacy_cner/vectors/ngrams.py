"""Character n-gram vectors: learned from raw text by skip-gram (gensim), kept as one small .npz file.

The file holds, for each order n, `grams_n` (strings of n characters, most frequent first) and `vectors_n` (float16,
rows as in `grams_n`). It also holds `recipe`, a JSON text that says how they were made."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

from ..corpus.raw import raw_lines
from ..errors import InputError
from ..files import temporary_folder
from ..text.chars import SPACE, normalize_text
from ..text.progress import progress
from .arrays import BAD_FILE, check_vectors, pack, read_arrays, save_arrays, unpack
from .skip_gram import skip_gram

logger = logging.getLogger(__name__)

# gensim splits its corpus file at white space, so a space inside an n-gram needs a stand-in there.
VISIBLE_SPACE = "\u2581"


@dataclass
class NgramVectors:
    """Vectors of one or more n-gram orders. `grams[n]` has len V_n, `vectors[n]` shape (V_n, width_n)."""

    grams: dict[int, list[str]]
    vectors: dict[int, numpy.ndarray]
    recipe: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Writes the file, and its description with the checksum to the same name with .json."""
        arrays: dict[str, Any] = {}
        for order, grams in self.grams.items():
            arrays[f"grams_{order}"] = numpy.array(grams)
            arrays[f"vectors_{order}"] = self.vectors[order].astype(numpy.float16)
        save_arrays(path, pack(self.recipe, **arrays), self.recipe)

    @classmethod
    def load(cls, path: Path) -> "NgramVectors":
        """Reads a file that `save` wrote; the vectors become float32. Raises InputError if it is another, missing, or
        not as its description states."""
        data = read_arrays(path, "character vectors")
        try:
            recipe, arrays = unpack(data)
            orders = sorted(int(name.split("_")[1]) for name in arrays if name.startswith("grams_"))
            if not orders:
                raise KeyError("grams_1")
            grams = {n: arrays[f"grams_{n}"].tolist() for n in orders}
            vectors = {n: arrays[f"vectors_{n}"].astype(numpy.float32) for n in orders}
            for n in orders:
                check_vectors(grams[n], vectors[n])
            return cls(grams, vectors, recipe)
        except BAD_FILE as error:
            raise InputError(
                f"{path}: expected character vectors as `python -m spacy_cner vectors` writes them, got {error!r}"
            ) from error


def ngrams(text: str, order: int) -> list[str]:
    """Returns all n-grams of a text, from left to right: len(text) - order + 1 of them."""
    return [text[i : i + order] for i in range(len(text) - order + 1)]


def check_order(order: int) -> None:
    """Raises InputError for an order that `spacy_cner.CharNgramEmbed.v1` does not have."""
    if not 1 <= order <= 3:
        raise InputError(f"expected an order from 1 to 3, got {order}")


def train_vectors(
    paths: Iterable[Path],
    *,
    order: int,
    max_vocabulary: int | None = None,
    max_rows: int | None = None,
    **settings: Any,
) -> tuple[list[str], numpy.ndarray, int]:
    """Trains vectors of the n-grams of one order by skip-gram with negative sampling (Mikolov et al. 2013).

    max_vocabulary: the number of n-grams trained. max_rows: the number returned, the most frequent ones.
    settings: passed to `skip_gram`, which needs the width.
    RETURNS: the n-grams, their vectors (float32, (rows, width)), and the number of n-grams read.
    With one worker the result is deterministic. Raises InputError for an order that `spacy_cner.CharNgramEmbed.v1` does
    not have, and if no n-gram is frequent enough."""
    check_order(order)
    with temporary_folder("spacy_cner-vectors") as folder:
        corpus = folder / "ngrams.txt"
        count = 0
        with corpus.open("w", encoding="utf-8") as out:
            for line in progress(raw_lines(paths), unit="line", desc="reading"):
                grams = ngrams(normalize_text(line).replace(SPACE, VISIBLE_SPACE), order)
                count += len(grams)
                # numpy drops NUL characters at the end of a string.
                grams = [gram for gram in grams if "\0" not in gram]
                out.write(" ".join(grams) + "\n")
        logger.info("order %d: %d n-grams", order, count)
        learned = skip_gram(corpus, f"{order}-grams", max_vocabulary=max_vocabulary, **settings)
    rows = len(learned) if max_rows is None else min(max_rows, len(learned))
    grams = [gram.replace(VISIBLE_SPACE, SPACE) for gram in learned.index_to_key[:rows]]
    return grams, learned.vectors[:rows], count
