"""The rows of a part, a chunk at a time."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from ..corpus.docbin import chinese_vocab, docs_of, load
from ..corpus.encoding import CESU, decode_as
from ..errors import InputError
from .cuts import BLOCK
from .inputs import DOCUMENTS, UNPACKING, Part, encoding_of, opened
from .parquet import parquet_rows
from .records import REST, as_table, cleaned, is_text, python_rows, repeated

ROWS, CHARACTERS = 4096, 2_000_000  # in a chunk at most
LONGEST = 1 << 26  # bytes of a line: a longer one is no line


@dataclass
class Chunk:
    """Some rows of a part: a table, or records whose columns have the types of the plan.

    errors: why a row could not be read, by its number in the chunk. done: bytes of the part that are read."""

    table: pa.Table | None = None
    records: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    done: int = 0

    def __len__(self) -> int:
        return len(self.records) if self.table is None else self.table.num_rows

    def texts(self, column: str) -> pa.Table:
        """Returns a table with the texts alone; those of rows with errors are null."""
        if self.table is not None:
            texts = self.table.select([column])
            if not self.errors:
                return texts
            given = pa.array([i not in self.errors for i in range(len(self))])
            return pa.table({column: pc.if_else(given, texts.column(0), None)})
        values = [None if i in self.errors else record.get(column) for i, record in enumerate(self.records)]
        return pa.table({column: pa.array(values, pa.string())})

    def as_table(self, types: dict[str, str], keep: list[str] | None = None) -> pa.Table:
        """Returns the rows as a table, whose columns have these types if they are not a table yet.

        keep: the columns to keep, or None for all."""
        if self.table is not None:
            return self.table if keep is None else self.table.select([n for n in self.table.column_names if n in keep])
        if keep is None:
            return as_table(self.records, types)
        records = [{key: value for key, value in record.items() if key in keep} for record in self.records]
        return as_table(records, {key: kind for key, kind in types.items() if key in keep})

    def as_records(self) -> list[dict[str, Any]]:
        """Returns the rows as records."""
        return self.records if self.table is None else python_rows(self.table)


def read_part(part: Part, text_column: str, columns: list[str] | None = None) -> Iterator[Chunk]:
    """Yields the rows of a part. A row that cannot be read is one with an error.

    columns: those of Parquet to read beside the texts, None for all.
    Raises InputError for a file that cannot be read."""
    path = Path(part.files[0])
    rows: Iterator[tuple[dict[str, Any], str | None]]
    try:
        if part.kind == "parquet":
            for table, errors, done in parquet_rows(path, part, text_column, columns):
                yield Chunk(table, errors=errors, done=done)
        elif part.kind == "spacy":
            docs = docs_of(load(path), chinese_vocab())
            rows = (({"file": path.name, "number": i, text_column: doc.text}, None) for i, doc in enumerate(docs, 1))
            yield from chunks_of(rows, text_column, lambda: 0)
        elif part.kind == DOCUMENTS:
            yield from chunks_of(_documents(part, text_column), text_column, lambda: 0)
        else:
            with path.open("rb") as file:
                stream = opened(path, file)
                skip(stream, part.start)
                first = file.tell()
                rows = _rows(path, part, stream, text_column)
                # What reads it may have closed it at the end.
                yield from chunks_of(rows, text_column, lambda: part.size if file.closed else file.tell() - first)
    except UNPACKING as error:
        raise InputError(f"{path}: expected a file that can be read, got {error}") from error


def skip(stream: BinaryIO, size: int) -> None:
    """Goes over so many bytes of a file, of which one that is packed must be unpacked."""
    if isinstance(stream, io.BufferedReader) and stream.seekable():
        stream.seek(size)
    else:
        while size > 0 and (block := stream.read(min(size, BLOCK))):
            size -= len(block)


def chunks_of(
    rows: Iterable[tuple[dict[str, Any], str | None]], text_column: str, tell: Callable[[], int]
) -> Iterator[Chunk]:
    """Yields records, each with what is wrong with it, in chunks. A text that is no text is an error.

    tell: returns how many bytes have been read."""
    chunk, size = Chunk(), 0
    for record, error in rows:
        text = record.get(text_column)
        if error is None and text is not None and not isinstance(text, str):
            error = f"expected a string under {text_column!r}, got {type(text).__name__}"
        if error is None and isinstance(text, str) and not is_text(text):
            error = f"expected valid text under {text_column!r}, got wrong bytes or half a surrogate pair"
        try:
            record = cleaned(record)
        except InputError as nested:
            record, error = {}, error or str(nested)
        if error is not None:
            chunk.errors[len(chunk.records)] = error
        chunk.records.append(record)
        size += len(text) if isinstance(text, str) else 0
        if len(chunk.records) >= ROWS or size >= CHARACTERS:
            chunk.done = tell()
            yield chunk
            chunk, size = Chunk(), 0
    if chunk.records:
        chunk.done = tell()
        yield chunk


def _documents(part: Part, text_column: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    for name in part.files:
        path, error, text = Path(name), None, None
        try:
            with path.open("rb") as file:
                data = opened(path, file).read()
            text = decoded(data, encoding_of(path)).removeprefix("\ufeff")
        except (InputError, UnicodeError, *UNPACKING) as wrong:
            error = f"expected a text file, got {wrong}"
        yield {"file": name, text_column: text}, error


def _rows(path: Path, part: Part, stream: BinaryIO, text_column: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    encoding = part.encoding
    if encoding.startswith(("utf-16", "utf-32")):
        stream, encoding = io.BytesIO(_as_utf8(path, stream.read(), encoding)), "utf-8"
    if part.kind in ("csv", "tsv"):
        yield from _csv(path, part, stream, encoding)
        return
    for number, line in _numbered(path, part, stream):
        text = decoded(line, encoding).removesuffix("\n").removesuffix("\r")
        if number == 1:
            text = text.removeprefix("\ufeff")
        if part.kind == "lines":
            yield {"file": path.name, "line": number, text_column: text}, None
        elif text.strip():
            yield record_of(text, f"{path.name}:{number}: ")


def _as_utf8(path: Path, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8", "surrogatepass")
    except UnicodeError as error:
        raise InputError(f"{path}: expected text in {encoding}, got bytes that are not ({error})") from error


def decoded(data: bytes, encoding: str) -> str:
    """Returns the text of bytes, wrong ones of an encoding of bytes as halves of surrogate pairs."""
    if encoding != CESU:
        return data.decode(encoding, "surrogateescape")
    try:
        return decode_as(data, CESU)
    except UnicodeError:
        return data.decode("utf-8", "surrogateescape")


def _numbered(path: Path, part: Part, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yields the number and the bytes of each line of the part."""
    left = sys.maxsize if part.stop is None else part.stop - part.start
    number = part.line
    while left > 0 and (line := stream.readline(LONGEST)):
        if len(line) == LONGEST:
            raise InputError(f"{path}:{number}: expected a line of less than {LONGEST} bytes, got a longer one")
        yield number, line
        left -= len(line)
        number += 1


