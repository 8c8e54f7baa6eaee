"""How fast `annotate` is on each engine, beside plain `nlp.pipe`, and whether all write the same rows.

    python benchmarks/many_documents.py MODEL TEXTS... [--short 100000] [--long 200] [--length 5000]

TEXTS: files of lines, packed or not, as `teach` takes them. The engines run one after the other on the same machine,
Ray on a cluster of two nodes that is started there. Throughput counts from the first part that a worker begins to the
last that is done; start-up is the rest. On a machine that does other work, CPU seconds tell more."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

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


def timed(job: Job, output: Path, engine: Engine) -> tuple[float, float, float]:
    """Returns the seconds of the whole run, those from the first part to the last, and the workers' CPU seconds."""
    begun = time.monotonic()
    run_job(job, output, engine)
    wall = time.monotonic() - begun
    reports = list((output / REPORTS).iterdir())
    ends = [path.stat().st_mtime for path in reports]
    contents = [json.loads(path.read_bytes()) for path in reports]
    begins = [end - content["seconds"] for end, content in zip(ends, contents)]
    return wall, max(ends) - min(begins), sum(content["cpu_seconds"] for content in contents)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--short", type=int, default=100_000)
    parser.add_argument("--long", type=int, default=200)
    parser.add_argument("--length", type=int, default=5000)
    given = parser.parse_args()
    texts = texts_of(given.texts, given.short, given.long, given.length)
    characters = sum(map(len, texts))
    print(f"{len(texts)} texts, {characters} characters", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.jsonl")
        with source.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
        job = make_job(given.model, [str(source)], AnnotationSettings(), part_size=PART)
        nlp = load_pipeline(given.model)
        begun, cpu = time.monotonic(), time.process_time()
        entities = sum(len(doc.ents) for doc in nlp.pipe(texts))
        plain, plain_cpu = characters / (time.monotonic() - begun), characters / (time.process_time() - cpu)
        print(f"nlp.pipe: {plain:.0f} characters/s, {plain_cpu:.0f} in a CPU second, {entities} entities", flush=True)
        first: dict[str, bytes] | None = None
        speeds: dict[int, float] = {}
        for name, (workers, engine) in ENGINES.items():
            output = Path(folder, name)
            wall, busy, cpu = timed(job, output, engine)
            rows = {path.name: path.read_bytes() for path in sorted(output.glob("part-*"))}
            first = first or rows
            speed = characters / busy
            speeds.setdefault(workers, speed)
            in_cpu = characters / cpu / plain_cpu
            print(
                f"{name}: {speed:.0f} characters/s, {speed / plain:.2f} of nlp.pipe ({in_cpu:.2f} "
                f"by the workers' CPU seconds), {speed / speeds[workers]:.2f} of "
                f"local with as many workers; start-up {wall - busy:.1f} s; {len(rows)} parts, "
                f"{'the same bytes' if rows == first else 'OTHER ROWS'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
