"""Words with their counts and vectors, learned from raw text, kept as one small .npz file.

The file holds `words` (a text, one word a line, most frequent first), `counts`, and `vectors` (int8, rows as in
`words`) with `scales` (float16, the factor of each row). It also holds `recipe`, a JSON text that says how they were
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
    """Words in descending order of counts. counts: int64 (V,). vectors: float32 (V, width)."""

    words: list[str]
    counts: numpy.ndarray
    vectors: numpy.ndarray
    recipe: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Returns the contents of the file."""
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
        """Reads what `to_bytes` wrote; the vectors are rounded."""
        with numpy.load(io.BytesIO(data), allow_pickle=False) as arrays:
            words = str(arrays["words"])
            return cls(
                words.split("\n") if words else [],
                arrays["counts"],
                arrays["vectors"].astype("float32") * arrays["scales"].astype("float32"),
                json.loads(str(arrays["recipe"])),
            )

    def save(self, path: Path) -> None:
        """Writes the file, and its folder if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> "WordVectors":
        """Reads a file that `save` wrote. Raises InputError if it is another, or missing."""
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
    """Segments raw text into words as jieba does (by rjieba), and learns their vectors.

    max_length: words with more characters are dropped. max_rows: the number of words kept, the most frequent ones.
    settings: passed to `skip_gram`, which needs the width.
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
