"""Worker processes on one machine. One that is killed is replaced, and its part begun again."""

import json
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from ..errors import InputError
from .job import Report

ATTEMPTS = 3  # at a part that kills its worker
# Called with the number of a part and what a worker says: {"kind": "progress", "done", "rows", "errors"}, {"kind":
# "done", "report"}, or {"kind": "failed", "error"} for a part that cannot be read.
Told = Callable[[int, dict[str, Any]], None]


class WorkerProcess:
    """A process, and the number of the part it works on, if there is one."""

    def __init__(self, folder: Path, gpu_id: int, messages: "Queue[tuple[WorkerProcess, dict[str, Any] | None]]"):
        command = [sys.executable, "-m", "spacy_cner.scale.worker", str(folder), str(gpu_id)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, encoding="utf-8")
        self.part: int | None = None
        self.messages = messages
        Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):  # else it was killed while it wrote
                self.messages.put((self, json.loads(line)))
        self.messages.put((self, None))

    def begin(self, part: int) -> None:
        """Gives it a part to work on."""
        self.part = part
        self._send(f"{part}\n")

    def _send(self, text: str) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it is gone, as its messages will say
            self.process.stdin.write(text)
            self.process.stdin.flush()

    def end(self) -> None:
        """Tells it that there is no more to do."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()


def run_local(folder: Path, parts: list[int], tell: Told, *, workers: int, gpu_id: int = -1) -> None:
    """Annotates parts of a job in processes of this machine, each on one thread, with a copy of the pipeline.

    Raises InputError for a job that cannot be done, for a row that ends it, and for a part that kills its worker again
    and again."""
    waiting, deaths, killed = deque(parts), Counter[int](), 0
    messages: Queue[tuple[WorkerProcess, dict[str, Any] | None]] = Queue()
    with _processes() as running:

        def start() -> None:
            running.append(WorkerProcess(folder, gpu_id, messages))

        for _ in range(min(workers, len(waiting))):
            start()
        while running:
            worker, message = messages.get()
            if message is None:
                running.remove(worker)
                code = worker.process.wait()
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
                    start()
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


@contextmanager
def _processes() -> Iterator[list[WorkerProcess]]:
    """Gives a list of processes, which are ended after the block."""
    running: list[WorkerProcess] = []
    try:
        yield running
    finally:
        for worker in running:
            worker.process.kill()
        for worker in running:
            worker.process.wait()


def _named(folder: Path, part: int) -> str:
    from .job import Job

    return Job.read(folder).parts[part].name


def run_here(folder: Path, parts: list[int], tell: Told, *, gpu_id: int = -1) -> None:
    """Annotates parts of a job in this process. Raises InputError as `run_local` does."""
    from .rows import RowError
    from .work import PartWorker

    work = PartWorker(folder, gpu_id)
    for part in parts:

        def listen(report: Report, done: int, part: int = part) -> None:
            tell(part, {"kind": "progress", "done": done, "rows": report.rows, "errors": report.errors})

        try:
            tell(part, {"kind": "done", "report": vars(work(part, listen))})
        except RowError:
            raise
        except (InputError, OSError) as error:
            tell(part, {"kind": "failed", "error": str(error)})
