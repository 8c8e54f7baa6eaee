"""A folder that parts are written to: what is asked for, what is done, and what came out."""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from .. import __version__
from ..errors import InputError
from ..files import to_disk
from .inputs import Part, changed_file, same_files
from .settings import AnnotationSettings
from .write import TEMPORARY, file_name, naming

OnError = Literal["keep", "skip", "fail"]
JOB, MANIFEST, SUCCESS, REPORTS, LOCK = "_job.json", "_manifest.json", "_SUCCESS", "_parts", "_lock"
SAME = ("model", "inputs", "settings", "format", "on_error", "id_column", "keep_columns", "whole", "spacy_cner")


@dataclass
class Job:
    """All that a worker must know.

    path: of the model. model: its name, version and fingerprint. inputs: the files as `same_files` has them. types: of
    the columns of text formats. on_error: what becomes of rows with errors. whole: text files are a document each."""

    path: str
    model: dict[str, str]
    inputs: list[list[Any]]
    parts: list[Part]
    settings: AnnotationSettings
    format: str = "parquet"
    on_error: OnError = "keep"
    id_column: str | None = None
    keep_columns: list[str] | None = None
    whole: bool = False
    types: dict[str, str] = field(default_factory=dict)
    spacy_cner: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """Returns the job as JSON has it."""
        own = {key: value for key, value in vars(self).items() if key not in ("parts", "settings")}
        return {**own, "settings": self.settings.to_dict(), "parts": [part.to_dict() for part in self.parts]}

    @classmethod
    def read(cls, folder: Path) -> "Job":
        """Returns the job of a folder. Raises InputError for one that is not as it was written."""
        path = folder / JOB
        try:
            content = json.loads(path.read_bytes())
            parts = [Part.from_dict(part) for part in content.pop("parts")]
            return cls(parts=parts, settings=AnnotationSettings.from_dict(content.pop("settings")), **content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: expected what `annotate` writes when it begins, got {error!r}") from None


@dataclass
class Report:
    """What came of a part, or of all: rows that were read, rows with errors among them, entities, characters, and the
    seconds that it took a worker, on the clock and of a processor."""

    part: str = ""
    rows: int = 0
    errors: int = 0
    entities: int = 0
    characters: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, other: "Report") -> None:
        """Adds another one's figures."""
        for key in ("rows", "errors", "entities", "characters", "seconds", "cpu_seconds"):
            setattr(self, key, getattr(self, key) + getattr(other, key))


def others(one: Job, other: Job) -> list[str]:
    """Returns the fields in which two jobs are not the same."""
    new, old = one.to_dict(), other.to_dict()
    return [key for key in SAME if new[key] != old[key]]


class JobFolder:
    """The folder of a job. What is not a part begins with an underscore, so that readers of Parquet pass over it."""

    def __init__(self, path: Path):
        self.path = path

    @contextmanager
    def open(self, job: Job) -> Iterator[Job]:
        """Makes the folder, or opens that of the same job, and gives the job as it was begun. A folder in which nothing
        was done becomes that of another job.

        Raises InputError for a folder with something else, for that of another job, and for one that another process
        writes to."""
        path = self.path
        # A process that was killed at its beginning leaves some of these.
        found = {each.name for each in path.iterdir()} if path.is_dir() else set()
        if path.is_file() or (found - {REPORTS, LOCK, TEMPORARY} and not (path / JOB).exists()):
            raise InputError(f"{path}: expected a new folder, or one that `annotate` has begun, got something else")
        (path / REPORTS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / LOCK, timeout=0)
        try:
            with suppress(NotImplementedError):  # a file system without locks
                lock.acquire()
        except Timeout:
            raise InputError(
                f"{path}: expected a folder of one's own, got one that another process writes to"
            ) from None
        try:
            begun = Job.read(path) if (path / JOB).exists() else None
            if begun is None or (self._has_nothing() and others(job, begun)):
                self._write(path / JOB, job.to_dict())
            else:
                job = self._same(job, begun)
            shutil.rmtree(path / TEMPORARY, ignore_errors=True)
            yield job
            shutil.rmtree(path / TEMPORARY, ignore_errors=True)
        finally:
            lock.release()

    def _same(self, job: Job, begun: Job) -> Job:
        """Returns the job that was begun, if it is the same. Raises InputError that says what is another."""
        differ = others(job, begun)
        if not differ:
            begun.path = job.path
            return begun
        new, old, said = job.to_dict(), begun.to_dict(), []
        for key in differ:
            if key == "settings":
                pairs = [(name, old[key].get(name), value) for name, value in new[key].items()]
                said += [f"{name} {a!r}, got {b!r}" for name, a, b in pairs if a != b]
            elif key == "inputs":
                said.append(f"the same input files, got others or changed ones ({changed_file(old[key], new[key])})")
            else:
                said.append(f"{key.replace('_', ' ')} {old[key]!r}, got {new[key]!r}")
        raise InputError(f"{self.path}: expected what the folder was begun with: {'; '.join(said)}; take a new folder")

    def _has_nothing(self) -> bool:
        done = {each.name for each in self.path.iterdir()} - {JOB, REPORTS, LOCK, TEMPORARY}
        return not done and not any((self.path / REPORTS).iterdir())

    def reports(self, job: Job) -> dict[int, Report]:
        """Returns what came of the parts that are done, by their numbers."""
        found = {i: self.report(job, i) for i in range(len(job.parts))}
        return {i: report for i, report in found.items() if report is not None}

    def report(self, job: Job, number: int) -> Report | None:
        """Returns what came of a part, or None for one that is not done, or whose file or report is gone or broken."""
        part = job.parts[number]
        if not (self.path / file_name(part.name, job.format)).exists():
            return None
        try:
            return Report(**json.loads((self.path / REPORTS / f"{part.name}.json").read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def finished(self, report: Report) -> None:
        """Notes that a part is done."""
        self._write(self.path / REPORTS / f"{report.part}.json", asdict(report))

    @property
    def is_complete(self) -> bool:
        """Whether `complete` has come to its end."""
        return (self.path / SUCCESS).exists()

    def complete(self, job: Job, about: dict[str, Any]) -> Report:
        """Writes the manifest and _SUCCESS. RETURNS: the sums. Raises InputError where an input file has changed."""
        _check_unchanged(job)
        reports = self.reports(job)
        total = Report()
        for report in reports.values():
            total.add(report)
        speed = round(total.characters / total.seconds) if total.seconds else 0
        figures = {**asdict(total), "characters_per_second_and_worker": speed}
        del figures["part"]
        content = {key: value for key, value in job.to_dict().items() if key not in ("parts", "path")}
        parts = [{**asdict(reports[i]), "files": list(part.files)} for i, part in enumerate(job.parts)]
        self._write(self.path / MANIFEST, {**content, **about, **figures, "parts": parts})
        self._write(self.path / SUCCESS, None)
        return total

    def _write(self, path: Path, content: Any) -> None:
        temporary = self.path / TEMPORARY / uuid.uuid4().hex
        text = "" if content is None else json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        with naming(path):
            temporary.parent.mkdir(exist_ok=True)
            temporary.write_text(text, encoding="utf-8")
            to_disk(temporary)
            temporary.replace(path)


def _check_unchanged(job: Job) -> None:
    old = job.inputs
    new = same_files([Path(name) for name, *_ in old])
    if new != old:
        expected = "expected a file that stays as it is while it is annotated, got one that was changed"
        raise InputError(f"{changed_file(old, new)}: {expected}; take a new folder")
