"""Trains a system of `configs/` on a prepared corpus, once for each seed, and records its scores beside the peers'."""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any, Dict

import spacy
import torch
from records import IDENTITY, SPLITS, make_records, revision, save_records
from spacy.cli._util import parse_config_overrides
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_loop
from spacy.util import load_config

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.corpus.stats import known_entities
from spacy_cner.evaluation.pipeline import evaluate_pipeline


def main() -> None:
    args, rest = parse_args()
    torch.set_num_threads(1)
    overrides = parse_config_overrides(rest)
    revision()
    for seed in args.seeds:
        common = {"row": args.row, "corpus": args.corpus, "ratio": args.ratio, "seed": seed}
        if is_recorded(args.output, common):
            print(f"{common}: recorded already")
            continue
        run = train(args.config, args.folder, args.models / f"{args.corpus}-{args.ratio}-{seed}", seed, overrides)
        records = [{**record, "overrides": overrides} for record in make_records(common, run)]
        save_records(args.output, records)
        for record in records:
            print(*(record[key] for key in (*IDENTITY, "p", "r", "f", "r_oov")), sep="\t", flush=True)


def parse_args() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Other options override the config, as in `spacy train`."
    )
    parser.add_argument("folder", type=Path, help="Holds train.spacy, dev.spacy and test.spacy")
    parser.add_argument("--corpus", required=True, help="Its name in the records")
    parser.add_argument("--row", default="CLC", help="The system's name in the records")
    parser.add_argument("--config", type=Path, default=Path("configs/clc.cfg"))
    parser.add_argument("--ratio", type=float, default=1.0, help="Which part of the training data the files hold")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="A seed that has a record is not run again")
    parser.add_argument("--models", type=Path, default=Path("training/benchmarks"), help="Keeps the pipelines here")
    parser.add_argument("--output", type=Path, default=Path("results/clc.json"), help="Records are added to it")
    return parser.parse_known_args()


def is_recorded(path: Path, common: Dict[str, Any]) -> bool:
    records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return any(all(record[key] == value for key, value in common.items()) for record in records)


def train(config_path: Path, folder: Path, output: Path, seed: int, overrides: Dict[str, Any]) -> Dict[str, Any]:
    paths = {f"paths.{part}": str(folder / f"{part}.spacy") for part in ("train", "dev")}
    settings = {"paths.vectors": "assets/vectors.npz", "system.seed": seed, **paths, **overrides}
    nlp = init_nlp(load_config(config_path, overrides=settings, interpolate=False))
    output.mkdir(parents=True, exist_ok=True)
    start = perf_counter()
    train_loop(nlp, output)
    seconds = perf_counter() - start
    best = spacy.load(output / "model-best")
    known = known_entities(read_docs(folder / "train.spacy"))
    scores = {part: evaluate_pipeline(best, list(read_docs(folder / f"{part}.spacy")), known) for part in SPLITS}
    return {"scores": scores, "config": str(config_path), "train_s": seconds}


if __name__ == "__main__":
    main()
