"""The rows of a Parquet file, whose strings may hold bytes that are no text."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from .inputs import Part

ROWS = 4096  # in a table at most


def parquet_rows(
    path: Path, part: Part, text_column: str, columns: list[str] | None = None
) -> Iterator[tuple[pa.Table, dict[int, str], int]]:
    """Yields tables of the rows of a part, what is wrong with the texts by their rows, and the bytes that are read.

    columns: those to read beside the texts, None for all; in the tables they stand in the order of the file.
    Raises InputError for a file without the texts' column, and for wrong bytes in lists and structs."""
    with pq.ParquetFile(path) as file:
        if text_column not in file.schema_arrow.names:
            found = ", ".join(file.schema_arrow.names)
            raise InputError(f"{path}: expected a column {text_column!r} with the texts, got the columns {found}")
        names = [n for n in file.schema_arrow.names if columns is None or n == text_column or n in columns]
        groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        start, stop = part.start, file.metadata.num_rows if part.stop is None else part.stop
        before, chosen, skipped = 0, [], 0
        for i, rows in enumerate(groups):
            if before + rows > start and before < stop:
                chosen.append(i)
            elif before + rows <= start:
                skipped += rows
            before += rows
        at = skipped
        read = None if columns is None else names  # Arrow reads `text.x` for `text`, too
        for batch in file.iter_batches(batch_size=ROWS, row_groups=chosen, columns=read):
            first, last = max(start - at, 0), min(stop - at, batch.num_rows)
            at += batch.num_rows
            if first < last:
                done = part.size * (min(at, stop) - start) // max(stop - start, 1)
                rows = pa.Table.from_batches([batch.slice(first, last - first)]).select(names)
                table, errors = mended(rows, text_column, path)
                yield table, errors, done


def mended(table: pa.Table, text_column: str, path: Path) -> tuple[pa.Table, dict[int, str]]:
    """Returns a table with U+FFFD for wrong bytes in its strings, and what is wrong with the texts by their rows."""
    errors: dict[int, str] = {}
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()):
                raise InputError(f"{path}: expected a column {name!r} with valid text, got {error}") from error
            raw = [value.as_py() for value in column.cast(kind).cast(pa.large_binary()).combine_chunks()]
            values = [None if value is None else value.decode("utf-8", "replace") for value in raw]
            table = table.set_column(place, table.schema.field(place), pa.array(values, kind).cast(column.type))
            if name == text_column:
                wrong = f"expected valid text under {name!r}, got wrong bytes"
                errors = {i: wrong for i, (a, b) in enumerate(zip(raw, values)) if b is not None and a != b.encode()}
    return table, errors
