"""A job from its first part to _SUCCESS, whatever the engine."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..text.progress import progress
from .job import Job, JobFolder, Report
from .local import Told

# Annotates the parts of a job's folder with these numbers, and tells what becomes of them.
Engine = Callable[[Path, list[int], Told], None]


@dataclass
class Outcome:
    """What became of a job. done_before: the parts that were done when it began. broken: why parts could not be read.
    seconds: that it took, start-up included."""

    total: Report
    parts: int
    done_before: int
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Follower:
    """Shows how far a job is, and ends it after too many errors."""

    def __init__(self, job: Job, todo: list[int], max_errors: int | None, errors: int):
        self.sizes = {i: job.parts[i].size for i in todo}
        self.done = dict.fromkeys(todo, 0)
        self.rows: dict[int, int] = dict.fromkeys(todo, 0)
        self.errors: dict[int, int] = dict.fromkeys(todo, 0)
        self.max_errors, self.errors_before = max_errors, errors
        self.broken: list[str] = []
        self.begun = time.monotonic()
        self.bar: Any = progress(
            total=sum(self.sizes.values()),
            unit="B",
            unit_scale=True,
            bar_format="{percentage:3.0f}%|{bar}| {postfix} [{elapsed}<{remaining}]",
        )

    def __call__(self, part: int, message: dict[str, Any]) -> None:
        """Takes what an engine tells. Raises InputError where there are more errors than allowed."""
        kind = message["kind"]
        if kind == "progress":
            self._set(part, message["done"], self.rows[part] + message["rows"], self.errors[part] + message["errors"])
        elif kind == "done":
            report = message["report"]
            self._set(part, self.sizes[part], report["rows"], report["errors"])
        elif kind == "again":
            self._set(part, 0, 0, 0)
        else:
            self.broken.append(message["error"])
        errors = self.errors_before + sum(self.errors.values())
        if self.max_errors is not None and errors > self.max_errors:
            raise InputError(f"expected at most {self.max_errors} rows with errors, got {errors}; what is done stays")

    def _set(self, part: int, done: int, rows: int, errors: int) -> None:
        done = min(done, self.sizes[part])
        moved = done - self.done[part]
        self.done[part], self.rows[part], self.errors[part] = done, rows, errors
        total = sum(self.rows.values())
        speed = total / max(time.monotonic() - self.begun, 1e-3)
        self.bar.set_postfix_str(f"{total:,} rows, {speed:,.0f} rows/s", refresh=False)
        self.bar.update(moved)


def run_job(
    job: Job, output: Path, engine: Engine, *, max_errors: int | None = None, about: dict | None = None
) -> Outcome:
    """Does what is left to do of a job, and writes the manifest and _SUCCESS once all parts are done.

    about: what else the manifest says. Raises InputError as `JobFolder.open` and the engine do, and after more rows
    with errors than `max_errors`."""
    begun, folder = time.monotonic(), JobFolder(output)
    with folder.open(job) as job:
        reports = folder.reports(job)
        todo = [i for i in range(len(job.parts)) if i not in reports]
        broken: list[str] = []
        if todo:
            follower = Follower(job, todo, max_errors, sum(report.errors for report in reports.values()))
            try:
                engine(output.absolute(), todo, follower)
            finally:
                follower.bar.close()
            broken = follower.broken
        done = folder.reports(job)
        seconds = time.monotonic() - begun
        if len(done) == len(job.parts):
            if todo or not folder.is_complete:
                folder.complete(job, {**(about or {}), "wall_seconds": round(seconds, 2)})
        elif not broken:
            raise InputError(f"{output}: expected all {len(job.parts)} parts to be done, got {len(done)}; begin again")
        total = Report()
        for report in done.values():
            total.add(report)
    return Outcome(total, len(job.parts), len(job.parts) - len(todo), broken, seconds)
