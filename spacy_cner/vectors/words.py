"""Words with their counts and vectors, learned from raw text, kept as one small .npz file.

The file holds `words` (a text, one word a line, most frequent first), `counts`, `vectors` (int8, rows as in `words`),
`scales` (float16, one for each row, by which the row is multiplied), and `recipe`, a JSON text that says how they were
made."""

import io
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

from ..corpus.raw import raw_lines
from ..errors import InputError
from ..text.chars import normalize_text
from .ngrams import BAD_FILE
from .skip_gram import skip_gram


@dataclass
class WordVectors:
    """words: by falling counts. counts: int64 (V,). vectors: float32 (V, width)."""

    words: list[str]
    counts: numpy.ndarray
    vectors: numpy.ndarray
    recipe: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        scales = numpy.abs(self.vectors).max(axis=1, keepdims=True, initial=1e-12) / 127
        numpy.savez_compressed(
            out,
            words="\n".join(self.words),
            counts=self.counts.astype("int64"),
            vectors=numpy.round(self.vectors / scales).astype("int8"),
            scales=scales.astype("float16"),
            recipe=json.dumps(self.recipe, ensure_ascii=False),
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "WordVectors":
        """The inverse of `to_bytes`, which rounds the vectors."""
        with numpy.load(io.BytesIO(data), allow_pickle=False) as arrays:
            words = str(arrays["words"])
            return cls(
                words.split("\n") if words else [],
                arrays["counts"],
                arrays["vectors"].astype("float32") * arrays["scales"].astype("float32"),
                json.loads(str(arrays["recipe"])),
            )

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> "WordVectors":
        """Raises InputError if `path` is not a file that `save` wrote."""
        try:
            return cls.from_bytes(path.read_bytes())
        except FileNotFoundError:
            raise InputError(f"{path}: expected a file of word vectors, found nothing there") from None
        except BAD_FILE as error:
            raise InputError(
                f"{path}: expected word vectors as `python -m spacy_cner words` writes them, got {error!r}"
            ) from error


def train_word_vectors(
    paths: Iterable[Path], *, max_length: int = 6, max_rows: int | None = None, **settings: Any
) -> WordVectors:
    """Cuts raw text into words as jieba does (by rjieba), and learns vectors of them.

    max_length: words with more characters are left out. max_rows: only so many words are kept, the most frequent ones.
    settings: of `spacy_cner.vectors.skip_gram.skip_gram`, its width among them.
    Raises InputError if no word is frequent enough."""
    try:
        import rjieba
    except ImportError as error:
        raise InputError("expected rjieba to find words; pip install 'spacy_cner[words]' gets it") from error

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "words.txt"
        count = 0
        with corpus.open("w", encoding="utf-8") as out:
            for line in raw_lines(paths):
                words = [word for word in rjieba.cut(normalize_text(line)) if not word.isspace()]
                count += len(words)
                out.write(" ".join(words) + "\n")
        learned = skip_gram(corpus, "words", **settings)
    rows = [row for row, word in enumerate(learned.index_to_key) if len(word) <= max_length][:max_rows]
    words = [learned.index_to_key[row] for row in rows]
    counts = numpy.array([learned.get_vecattr(word, "count") for word in words], dtype="int64")
    return WordVectors(words, counts, learned.vectors[rows], {"words_read": count})
