"""How the memory of a worker grows while it annotates.

    python benchmarks/worker_growth.py MODEL TEXTS... [--count 1000000]

TEXTS: files of lines, packed or not, as `teach` takes them. Memory is that of no file (RssAnon of Linux), in MB. What
the worker shares with the process that it was forked from counts in full."""

import argparse
import json
import os
import tempfile
import time
from functools import partial
from itertools import islice
from pathlib import Path

from spacy_cner.corpus.raw import raw_lines
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.local import Told, run_local
from spacy_cner.scale.run import run_job
from spacy_cner.scale.settings import AnnotationSettings

EVERY = 50_000  # texts between figures


def worker_memory() -> int:
    """Returns the RssAnon, in KiB, of the largest process that was forked from one that this process started."""
    started = set(children(os.getpid()))
    return max((anonymous(pid) for parent in started for pid in children(parent)), default=0)


def children(pid: int) -> list[int]:
    """Returns the processes that a process started."""
    paths = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in paths for child in path.read_text().split()]


def anonymous(pid: int) -> int:
    """Returns the RssAnon of a process in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


class Watch:
    """The engine of one machine with one worker, whose memory it prints."""

    def __init__(self):
        self.rows: dict[int, int] = {}  # by part
        self.next, self.begun = 0, time.monotonic()

    def __call__(self, folder: Path, parts: list[int], tell: Told) -> None:
        run_local(folder, parts, partial(self.told, tell), workers=1)

    def told(self, tell: Told, part: int, message: dict) -> None:
        tell(part, message)
        if message["kind"] == "progress":
            self.rows[part] = self.rows.get(part, 0) + message["rows"]
        if (rows := sum(self.rows.values())) >= self.next:
            self.next += EVERY
            seconds = time.monotonic() - self.begun
            print(f"{rows} texts: {worker_memory() / 1024:.0f} MB, {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.jsonl")
        with source.open("w", encoding="utf-8") as file:
            for i, text in enumerate(islice(raw_lines(given.texts), given.count)):
                file.write(json.dumps({"id": i, "text": text}, ensure_ascii=False) + "\n")
        job = make_job(given.model, [str(source)], AnnotationSettings())
        total = run_job(job, Path(folder, "out"), Watch()).total
    million = total.cpu_seconds / total.rows * 1e6
    print(f"{total.rows} texts, {total.characters} characters, {total.entities} entities, {total.errors} errors")
    print(f"{total.cpu_seconds:.0f} CPU seconds: {million:.0f} for a million texts", flush=True)


if __name__ == "__main__":
    main()
