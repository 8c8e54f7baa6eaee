"""Corpus files of any known format to a DocBin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin

from ..errors import CorpusError, InputError
from .brat import read_brat
from .columns import read_columns
from .docbin import chinese_vocab
from .enamex import read_enamex
from .fast_spans import fast_spans
from .jsonlines import read_cluener, read_doccano
from .markup import read_markup
from .segmented import read_segmented
from .source import Sentence, Source
from .tagged import read_tagged

Reader = Callable[..., Iterator[Sentence]]  # takes a Source, and the format's own options by name

FORMATS: dict[str, Reader] = {
    "bio": partial(read_columns, scheme="bio"),
    "bioes": partial(read_columns, scheme="bioes"),
    "bmes": partial(read_columns, scheme="bmes"),
    "weibo": partial(read_columns, scheme="bio", places=True),
    "segmented": read_segmented,
    "tagged": read_tagged,
    "cluener": read_cluener,
    "doccano": read_doccano,
    "brat": read_brat,
    "enamex": read_enamex,
    "markup": read_markup,
}
# Of the files in a folder, for formats that may be one.
SUFFIXES = {"brat": ".txt", "enamex": ".name"}


@dataclass
class Report:
    """What was converted, what was skipped and why, and what the user should know of (description -> places)."""

    sentences: int = 0
    characters: int = 0
    entities: int = 0
    words: int = 0
    encodings: set[str] = field(default_factory=set)
    skipped: list[CorpusError] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        counts = f"{self.sentences} sentences, {self.characters} characters, {self.entities} entities"
        words = f", {self.words} words" if self.words else ""
        return f"{counts}{words} ({' and '.join(sorted(self.encodings))}), {len(self.skipped)} skipped"


@fast_spans()
def convert(
    path: Path, format: str, *, encoding: str | None = None, lenient: bool = False, **options: Any
) -> tuple[DocBin, Report]:
    """Read a file, or a folder where SUFFIXES has the format, in one of FORMATS. `options` are those of the reader.

    RAISES: InputError for an unknown format or encoding; CorpusError for a file that cannot be read at all or holds no
    sentence, and for the first sentence that breaks the format. With `lenient`, such sentences are skipped and
    reported instead."""
    if format not in FORMATS:
        raise InputError(f"expected a format out of {', '.join(FORMATS)}, got {format!r}")
    vocab = chinese_vocab()
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    report = Report()
    for file in files(path, format):
        source = Source.read(file, encoding)
        report.encodings.add(source.encoding)
        for _, sentence in FORMATS[format](source, **options):
            if isinstance(sentence, CorpusError):
                if not lenient:
                    raise sentence
                report.skipped.append(sentence)
                continue
            docs.add(sentence.to_doc(vocab))
            report.sentences += 1
            report.characters += len(sentence.text)
            report.entities += len(sentence.entities or ())
            report.words += len(sentence.words or ())
        for description, places in source.notes.items():
            report.notes.setdefault(description, []).extend(places)
    if not report.sentences:
        reason = f"; the first of {len(report.skipped)} skipped: {report.skipped[0]}" if report.skipped else ""
        raise CorpusError(f"expected at least one sentence, got none{reason}", path=path)
    return docs, report


def files(path: Path, format: str) -> list[Path]:
    """The files to read: `path` itself, or the .txt files of a brat folder, the .name files of an enamex folder.

    Raises InputError for a folder in another format, without such files, or with a .ann file that has no .txt file."""
    if not path.is_dir():
        return [path]
    if format not in SUFFIXES:
        raise InputError(f"{path}: expected a file for the format {format}, got a folder")
    texts = sorted(path.rglob(f"*{SUFFIXES[format]}"))
    if not texts:
        raise InputError(f"{path}: expected a folder with {SUFFIXES[format]} files, found none")
    if format != "brat":
        return texts
    alone = set(path.rglob("*.ann")) - {text.with_suffix(".ann") for text in texts}
    if alone:
        raise InputError(f"{min(alone)}: expected a .txt file beside it, found none")
    return texts
