"""Where text files are cut into parts: at ends of lines, and of records of CSV."""

import codecs
import csv
import io
import sys
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BLOCK = 1 << 20
MARK = codecs.BOM_UTF8.decode("latin-1")
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


class Cut(NamedTuple):
    """The end of a part in bytes, and the number of the line that follows."""

    stop: int
    line: int


def cuts_of(file: BinaryIO, kind: str, part_size: int) -> list[Cut]:
    """Returns the ends of parts of about `part_size` bytes; none for CSV that cannot be read.

    file: its bytes, unpacked. kind: csv, tsv, or any other for lines."""
    if kind not in ("csv", "tsv"):
        return list(_line_cuts(file, part_size))
    try:
        return list(_record_cuts(file, "\t" if kind == "tsv" else ",", part_size))
    except csv.Error:  # as the worker will say
        return []


def _line_cuts(file: BinaryIO, part_size: int) -> Iterator[Cut]:
    stop, line = 0, 1
    while True:
        start, last = stop, b""
        while stop < start + part_size and (block := file.read(min(BLOCK, start + part_size - stop))):
            line, stop, last = line + block.count(b"\n"), stop + len(block), block[-1:]
        if stop == start:
            return
        if last != b"\n" and (rest := file.readline()):
            line, stop = line + 1, stop + len(rest)
        yield Cut(stop, line)


def _record_cuts(file: BinaryIO, delimiter: str, part_size: int) -> Iterator[Cut]:
    start = stop = 0

    def lines() -> Iterator[str]:
        nonlocal stop
        # A character is a byte. Line ends, quotes and delimiters are the same in all encodings of bytes.
        for line in io.TextIOWrapper(file, "latin-1", newline=""):
            begun, stop = stop > 0, stop + len(line)
            yield line if begun else line.removeprefix(MARK)

    reader = csv.reader(lines(), delimiter=delimiter)
    for _ in reader:
        if stop - start >= part_size:
            yield Cut(stop, reader.line_num + 1)
            start = stop
    if stop > start:
        yield Cut(stop, reader.line_num + 1)


def fewer(cuts: list[Cut], most: int) -> list[Cut]:
    """Returns cuts of at most so many parts of like sizes."""
    step = max(1, -(-len(cuts) // most))
    return [*cuts[step - 1 : -1 : step], *cuts[-1:]]
