"""How many parts a second one driver hands out, and so how many workers it feeds.

    python benchmarks/hand_out.py [--parts 3000] [--engines local ray spark] [--workers 2]

All parts are done already, so that a worker only says so: what takes time is the engine. A driver feeds as many workers
as it hands out parts in the time that a worker takes for one. The time of a tenth of the parts is taken off, for it has
the start of the engine."""

import argparse
import json
import os
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import spacy

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_worker_niceness", "0")

from spacy_cner.errors import InputError
from spacy_cner.loading import save_pipeline
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.job import JobFolder, Report
from spacy_cner.scale.on_ray import run_on_ray
from spacy_cner.scale.on_spark import run_on_spark
from spacy_cner.scale.run import Engine, run_job
from spacy_cner.scale.settings import AnnotationSettings

ENGINES = {"ray": run_on_ray, "spark": run_on_spark}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=3000)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, output = Path(place), Path(place, "out")
        nlp = spacy.blank("zh")
        nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "杭州"}])
        save_pipeline(nlp, folder / "model")
        line = json.dumps({"text": "他去了杭州。"}) + "\n"
        Path(folder, "in.jsonl").write_text(line * given.parts)
        job = make_job(str(folder / "model"), [str(folder / "in.jsonl")], AnnotationSettings(), part_size=len(line))
        with suppress(InputError):  # nothing is done: the folder alone is wanted
            run_job(job, output, lambda *_: None)
        for part in job.parts:
            JobFolder(output).finished(Report(part.name, rows=1))
        for name in given.engines:
            engine = partial(ENGINES[name], workers=given.workers)
            few = given.parts // 10
            rest = seconds(engine, output, given.parts) - seconds(engine, output, few)  # without the start
            print(f"{name}: {(given.parts - few) / rest:.0f} parts a second", flush=True)


def seconds(engine: Engine, output: Path, parts: int) -> float:
    """Returns how long an engine takes to hear of so many parts."""
    heard: list[int] = []
    begun = time.monotonic()
    engine(output, list(range(parts)), lambda part, _: heard.append(part))
    assert len(set(heard)) == parts
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
