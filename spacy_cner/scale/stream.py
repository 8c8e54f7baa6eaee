"""JSON lines from one stream to another, such as standard input and output."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from ..errors import InputError
from .job import Report
from .read import LONGEST, chunks_of, record_of
from .rows import Rows
from .write import json_lines

MOST = 1 << 20  # bytes that are read at a time: what is there, but no more


def annotate_stream(rows: Rows, source: BinaryIO, target: BinaryIO) -> Report:
    """Annotates JSON lines as they come: what is there makes a batch, so that nobody waits for the end of the input.

    RETURNS: what came of it. Raises RowError for the first row with an error if that ends the work, and InputError
    for a line that is too long."""
    total, number = Report(), 0

    def write(records: list[dict[str, Any]], added: pa.Table) -> None:
        target.write("".join(json_lines(records, added)).encode("utf-8"))

    for lines in _blocks(source):
        records = []
        for line in lines:
            number += 1
            if text := line.decode("utf-8", "surrogateescape").removeprefix("\ufeff").strip():
                records.append(record_of(text, f"line {number}: "))
        for chunk in chunks_of(records, rows.settings.text_column, lambda: 0):
            total.add(rows(chunk, write, "standard input"))
        target.flush()
    return total


def _blocks(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yields whole lines, as many as can be read without waiting."""
    left: list[bytes] = []  # of a line that has not ended
    size, number = 0, 1
    while block := source.read1(MOST):  # type: ignore[attr-defined]
        *lines, rest = block.split(b"\n")
        if lines:
            lines[0] = b"".join([*left, lines[0]])
            left, size, number = [], 0, number + len(lines)
            yield lines
        left.append(rest)
        size += len(rest)
        if size >= LONGEST:
            raise InputError(f"standard input:{number}: expected a line of less than {LONGEST} bytes, got a longer one")
    if size:
        yield [b"".join(left)]
