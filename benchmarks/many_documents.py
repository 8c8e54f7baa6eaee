"""How fast `annotate` is on each engine, beside plain `nlp.pipe`, and whether all write the same rows.

    python benchmarks/many_documents.py MODEL TEXTS... [--short 100000] [--long 200] [--length 5000] [--rounds 3]

TEXTS: files of lines, packed or not, as `teach` takes them. In a round the engines run one after the other on the same
machine, Ray on a cluster of two nodes that is started there. Each round begins with another engine. A ratio is of one
round.

The first figure is that of all workers at work: from the moment when each has a part to the last one when that is so.
The second one is from the first part that a worker begins to the last that is done; start-up is the rest."""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

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
    """Of a run: characters a second while all workers work, and over all; in a CPU second of a worker; seconds of
    start-up."""

    full: float
    speed: float
    in_cpu: float
    start_up: float


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
    run_job(job, output, engine)
    wall = time.monotonic() - begun
    parts = []
    characters = cpu = 0.0
    for path in (output / REPORTS).iterdir():
        content, end = json.loads(path.read_bytes()), path.stat().st_mtime
        parts.append((end - content["seconds"], end, content["characters"]))
        characters, cpu = characters + content["characters"], cpu + content["cpu_seconds"]
    busy = max(end for _, end, _ in parts) - min(begin for begin, _, _ in parts)
    return Figures(at_full_work(parts, workers), characters / busy, characters / cpu, wall - busy)


def at_full_work(parts: list[tuple[float, float, int]], workers: int) -> float:
    """Returns the characters a second while all workers work. parts: their begin, end and characters."""
    running, full = 0, []
    for moment, change in sorted([(begin, 1) for begin, _, _ in parts] + [(end, -1) for _, end, _ in parts]):
        if running == workers:
            full.append(moment)
        running += change
        if running == workers:
            full.append(moment)
    if not full:
        raise SystemExit(f"expected {workers} workers at work at once; take more texts")
    first, last = min(full), max(full)
    done = sum(
        characters * max(0.0, min(end, last) - max(begin, first)) / (end - begin) for begin, end, characters in parts
    )
    return done / (last - first)


def plain(model: str, texts: list[str]) -> tuple[float, int]:
    """Returns the characters a second of `nlp.pipe`, and the entities that it finds."""
    nlp = load_pipeline(model)
    begun = time.monotonic()
    entities = sum(len(doc.ents) for doc in nlp.pipe(texts))
    return sum(map(len, texts)) / (time.monotonic() - begun), entities


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
    found: dict[str, list[Figures]] = {name: [] for name in given.engines}
    pipe: list[float] = []
    first: dict[str, bytes] | None = None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.jsonl")
        with source.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
        job = make_job(given.model, [str(source)], AnnotationSettings(), part_size=PART)
        for number in range(given.rounds):
            with multiprocessing.get_context("spawn").Pool(1) as pool:  # this process stays small
                speed, entities = pool.apply(plain, (given.model, texts))
            pipe.append(speed)
            print(f"round {number + 1}: nlp.pipe: {speed:.0f} characters/s, {entities} entities", flush=True)
            for name in (*given.engines[number % 4 :], *given.engines[: number % 4]):
                workers, engine = ENGINES[name]
                output = Path(folder, f"{number} {name}")
                figures = timed(job, output, engine, workers)
                found[name].append(figures)
                rows = {path.name: path.read_bytes() for path in sorted(output.glob("part-*"))}
                first = first or rows
                same = f"{len(rows)} parts, {'the same bytes' if rows == first else 'OTHER ROWS'}"
                print(f"  {name}: {figures.full:.0f} characters/s ({figures.speed:.0f} in all); {same}", flush=True)
    print("\nMedians of the rounds' ratios (lowest - highest), workers at full work / in all / by CPU seconds")
    for name, runs in found.items():
        workers, _ = ENGINES[name]
        ratios = [spread([run.full / speed for run, speed in zip(runs, pipe)])]
        local = found.get(LOCAL[workers], [])
        for values in zip(*[(a.full / b.full, a.speed / b.speed, a.in_cpu / b.in_cpu) for a, b in zip(runs, local)]):
            ratios.append(spread(list(values)))
        start_up = median(run.start_up for run in runs)
        print(f"{name}: to nlp.pipe {ratios[0]}; to local {' / '.join(ratios[1:])}; start-up {start_up:.1f} s")


def spread(values: list[float]) -> str:
    """Returns the median, lowest and highest of some values as words."""
    return f"{median(values):.2f} ({min(values):.2f} - {max(values):.2f})"


if __name__ == "__main__":
    main()
