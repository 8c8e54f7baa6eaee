"""Words with their counts and vectors, learned from raw text, kept as one small .npz file.

The file holds `words` (a text, one word a line, most frequent first), `counts`, and `vectors` (int8, rows as in
`words`) with `scales` (float16, the factor of each row). It also holds `recipe`, a JSON text that says how they were
made."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

from ..corpus.raw import raw_lines
from ..errors import InputError
from ..files import temporary_folder
from ..text.chars import normalize_text
from ..text.progress import progress
from .arrays import BAD_FILE, check_vectors, pack, read_arrays, save_arrays, unpack
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
        scales = numpy.abs(self.vectors).max(axis=1, keepdims=True, initial=1e-12) / 127
        return pack(
            self.recipe,
            words="\n".join(self.words),
            counts=self.counts.astype("int64"),
            vectors=numpy.round(self.vectors / scales).astype("int8"),
            scales=scales.astype("float16"),
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "WordVectors":
        """Reads what `to_bytes` wrote; the vectors are rounded."""
        recipe, arrays = unpack(data)
        words = str(arrays["words"]).split("\n") if str(arrays["words"]) else []
        vectors = arrays["vectors"].astype("float32") * arrays["scales"].astype("float32")
        check_vectors(words, vectors, arrays["counts"])
        return cls(words, arrays["counts"], vectors, recipe)

    def save(self, path: Path) -> None:
        """Writes the file, and its description with the checksum to the same name with .json."""
        save_arrays(path, self.to_bytes(), self.recipe)

    @classmethod
    def load(cls, path: Path) -> "WordVectors":
        """Reads a file that `save` wrote. Raises InputError if it is another, missing, or not as its description
        states."""
        data = read_arrays(path, "word vectors")
        try:
            return cls.from_bytes(data)
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

    with temporary_folder("spacy_cner-words") as folder:
        corpus = folder / "words.txt"
        count = 0
        with corpus.open("w", encoding="utf-8") as out:
            for line in progress(raw_lines(paths), unit="line", desc="reading"):
                words = [word for word in rjieba.cut(normalize_text(line)) if not word.isspace()]
                count += len(words)
                # numpy drops NUL characters at the end of a string.
                out.write(" ".join(word for word in words if "\0" not in word) + "\n")
        learned = skip_gram(corpus, "words", **settings)
    rows = [row for row, word in enumerate(learned.index_to_key) if len(word) <= max_length][:max_rows]
    words = [learned.index_to_key[row] for row in rows]
    counts = numpy.array([learned.get_vecattr(word, "count") for word in words], dtype="int64")
    return WordVectors(words, counts, learned.vectors[rows], {"words_read": count})
