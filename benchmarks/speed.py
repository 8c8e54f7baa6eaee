"""Characters per second of `nlp.pipe` on one core, several pipelines turn by turn (A B A B) in one process.

    python benchmarks/speed.py corpus/weibo/test.spacy training/cner_clc/model-best OTHER_MODEL --repeats 5

Machines are shared and differ, so compare the ratios of one run, not figures of two runs. Time is CPU time, which other
work disturbs less than wall time; with one thread the two are the same on an idle machine.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import spacy
import wasabi
from spacy.language import Language

from spacy_cner.corpus.docbin import read_docs


def main() -> None:
    args = parse_args()
    # light.py, which uses the rest, runs without torch.
    from spacy_cner.nn.precision import predict_in

    predict_in(args.precision)
    texts = [doc.text for doc in read_docs(args.file)]
    pipelines = {name: spacy.load(name) for name in args.models}
    rows = summarise(measure(pipelines, texts, args.repeats))
    if args.json:
        print(json.dumps({"characters": sum(map(len, texts)), "repeats": args.repeats, "models": rows}, indent=2))
    else:
        print(format_rows(rows))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="The texts: a .spacy file")
    parser.add_argument("models", nargs="+", help="Pipelines: names of packages, or paths; ratios are to the first")
    parser.add_argument("--repeats", type=int, default=5, help="Rounds that are timed, after one that is not")
    parser.add_argument("--precision", default="float32", help="Of the networks: float32, bfloat16 or auto")
    parser.add_argument("--json", action="store_true", help="Print JSON and nothing else")
    return parser.parse_args()


def measure(pipelines: dict[str, Language], texts: Sequence[str], repeats: int) -> dict[str, list[float]]:
    """Characters per second of each pipeline in each round. The first round, which fills caches, does not count."""
    characters = sum(map(len, texts))
    speeds: dict[str, list[float]] = {name: [] for name in pipelines}
    for i in range(repeats + 1):
        for name, nlp in pipelines.items():
            start = process_time()
            for _ in nlp.pipe(texts):
                pass
            seconds = process_time() - start
            if i > 0:
                speeds[name].append(characters / seconds)
    return speeds


def summarise(speeds: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Per pipeline the median, least and greatest speed, and `ratio`: the median over rounds of its speed to that of
    the first pipeline in the same round."""
    first = next(iter(speeds.values()))
    return [
        {
            "model": name,
            "median": round(median(values)),
            "min": round(min(values)),
            "max": round(max(values)),
            "ratio": round(median(own / other for own, other in zip(values, first, strict=True)), 3),
        }
        for name, values in speeds.items()
    ]


def format_rows(rows: list[dict[str, Any]]) -> str:
    data = [
        (f"{row['median']:,}", f"{row['min']:,} - {row['max']:,}", f"{row['ratio']:.2f}", row["model"]) for row in rows
    ]
    header = ("chars/s", "min - max", "ratio", "model")
    return wasabi.table(data, header=header, aligns=("r", "r", "r", "l"), max_col=200)


if __name__ == "__main__":
    main()
