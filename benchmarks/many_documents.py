"""How fast `annotate` is on each engine, beside plain `nlp.pipe`, and whether all write the same rows.

    python benchmarks/many_documents.py MODEL TEXTS... [--short 100000] [--long 200] [--length 5000] [--rounds 3]

TEXTS: files of lines, packed or not, as `teach` takes them. In a round the engines run one after the other on the same
machine, Ray on a cluster of two nodes that is started there. Each round begins with another engine. A ratio is of one
round.

The first figure is that of all workers at work: from the moment when each has a part to the last one when that is so.
The second one is from the first part that a worker begins to the last that is done; start-up is the rest. The third
one is the characters in a CPU second, of the first one's time and of all processes, those of the engine and its driver
too. On a machine that does other work, it tells more than the clock. It needs Linux."""

import argparse
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_worker_niceness", "0")  # as all others, which run beside other work

from spacy_cner.corpus.raw import raw_lines
from spacy_cner.loading import load_pipeline
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.job import REPORTS, Job
from spacy_cner.scale.local import run_here, run_local
from spacy_cner.scale.on_ray import run_on_ray
from spacy_cner.scale.on_spark import run_on_spark
from spacy_cner.scale.run import Engine, run_job
from spacy_cner.scale.settings import AnnotationSettings

PART = 1 << 18  # bytes: many parts, so that all workers have work to the end


class Figures(NamedTuple):
    """Of a run: characters a second while all workers work, and over all; in a CPU second while all work; seconds of
    start-up."""

    full: float
    speed: float
    in_cpu: float
    start_up: float


class Meter:
    """Notes what this process and those below it have taken of a processor, in a block."""

    def __init__(self):
        self.taken: dict[int, float] = {}  # by process
        self.moments: list[float] = []
        self.sums: list[float] = []
        self.ended = threading.Event()

    def __enter__(self) -> "Meter":
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.ended.wait(0.25):
            found = dict(processes())
            for process, (parent, seconds) in found.items():
                while parent in found and parent != os.getpid():
                    parent, _ = found[parent]
                if os.getpid() in (process, parent):
                    self.taken[process] = seconds
            self.moments.append(time.time())
            self.sums.append(sum(self.taken.values()))

    def between(self, begin: float, end: float) -> float:
        """Returns the CPU seconds between two moments."""
        first, last = numpy.interp([begin, end], self.moments, self.sums)
        return float(last - first)