def record_of(line: str, where: str = "") -> tuple[dict[str, Any], str | None]:
    """Returns the record of a line of JSONL, and what is wrong with it."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "one that cannot be read")
        return {REST: line}, f"{where}expected a JSON object, got invalid JSON ({reason})"
    if not isinstance(record, dict):
        return {REST: line}, f"{where}expected a JSON object, got {type(record).__name__}"
    return record, None


def _csv(path: Path, part: Part, stream: BinaryIO, encoding: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    if part.stop is not None:
        stream = io.BytesIO(stream.read(part.stop - part.start))
    records, lines = _records(part, stream, encoding, header=not part.start)
    names = header_of(part) if part.start else _names(path, records, lines)
    while True:
        number = part.line + records.line_num
        lines.taken.clear()
        try:
            row = next(records, None)
        except csv.Error:
            yield {REST: "".join(lines.taken).rstrip("\r\n")}, f"{path.name}:{number}: {_fault_of(lines)}"
            continue
        if row is None:
            return
        if not row:
            continue
        record: dict[str, Any] = dict(zip(names, row))
        error = None
        if len(row) != len(names):
            error = f"{path.name}:{number}: expected {len(names)} columns, got {len(row)}"
            record.update({f"column {i}": value for i, value in enumerate(row[len(names) :], len(names) + 1)})
        yield record, error


def header_of(part: Part) -> list[str]:
    """Returns the names of the columns of a CSV file. Raises InputError for two of one name."""
    path, encoding = Path(part.files[0]), part.encoding
    with path.open("rb") as file:
        stream = opened(path, file)
        if encoding.startswith(("utf-16", "utf-32")):
            stream, encoding = io.BytesIO(_as_utf8(path, stream.read(), encoding)), "utf-8"
        return _names(path, *_records(part, stream, encoding, header=True))


def _names(path: Path, records: Any, lines: "_Lines") -> list[str]:
    try:
        header: list[str] = next(filter(None, records), [])  # blank lines are no records, here neither
    except csv.Error:
        raise InputError(f"{path}:1: {_fault_of(lines)}") from None
    names = [name or f"column {i}" for i, name in enumerate(header, 1)]
    if twice := repeated(names):
        raise InputError(f"{path}:1: expected a name of its own for each column, got {', '.join(twice)} more than once")
    return names


class _Lines:
    """Lines that know which were taken, and whether they were read beyond the last one."""

    def __init__(self, lines: Iterable[str]):
        self._lines = iter(lines)
        self.taken: list[str] = []
        self.is_at_end = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.is_at_end = True
            raise StopIteration
        self.taken.append(line)
        return line


def _fault_of(lines: _Lines) -> str:
    """Returns what is wrong with a record that cannot be read. One with an open quote asks for more lines."""
    if lines.is_at_end:
        return "expected a quote that ends, got the end of the file"
    return "expected nothing between a quote that ends and the next column; a quote within quotes is written twice"


def _records(part: Part, stream: BinaryIO, encoding: str, *, header: bool = False) -> tuple[Any, _Lines]:
    """Returns the csv.reader, and its lines. header: the stream is at the beginning of its file."""
    if encoding == CESU:
        stream, encoding = io.BytesIO(decoded(stream.read(), CESU).encode("utf-8", "surrogateescape")), "utf-8"
    if header and encoding == "utf-8":
        encoding = "utf-8-sig"  # a mark before a quote would make the quote a part of the name
    lines = _Lines(io.TextIOWrapper(stream, encoding, "surrogateescape", newline=""))
    return csv.reader(lines, delimiter="\t" if part.kind == "tsv" else ",", strict=True), lines
