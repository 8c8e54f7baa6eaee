"""A worker process of one machine: `python -m spacy_cner.scale.worker FOLDER GPU_ID`.

It reads the numbers of parts from standard input, one a line, and writes what happens to standard output, a JSON object
a line. It ends with its input, and at once if that ends while it works: then the process that started it is gone.

With the number of a socket as third argument it loads the pipeline once, and forks a worker for each socket that it
gets there. The forks share the memory of what was loaded."""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Queue
from typing import Any, NoReturn, TextIO

from ..errors import InputError
from ..loading import keep_loaded
from .job import Report
from .work import PartWorker


def main() -> None:
    """Works until the input ends."""
    folder, gpu_id = Path(sys.argv[1]), int(sys.argv[2])
    if len(sys.argv) > 3:
        fork_workers(folder, gpu_id, socket.socket(fileno=int(sys.argv[3])))
        return
    # What libraries print must not get between the messages.
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    run(lambda: PartWorker(folder, gpu_id), sys.stdin, messages)


def fork_workers(folder: Path, gpu_id: int, control: socket.socket) -> None:
    """Loads the pipeline, and forks until the socket ends."""
    load: Callable[[], PartWorker]
    try:
        work = PartWorker(folder, gpu_id)
        load = lambda: work  # noqa: E731
    except InputError as wrong:
        error = wrong
        load = lambda: fail(error)  # noqa: E731
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for forks
    keep_loaded()
    while True:
        given, numbers, _, _ = socket.recv_fds(control, 1, 1)
        if not given:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            connection = socket.socket(fileno=numbers[0])
            run(load, connection.makefile("r", encoding="utf-8"), connection.makefile("w", encoding="utf-8"))
            os._exit(0)
        os.close(numbers[0])


def fail(error: InputError) -> NoReturn:
    """Raises the error."""
    raise error


def run(load: Callable[[], PartWorker], source: TextIO, messages: TextIO) -> None:
    """Works on the parts that the source names.

    load: returns what works, or raises InputError."""
    numbers: Queue[int | None] = Queue()
    busy = threading.Event()

    def tell(**message: Any) -> None:
        print(json.dumps(message), file=messages, flush=True)

    def receive() -> None:
        with suppress(ConnectionError):  # a socket whose other end had not read all
            for line in source:
                numbers.put(int(line))
        if busy.is_set():
            os._exit(1)
        numbers.put(None)

    def listen(report: Report, done: int) -> None:
        tell(kind="progress", done=done, rows=report.rows, errors=report.errors)

    busy.set()
    threading.Thread(target=receive, daemon=True).start()
    try:
        work = load()
    except InputError as error:
        tell(kind="stop", error=str(error))
        return
    busy.clear()
    keep_loaded()
    tell(kind="ready", pid=os.getpid())
    while (number := numbers.get()) is not None:
        busy.set()
        try:
            message = {"kind": "done", "report": asdict(work(number, listen))}
        except Exception as error:
            message = work.failed(number, error)
        busy.clear()
        tell(**message)


if __name__ == "__main__":
    main()
