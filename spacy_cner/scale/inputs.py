"""The files to annotate, and how they are cut into parts."""

import bz2
import glob
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..corpus.encoding import recognise_head
from ..errors import InputError
from .cuts import BLOCK, cuts_of, fewer

KINDS = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "lines",
    ".spacy": "spacy",
}
OPENERS: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda file: io.BufferedReader(pa.CompressedInputStream(file, "zstd")),
}
UNPACKING = (OSError, EOFError, lzma.LZMAError, zlib.error, pa.ArrowException)
DOCUMENTS = "documents"  # text files that are a document each
PIECES = 16  # of packed files: each is read from the beginning of its file
LONGEST = 100  # bytes of a file's name in the name of a part


@dataclass(frozen=True)
class Part:
    """What one part of the output is made of.

    files: one, or several that are a document each. kind: one of KINDS, or DOCUMENTS. start, stop: bytes of a text
    file, unpacked, or rows of a Parquet file; None is the end. line: the number of the first line. size: in bytes of
    the file."""

    name: str
    files: tuple[str, ...]
    kind: str
    encoding: str = "utf-8"
    start: int = 0
    stop: int | None = None
    line: int = 1
    size: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the part as JSON has it."""
        return {**asdict(self), "files": list(self.files)}

    @classmethod
    def from_dict(cls, part: dict[str, Any]) -> "Part":
        """The inverse of `to_dict`."""
        return cls(**{**part, "files": tuple(part["files"])})


def kind_of(path: Path) -> str | None:
    """Returns the kind of a file by its ending, or None for another file."""
    name = path.with_suffix("") if path.suffix.lower() in OPENERS else path
    kind = KINDS.get(name.suffix.lower())
    return None if kind in ("parquet", "spacy") and name != path else kind


def input_files(inputs: Iterable[str], output: Path | None = None) -> list[Path]:
    """Returns the files that paths, folders and patterns such as `data/*.jsonl` name, each once, in that order. What
    begins with a dot or an underscore in a folder is left out.

    output: the folder for the results; what is in it is no input. Raises InputError for what names nothing, and for a
    file of a kind that is not read."""
    files: dict[Path, Path] = {}  # by what links lead to
    for given in inputs:
        found = [Path(given)] if Path(given).exists() else sorted(map(Path, glob.glob(given, recursive=True)))
        if not found:
            raise InputError(f"{given}: expected a file, a folder or a pattern, found nothing there")
        for path in found:
            for file in _in_folder(path) if path.is_dir() else [path]:
                files.setdefault(file.resolve(), file)
    if output is not None and files:
        own = output.resolve()
        files = {place: path for place, path in files.items() if own not in place.parents}
        if not files:
            raise InputError(f"{output}: expected input files elsewhere than in the output's folder, got these alone")
    for path in files.values():
        if kind_of(path) is None:
            endings = f"{', '.join(KINDS)}, text also with {', '.join(OPENERS)}"
            raise InputError(f"{path}: expected a file that ends in {endings}, got another one")
    return list(files.values())


def _in_folder(folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.is_symlink() and not path.exists())
        and kind_of(path)
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    ]
    for path in found:
        if not path.exists():
            raise InputError(f"{path}: expected a file, got a link to nothing")
    if not found:
        raise InputError(f"{folder}: expected a folder with files that end in {', '.join(KINDS)}, found none")
    return found


def same_files(files: list[Path]) -> list[list[Any]]:
    """Returns what tells whether files are still the same: name, size, a checksum of their first and last bytes, and
    when they were written."""
    found: list[list[Any]] = []
    for path in files:
        about = path.stat()
        size = about.st_size
        with path.open("rb") as file:
            ends = file.read(BLOCK)
            file.seek(max(0, size - BLOCK))
            ends += file.read(BLOCK)
        found.append([str(path.absolute()), size, hashlib.sha256(ends).hexdigest()[:16], about.st_mtime_ns])
    return found


def changed_file(old: list[list[Any]], new: list[list[Any]]) -> str:
    """Returns the name of the first file that differs, or that only one of two answers of `same_files` has."""
    first, *_ = [a or b for a, b in zip_longest(old, new) if a != b]
    return str(first[0])


def opened(path: Path, file: BinaryIO) -> BinaryIO:
    """Returns the bytes of an open file, unpacked by its name's ending."""
    opener = OPENERS.get(path.suffix.lower())
    return opener(file) if opener else file


