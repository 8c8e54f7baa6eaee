"""Character n-gram vectors: learned from raw text by skip-gram (gensim), kept as one small .npz file.

The file holds, for each order n, `grams_n` (strings of n characters, most frequent first) and `vectors_n` (float16,
rows as in `grams_n`). It also holds `recipe`, a JSON text that says how they were made."""

import json
import logging
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy

from ..corpus.raw import raw_lines
from ..errors import InputError
from ..text.chars import SPACE, normalize_text
from .skip_gram import skip_gram

logger = logging.getLogger(__name__)

# gensim splits its corpus file at white space, so a space inside an n-gram needs a stand-in there.
VISIBLE_SPACE = "\u2581"
# The errors raised when an .npz file has unexpected contents.
BAD_FILE = (ValueError, KeyError, TypeError, EOFError, OSError, BadZipFile, zlib.error)


@dataclass
class NgramVectors:
    """Vectors of one or more n-gram orders. `grams[n]` has len V_n, `vectors[n]` shape (V_n, width_n)."""

    grams: dict[int, list[str]]
    vectors: dict[int, numpy.ndarray]
    recipe: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Writes the file, and its folder if need be."""
        arrays: dict[str, Any] = {"recipe": json.dumps(self.recipe, ensure_ascii=False)}
        for order, grams in self.grams.items():
            arrays[f"grams_{order}"] = numpy.array(grams)
            arrays[f"vectors_{order}"] = self.vectors[order].astype(numpy.float16)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Given a name, numpy would add the suffix .npz.
        with path.open("wb") as out:
            numpy.savez_compressed(out, **arrays)

    @classmethod
    def load(cls, path: Path) -> "NgramVectors":
        """Reads a file that `save` wrote; the vectors become float32. Raises InputError if it is another, or
        missing."""
        try:
            with numpy.load(path, allow_pickle=False) as arrays:
                orders = sorted(int(name.split("_")[1]) for name in arrays.files if name.startswith("grams_"))
                if not orders or "recipe" not in arrays.files:
                    raise KeyError("grams_1")
                return cls(
                    {n: arrays[f"grams_{n}"].tolist() for n in orders},
                    {n: arrays[f"vectors_{n}"].astype(numpy.float32) for n in orders},
                    json.loads(str(arrays["recipe"])),
                )
        except FileNotFoundError:
            raise InputError(f"{path}: expected a file of character vectors, found nothing there") from None
        except BAD_FILE as error:
            raise InputError(
                f"{path}: expected character vectors as `python -m spacy_cner vectors` writes them, got {error!r}"
            ) from error


def ngrams(text: str, order: int) -> list[str]:
    """Returns all n-grams of a text, from left to right: len(text) - order + 1 of them."""
    return [text[i : i + order] for i in range(len(text) - order + 1)]


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
    if not 1 <= order <= 3:
        raise InputError(f"expected an order from 1 to 3, got {order}")
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "ngrams.txt"
        count = 0
        with corpus.open("w", encoding="utf-8") as out:
            for line in raw_lines(paths):
                grams = ngrams(normalize_text(line).replace(SPACE, VISIBLE_SPACE), order)
                count += len(grams)
                out.write(" ".join(grams) + "\n")
        logger.info("order %d: %d n-grams", order, count)
        learned = skip_gram(corpus, f"{order}-grams", max_vocabulary=max_vocabulary, **settings)
    rows = len(learned) if max_rows is None else min(max_rows, len(learned))
    grams = [gram.replace(VISIBLE_SPACE, SPACE) for gram in learned.index_to_key[:rows]]
    return grams, learned.vectors[:rows], count
