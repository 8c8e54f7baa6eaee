"""A worker process of one machine: `python -m spacy_cner.scale.worker FOLDER GPU_ID`.

It reads the numbers of parts from standard input, one a line, and writes what happens to standard output, a JSON object
a line. It ends with its input, and at once if that ends while it works: then the process that started it is gone."""

import json
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from queue import Queue
from typing import Any

from ..errors import InputError
from .job import Report
from .rows import RowError
from .work import PartWorker


def main() -> None:
    """Works until the input ends."""
    # What libraries print must not get between the messages.
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    numbers: Queue[int | None] = Queue()
    busy = threading.Event()

    def tell(**message: Any) -> None:
        print(json.dumps(message), file=messages, flush=True)

    def receive() -> None:
        for line in sys.stdin:
            numbers.put(int(line))
        if busy.is_set():
            os._exit(1)
        numbers.put(None)

    def listen(report: Report, done: int) -> None:
        tell(kind="progress", done=done, rows=report.rows, errors=report.errors)

    busy.set()
    threading.Thread(target=receive, daemon=True).start()
    try:
        work = PartWorker(Path(sys.argv[1]), int(sys.argv[2]))
    except InputError as error:
        tell(kind="stop", error=str(error))
        return
    busy.clear()
    tell(kind="ready")
    while (number := numbers.get()) is not None:
        busy.set()
        try:
            message = {"kind": "done", "report": asdict(work(number, listen))}
        except (InputError, OSError) as error:
            message = {"kind": "stop" if isinstance(error, RowError) else "failed", "error": str(error)}
        busy.clear()
        tell(**message)


if __name__ == "__main__":
    main()