def encoding_of(path: Path) -> str:
    """Returns the encoding of a text file, by its beginning. Raises CorpusError where it cannot be told."""
    try:
        with path.open("rb") as file:
            stream, head = opened(path, file), b""
            while len(head) < 64 * BLOCK and head.isascii() and (block := stream.read(BLOCK)):
                head = head[-1024:] + block if head.isascii() else head
    except UNPACKING as error:
        raise InputError(f"{path}: expected a file that can be read, got {error}") from error
    return recognise_head(head, path).removesuffix("-sig") if head.strip() else "utf-8"


def plan(files: list[Path], text_column: str, part_size: int, *, whole: bool = False) -> list[Part]:
    """Cuts files into parts of about `part_size` bytes of text. A .spacy file is one part. A packed file is cut only
    where there are so few files that workers would have nothing to do.

    whole: text files are a document each, many to a part. Raises InputError for a file that cannot be read."""
    parts: list[Part] = []
    documents: list[Path] = []
    for path in files:
        kind = kind_of(path)
        if kind == "lines" and whole:
            documents.append(path)
        elif kind == "parquet":
            parts += _rows(path, text_column, part_size)
        elif kind == "spacy":
            parts.append(Part(path.stem, (str(path.absolute()),), kind, size=path.stat().st_size))
        else:
            parts += _lines(path, str(kind), part_size, max(1, PIECES // len(files)))
    parts += _documents(documents, part_size)
    return [replace(part, name=f"part-{i:05d}-{_short(part.name)}") for i, part in enumerate(parts)]


def _short(name: str) -> str:
    """A name, cut so that what is put around it fits into the 255 bytes of file systems."""
    return name.encode("utf-8", "surrogateescape")[:LONGEST].decode("utf-8", "ignore")


def _documents(files: list[Path], part_size: int) -> Iterator[Part]:
    group: list[str] = []
    size = 0
    for path in files:
        group.append(str(path.absolute()))
        size += path.stat().st_size
        if size >= part_size or len(group) >= 10_000 or path is files[-1]:
            yield Part(DOCUMENTS, tuple(group), DOCUMENTS, size=size)
            group, size = [], 0


def _rows(path: Path, text_column: str, part_size: int) -> Iterator[Part]:
    try:
        about = pq.ParquetFile(path).metadata
    except UNPACKING as error:
        raise InputError(f"{path}: expected a Parquet file, got {error}") from error
    groups = [about.row_group(i) for i in range(about.num_row_groups)]
    columns = [group.column(i) for group in groups for i in range(group.num_columns)]
    size = sum(each.total_uncompressed_size for each in columns if each.path_in_schema == text_column)
    rows = max(1, about.num_rows * part_size // max(size, 1))
    for start in range(0, max(about.num_rows, 1), rows):
        stop = min(start + rows, about.num_rows)
        share = path.stat().st_size * (stop - start) // max(about.num_rows, 1)
        yield Part(path.stem, (str(path.absolute()),), "parquet", start=start, stop=stop, size=share)


def _lines(path: Path, kind: str, part_size: int, pieces: int) -> Iterator[Part]:
    encoding, size, packed = encoding_of(path), path.stat().st_size, path.suffix.lower() in OPENERS
    name = path.name.split(".")[0] or path.name
    part = Part(name, (str(path.absolute()),), kind, encoding, size=size)
    if encoding.startswith(("utf-16", "utf-32")) or (pieces == 1 if packed else size <= part_size):
        yield part
        return
    try:
        with path.open("rb") as file:
            cuts = cuts_of(opened(path, file), kind, part_size)
    except UNPACKING as error:
        raise InputError(f"{path}: expected a file that can be read, got {error}") from error
    if packed:
        cuts = fewer(cuts, pieces)
    if len(cuts) < 2:
        yield part
        return
    start, line = 0, 1
    for stop, following in cuts:
        share = size * (stop - start) // cuts[-1].stop
        yield replace(part, start=start, stop=stop, line=line, size=share)
        start, line = stop, following