def processes() -> Iterator[tuple[int, tuple[int, float]]]:
    """Yields each process with its parent and its CPU seconds."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            fields = path.read_text().rpartition(")")[2].split()
            yield int(path.parent.name), (int(fields[1]), sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK"))


def texts_of(paths: list[Path], short: int, long: int, length: int) -> list[str]:
    """Returns short texts, a line each, with long ones of so many characters among them."""
    lines: Iterator[str] = raw_lines(paths)
    found = list(islice(lines, short))
    step = max(1, len(found) // max(long, 1))
    for i in range(long):
        parts: list[str] = []
        while sum(map(len, parts)) < length and (line := next(lines, "")):
            parts.append(line)
        found.insert(i * (step + 1), "\n".join(parts)[:length])
    return found


def timed(job: Job, output: Path, engine: Engine, workers: int) -> Figures:
    """Returns the figures of a run."""
    begun = time.monotonic()
    with Meter() as meter:
        run_job(job, output, engine)
    wall = time.monotonic() - begun
    parts = []
    for path in (output / REPORTS).iterdir():
        content, end = json.loads(path.read_bytes()), path.stat().st_mtime
        parts.append((end - content["seconds"], end, content["characters"]))
    busy = max(end for _, end, _ in parts) - min(begin for begin, _, _ in parts)
    first, last = at_full_work(parts, workers)
    done = sum(
        characters * max(0.0, min(end, last) - max(begin, first)) / (end - begin) for begin, end, characters in parts
    )
    speed = sum(characters for *_, characters in parts) / busy
    return Figures(done / (last - first), speed, done / meter.between(first, last), wall - busy)


def at_full_work(parts: list[tuple[float, float, int]], workers: int) -> tuple[float, float]:
    """Returns when all workers work for the first time, and until when they last do. parts: their begin and end."""
    running, full = 0, []
    for moment, change in sorted([(begin, 1) for begin, _, _ in parts] + [(end, -1) for _, end, _ in parts]):
        if running == workers:
            full.append(moment)
        running += change
        if running == workers:
            full.append(moment)
    if not full:
        raise SystemExit(f"expected {workers} workers at work at once; take more texts")
    return min(full), max(full)


def plain(model: str, texts: list[str]) -> Figures:
    """Returns the figures of `nlp.pipe`."""
    begun = time.monotonic()
    nlp = load_pipeline(model)
    loaded, cpu, characters = time.monotonic(), time.process_time(), sum(map(len, texts))
    for doc in nlp.pipe(texts):
        doc.ents  # noqa: B018 (as a user reads them)
    speed, in_cpu = characters / (time.monotonic() - loaded), characters / (time.process_time() - cpu)
    return Figures(speed, speed, in_cpu, loaded - begun)


def run_on_two_nodes(folder: Path, parts: list[int], tell) -> None:
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    try:
        run_on_ray(folder, parts, tell, workers=2, address=cluster.address)
    finally:
        ray.shutdown()
        cluster.shutdown()


ENGINES: dict[str, tuple[int, Engine]] = {
    "local, 1 worker": (1, run_here),
    "local, 2 workers": (2, partial(run_local, workers=2)),
    "Ray, 2 nodes": (2, run_on_two_nodes),
    "Spark, local[2]": (2, partial(run_on_spark, workers=2, master="local[2,4]")),
}
LOCAL = {1: "local, 1 worker", 2: "local, 2 workers"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--short", type=int, default=100_000)
    parser.add_argument("--long", type=int, default=200)
    parser.add_argument("--length", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    given = parser.parse_args()
    texts = texts_of(given.texts, given.short, given.long, given.length)
    print(f"{len(texts)} texts, {sum(map(len, texts))} characters", flush=True)
    found: dict[str, list[Figures]] = {name: [] for name in ("nlp.pipe", *given.engines)}
    first: dict[str, bytes] | None = None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.jsonl")
        with source.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
        job = make_job(given.model, [str(source)], AnnotationSettings(), part_size=PART)
        for number in range(given.rounds):
            for name in (*given.engines[number % 4 :], "nlp.pipe", *given.engines[: number % 4]):
                if name == "nlp.pipe":
                    with multiprocessing.get_context("spawn").Pool(1) as pool:  # this process stays small
                        figures, about = pool.apply(plain, (given.model, texts)), ""
                else:
                    workers, engine = ENGINES[name]
                    output = Path(folder, f"{number} {name}")
                    figures = timed(job, output, engine, workers)
                    rows = {path.name: path.read_bytes() for path in sorted(output.glob("part-*"))}
                    first = first or rows
                    about = f"; {len(rows)} parts, {'the same bytes' if rows == first else 'OTHER ROWS'}"
                found[name].append(figures)
                speeds = f"{figures.full:.0f} characters/s ({figures.speed:.0f} in all)"
                print(f"{number + 1} {name}: {speeds}, {figures.in_cpu:.0f} in a CPU second{about}", flush=True)
    print("\nMedians of the rounds' ratios (lowest - highest): workers at full work; in all; in a CPU second")
    for name in given.engines:
        for other in dict.fromkeys(("nlp.pipe", LOCAL[ENGINES[name][0]])):
            if other in found and other != name:
                print(f"{name} to {other}: {ratios(found[name], found[other])}")
        print(f"{name}: start-up {median(run.start_up for run in found[name]):.1f} s")


def ratios(ours: list[Figures], others: list[Figures]) -> str:
    """Returns the ratios of the speeds of runs as words."""
    words = []
    for i in range(3):
        values = [our[i] / other[i] for our, other in zip(ours, others, strict=True)]
        words.append(f"{median(values):.2f} ({min(values):.2f} - {max(values):.2f})")
    return "; ".join(words)


if __name__ == "__main__":
    main()
