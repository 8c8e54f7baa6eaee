"""Worker processes on one machine. One that is killed is replaced, and its part begun again."""

from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..loading import kept
from .job import Report
from .processes import Processes

ATTEMPTS = 3  # at a part that kills its worker
# Called with the number of a part and what a worker says: {"kind": "progress", "done", "rows", "errors"}, {"kind":
# "done", "report"}, or {"kind": "failed", "error"} for a part that cannot be read.
Told = Callable[[int, dict[str, Any]], None]


def run_local(
    folder: Path, parts: list[int], tell: Told, *, workers: int, gpu_id: int = -1, forks: bool | None = None
) -> None:
    """Annotates parts of a job in processes of this machine, each on one thread.

    forks: as of `Processes`.
    Raises InputError for a job that cannot be done, for a row that ends it, and for a part that kills its worker again
    and again."""
    waiting, deaths, killed = deque(parts), Counter[int](), 0
    with closing(Processes(folder, gpu_id, forks=forks)) as processes:
        running = [processes.start() for _ in range(min(workers, len(waiting)))]
        while running:
            worker, message = processes.messages.get()
            if message is None:
                running.remove(worker)
                code = worker.code()
                if worker.part is not None:
                    deaths[worker.part] += 1
                    if deaths[worker.part] == ATTEMPTS:
                        raise InputError(
                            f"{_named(folder, worker.part)} has ended its worker {ATTEMPTS} times ({code})"
                        )
                    tell(worker.part, {"kind": "again"})
                    waiting.appendleft(worker.part)
                elif code < 0 and (killed := killed + 1) < ATTEMPTS:
                    pass  # killed before it had a part: the next one takes its place
                elif code:
                    raise InputError(f"expected a worker that starts, got one that ended with {code}")
                if len(waiting) > sum(each.part is None for each in running):
                    running.append(processes.start())
                continue
            if message["kind"] == "stop":
                raise InputError(message["error"])
            if message["kind"] != "ready":
                assert worker.part is not None
                tell(worker.part, message)
            if message["kind"] != "progress":
                worker.part = None
                if waiting:
                    worker.begin(waiting.popleft())
                else:
                    worker.end()


def _named(folder: Path, part: int) -> str:
    from .job import Job

    return Job.read(folder).parts[part].name


def run_here(folder: Path, parts: list[int], tell: Told, *, gpu_id: int = -1) -> None:
    """Annotates parts of a job in this process. Raises InputError as `run_local` does."""
    from .work import PartWorker

    work = PartWorker(folder, gpu_id)
    with kept():
        for part in parts:

            def listen(report: Report, done: int, part: int = part) -> None:
                tell(part, {"kind": "progress", "done": done, "rows": report.rows, "errors": report.errors})

            try:
                report = work(part, listen)
            except Exception as error:
                message = work.failed(part, error)
                if message["kind"] == "stop":
                    raise InputError(message["error"]) from error
                tell(part, message)
            else:
                tell(part, {"kind": "done", "report": vars(report)})
