"""The rows of a chunk, as they are written with what is added."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError
from .annotator import Annotator
from .columns import METADATA
from .job import OnError, Report
from .read import Chunk
from .records import REST
from .write import DOCUMENT_FORMATS


class RowError(InputError):
    """A row that could not be annotated where that ends the work."""


class Rows:
    """Annotates chunks and has their rows written.

    format: JSON lines take records, all others a table. on_error: what becomes of rows with errors. keep: the columns
    to keep, or None for all. types: of the columns of text formats."""

    def __init__(
        self,
        annotator: Annotator,
        format: str = "jsonl",
        *,
        on_error: OnError = "keep",
        keep: list[str] | None = None,
        types: dict[str, str] | None = None,
    ):
        self.annotator, self.settings = annotator, annotator.settings
        self.format, self.on_error, self.keep, self.types = format, on_error, keep, types or {}

    def __call__(self, chunk: Chunk, write: Callable[[Any, pa.Table], Any], place: str) -> Report:
        """Annotates a chunk. write: gets the rows and, as a table, what is added to them. place: where they are from.

        RETURNS: what came of it. Raises RowError for a row with an error if that ends the work."""
        texts = chunk.texts(self.settings.text_column)
        added = self._added(chunk, texts)
        rows = self.kept(chunk)
        failed = added.column("error").is_valid()
        report = Report(
            rows=len(chunk),
            errors=pc.sum(failed).as_py() or 0,
            entities=pc.sum(pc.list_value_length(added.column("ents"))).as_py() or 0,
            characters=pc.sum(pc.utf8_length(texts.column(0).cast(pa.string()))).as_py() or 0,
        )
        if report.errors and self.on_error == "fail":
            first = failed.index(True).as_py()
            raise RowError(f"{place}: {added.column('error')[first].as_py()}")
        if report.errors and self.on_error == "skip":
            kept = pc.invert(failed)
            added = added.filter(kept)
            rows = _filtered(rows, kept)
        write(rows, added)
        return report

    def _added(self, chunk: Chunk, texts: pa.Table) -> pa.Table:
        annotated = self.annotator(texts)
        added = annotated.select(list(self.settings.added))
        if chunk.errors:
            errors = added.column("error").to_pylist()
            for i, error in chunk.errors.items():
                errors[i] = error
            place = added.schema.get_field_index("error")
            added = added.set_column(place, "error", pa.array(errors, pa.string()))
        return added.replace_schema_metadata({METADATA: annotated.schema.metadata[METADATA]})

    def kept(self, chunk: Chunk) -> pa.Table | list[dict[str, Any]]:
        """Returns the rows without what is not kept."""
        if self.format == "jsonl":
            return [self._record(record) for record in chunk.as_records()]
        if self.format in DOCUMENT_FORMATS:
            return chunk.records if chunk.table is None else chunk.table
        return chunk.as_table(self.types, self.keep)

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record without what is not kept. What has the name of something that is added goes under REST."""
        kept = {key: value for key, value in record.items() if self.keep is None or key in self.keep}
        taken = {key: kept.pop(key) for key in self.settings.added if key in kept}
        if taken and REST in kept:
            taken[REST] = kept.pop(REST)
        return {**kept, REST: taken} if taken else kept


def _filtered(rows: pa.Table | list[dict[str, Any]], kept: pa.ChunkedArray) -> pa.Table | list[dict[str, Any]]:
    if isinstance(rows, pa.Table):
        return rows.filter(kept)
    return [row for row, keep in zip(rows, kept.to_pylist(), strict=True) if keep]
