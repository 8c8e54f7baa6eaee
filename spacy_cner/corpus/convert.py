"""Corpus files of any known format to a DocBin."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin

from ..errors import CorpusError, InputError
from ..text.progress import progress
from ..text.tags import SCHEMES
from .brat import read_brat
from .columns import read_columns
from .conll import read_conll
from .docbin import chinese_vocab
from .enamex import read_enamex
from .fast_spans import fast_spans
from .jsonlines import read_cluener, read_doccano, read_prodigy
from .label_studio import read_label_studio
from .markup import read_markup
from .offsets import UNITS
from .segmented import read_segmented
from .source import Sentence, Source
from .tagged import TAG_SETS, read_tagged
from .train_data import read_train_data


@dataclass(frozen=True)
class Format:
    """`read` takes a Source, and the options by name. `suffix`: of the files in a folder, for formats that may be one.
    `has_entities`: whether a corpus of this format is annotated with entities. `has_kinds`: whether it may say which
    kind of text follows."""

    read: Callable[..., Iterator[Sentence]]
    options: tuple[str, ...] = ()
    suffix: str = ""
    has_entities: bool = True
    has_kinds: bool = False


FORMATS: dict[str, Format] = {
    "bio": Format(partial(read_columns, scheme="bio"), ("strict_tags",)),
    "bioes": Format(partial(read_columns, scheme="bioes"), ("strict_tags",)),
    "bmes": Format(partial(read_columns, scheme="bmes"), ("strict_tags",)),
    "weibo": Format(partial(read_columns, scheme="bio", places=True), ("strict_tags",)),
    "conll": Format(read_conll, ("strict_tags", "scheme", "column", "tag_column")),
    "segmented": Format(read_segmented, has_entities=False),
    "tagged": Format(read_tagged, ("labels", "tag_set")),
    "cluener": Format(read_cluener, ("offsets",)),
    "doccano": Format(read_doccano, ("offsets",)),
    "prodigy": Format(read_prodigy, ("offsets",)),
    "label-studio": Format(read_label_studio, ("offsets",)),
    "train-data": Format(read_train_data, ("offsets",)),
    "brat": Format(read_brat, ("offsets",), suffix=".txt"),
    "enamex": Format(read_enamex, suffix=".name"),
    "markup": Format(read_markup, has_kinds=True),
}

# The values of the options that do not take any.
CHOICES: dict[str, Collection[str]] = {"tag_set": TAG_SETS, "offsets": UNITS, "scheme": SCHEMES}


@dataclass
class ConversionReport:
    """What was converted, what was skipped and why, and what the user should know of.

    skipped: why sentences, single annotations or whole files of a folder could not be read.
    notes: a description to the places.
    left_over: a description to what no rule of the format reads, with its counts."""

    sentences: int = 0
    characters: int = 0
    entities: int = 0
    words: int = 0
    encodings: set[str] = field(default_factory=set)
    skipped: list[CorpusError] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    left_over: dict[str, Counter[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        counts = f"{self.sentences} sentences, {self.characters} characters, {self.entities} entities"
        words = f", {self.words} words" if self.words else ""
        return f"{counts}{words} ({' and '.join(sorted(self.encodings))}), {len(self.skipped)} skipped"

    def take_notes(self, source: Source) -> None:
        """Adds what the reader of a file noted."""
        for description, places in source.notes.items():
            self.notes.setdefault(description, []).extend(places)
        for description, counts in source.left_over.items():
            self.left_over.setdefault(description, Counter()).update(counts)

    def add(self, other: "ConversionReport") -> None:
        """Adds the report of another corpus."""
        self.sentences += other.sentences
        self.characters += other.characters
        self.entities += other.entities
        self.words += other.words
        self.encodings |= other.encodings
        self.skipped += other.skipped
        for description, places in other.notes.items():
            self.notes.setdefault(description, []).extend(places)
        for description, counts in other.left_over.items():
            self.left_over.setdefault(description, Counter()).update(counts)


@fast_spans()
def convert(
    path: Path, format: str, *, encoding: str | None = None, lenient: bool = False, **options: Any
) -> tuple[DocBin, ConversionReport]:
    """Reads a file, or a folder where the format may be one, in one of FORMATS.

    lenient: skips and reports what breaks the format, instead of an error for the first such place: sentences, brat
        annotations that do not say where they belong, whole files of a folder.
    options: those of the format's reader.

    An empty text file in a folder is left out and noted.
    RAISES: InputError for an unknown format, encoding or option. CorpusError for a file that cannot be read at all or
    holds no sentence, and for the first place that breaks the format."""
    check_options(format, options)
    vocab = chinese_vocab()
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], store_user_data=FORMATS[format].has_kinds)
    report = ConversionReport()
    bar = progress(unit="sentence", desc=path.name)
    for source in _sources(path, format, encoding, lenient, report):
        report.encodings.add(source.encoding)
        for _, sentence in FORMATS[format].read(source, **options):
            bar.update()
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
        report.take_notes(source)
    bar.close()
    if not report.sentences:
        reason = f"; the first of {len(report.skipped)} skipped: {report.skipped[0]}" if report.skipped else ""
        noted = "".join(f"; {len(places)} x {description}" for description, places in report.notes.items())
        raise CorpusError(f"expected at least one sentence, got none{reason or noted}", path=path)
    return docs, report


def check_options(format: str, options: dict[str, Any]) -> None:
    """Raises InputError for an unknown format, for an option that its reader does not have, and for a value that the
    option cannot have."""
    if format not in FORMATS:
        raise InputError(f"expected a format out of {', '.join(FORMATS)}, got {format!r}")
    for option in options:
        if option not in FORMATS[format].options:
            having = [name for name, known in FORMATS.items() if option in known.options]
            flag = "--" + option.replace("_", "-")
            raise InputError(f"expected {flag} with the format {' or '.join(having)}, got it with {format!r}")
    for option, choices in CHOICES.items():
        if option in options and options[option] not in choices:
            flag = "--" + option.replace("_", "-")
            raise InputError(f"expected {flag} out of {', '.join(choices)}, got {options[option]!r}")
    if "labels" in options and "tag_set" in options:
        raise InputError("expected --labels or --tag-set, got both")


def _sources(
    path: Path, format: str, encoding: str | None, lenient: bool, report: ConversionReport
) -> Iterator[Source]:
    """Yields the files. Of a folder, empty ones are noted, and others that are no text skipped if that is wanted."""
    if not path.is_dir():
        yield Source.read(path, encoding)
        return
    for file in files(path, format):
        if _is_empty(file) and (format != "brat" or _has_notes_alone(file.with_suffix(".ann"))):
            report.notes.setdefault("file without text, left out", []).append(str(file))
            continue
        try:
            source = Source.read(file, encoding)
        except CorpusError as error:
            if not lenient:
                raise
            report.skipped.append(error)
            continue
        yield source


def _is_empty(path: Path) -> bool:
    return not path.is_file() or not path.read_bytes().strip()


def _has_notes_alone(path: Path) -> bool:
    """Whether an .ann file has no annotation of a text, such as what `annotate` writes for one that is empty."""
    return _is_empty(path) or all(line.startswith(b"#") for line in path.read_bytes().split(b"\n") if line.strip())


def files(path: Path, format: str) -> list[Path]:
    """Returns the files to read: `path` itself, the .txt files of a brat folder or the .name files of an enamex folder.

    Raises InputError for a folder in another format, without such files, or with a .ann file that has no .txt file."""
    if not path.is_dir():
        return [path]
    suffix = FORMATS[format].suffix
    if not suffix:
        raise InputError(f"{path}: expected a file for the format {format}, got a folder")
    texts = sorted(path.rglob(f"*{suffix}"))
    if not texts:
        raise InputError(f"{path}: expected a folder with {suffix} files, found none")
    if format != "brat":
        return texts
    alone = set(path.rglob("*.ann")) - {text.with_suffix(".ann") for text in texts}
    if alone:
        raise InputError(f"{min(alone)}: expected a .txt file next to it, found none")
    return texts
