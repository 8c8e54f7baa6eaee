"""A worker: it annotates one part after the other and writes what comes out."""

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ..errors import InputError
from .annotator import Annotator
from .inputs import Part
from .job import Job, JobFolder, Report
from .read import Chunk, read_part
from .rows import RowError, Rows
from .write import DOCUMENT_FORMATS, WRITERS, file_name, new_part

FULL = (errno.ENOSPC, errno.EDQUOT)  # no other part could be written either
# Called after each chunk: with what came of it, and how many bytes of the part have been read.
Listener = Callable[[Report, int], None]


class PartWorker:
    """Annotates the parts of a job by their numbers.

    folder: of the job. Raises InputError where the pipeline at the job's path is not the job's."""

    def __init__(self, folder: Path, gpu_id: int = -1):
        self.folder, job = JobFolder(folder), Job.read(folder)
        self.job, self.settings = job, job.settings
        annotator = Annotator(job.path, gpu_id=gpu_id, **job.settings.to_dict())
        found = annotator.about["model"]
        if found != job.model:
            expected = f"expected the pipeline of the job, {job.model}, got {found}"
            raise InputError(f"{job.path}: {expected}; it must be the same on every machine")
        self.rows = Rows(annotator, job.format, on_error=job.on_error, keep=job.keep_columns, types=job.types)

    def __call__(self, number: int, listen: Listener | None = None) -> Report:
        """Writes a part. Raises InputError for one that cannot be read, and RowError for a row with an error if that
        ends the work."""
        part, begun, cpu = self.job.parts[number], time.monotonic(), time.process_time()
        total = Report(part.name)
        with new_part(self.folder.path, file_name(part.name, self.job.format)) as path:
            columns = self.job.keep_columns
            arguments: tuple[str | None, ...] = ()
            if self.job.format in DOCUMENT_FORMATS:
                columns = [self.job.id_column] if self.job.id_column else []
                arguments = (self.settings.text_column, self.job.id_column)
            with WRITERS[self.job.format](path, *arguments) as write:
                chunks = 0
                for chunk in read_part(part, self.settings.text_column, columns):
                    report = self.rows(chunk, write, part.files[0])
                    total.add(report)
                    chunks += 1
                    if listen is not None:
                        listen(report, chunk.done)
                if not chunks and self.job.format in ("parquet", "csv"):
                    self.rows(self._empty(part), write, part.files[0])  # so that it has columns
        total.seconds, total.cpu_seconds = time.monotonic() - begun, time.process_time() - cpu
        self.folder.finished(total)
        return total

    def failed(self, number: int, error: Exception) -> dict[str, Any]:
        """Returns what is told of a part that ended with an error: a message of `spacy_cner.scale.local.Told`, or that
        the work stops."""
        if isinstance(error, (InputError, OSError)):
            is_end = isinstance(error, RowError) or getattr(error, "errno", None) in FULL
            return {"kind": "stop" if is_end else "failed", "error": str(error)}
        expected = f"expected rows that can be annotated, got {type(error).__name__}: {error}"
        return {"kind": "failed", "error": f"{self.job.parts[number].files[0]}: {expected}"}

    def _empty(self, part: Part) -> Chunk:
        """A chunk without rows."""
        return Chunk(pq.read_schema(part.files[0]).empty_table()) if part.kind == "parquet" else Chunk()
