"""What users would install instead, trained and scored on the same files: spaCy's own `ner`, and python-crfsuite."""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import spacy
import torch
from spacy.cli import init_config
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_loop
from thinc.api import Config

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.corpus.stats import known_entities
from spacy_cner.evaluation.pipeline import evaluate_pipeline
from spacy_cner.evaluation.scorer import score_ents

sys.path.append(str(Path(__file__).parents[1]))
from papers.run.corpora import some_sentences
from papers.run.records import IDENTITY, SENTENCES, SPLITS, make_records, revision, save_records

RECORDS = Path(__file__).parents[1] / "papers" / "project" / "peers.json"
# The two sizes of spaCy's quickstart; "accuracy" without the vectors of another package.
SPACY_SIZES = {"spacy": {"width": 96, "depth": 4}, "spacy-large": {"width": 256, "depth": 8}}


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    revision()
    for row in args.peers:
        for seed in args.seeds if row in SPACY_SIZES or args.sentences else args.seeds[:1]:
            folder = some_sentences(args.folder, args.sentences, seed) if args.sentences else args.folder
            run = run_crfsuite(folder) if row == "crfsuite" else run_spacy(row, folder, seed, args.models)
            common = {"row": row, "corpus": args.corpus, "ratio": args.ratio, "seed": seed}
            common |= {SENTENCES: args.sentences} if args.sentences else {}
            records = list(make_records(common, run))
            save_records(args.output, records)
            for record in records:
                print(*(record[key] for key in (*IDENTITY, "p", "r", "f", "r_oov")), sep="\t", flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="Holds train.spacy, dev.spacy and test.spacy")
    parser.add_argument("--corpus", required=True, help="Its name in the records")
    parser.add_argument("--ratio", type=float, default=1.0, help="Which part of the training data the files hold")
    parser.add_argument("--sentences", type=int, help="Train on only so many, drawn by the seed")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0], help="crfsuite is deterministic and runs once on the same files"
    )
    parser.add_argument("--peers", nargs="+", default=["spacy", "crfsuite"], choices=[*SPACY_SIZES, "crfsuite"])
    parser.add_argument("--models", type=Path, help="Keep spaCy's pipelines in this folder")
    parser.add_argument("--output", type=Path, default=RECORDS, help="Records are added to it")
    return parser.parse_args()


def run_spacy(row: str, folder: Path, seed: int, models: Path | None) -> dict[str, Any]:
    """spaCy's quickstart configuration for the CPU, over characters, trained by spaCy's own loop and patience."""
    config = Config(init_config(lang="zh", pipeline=["ner"], optimize="efficiency"))
    paths = {part: str(folder / f"{part}.spacy") for part in ("train", "dev")}
    encode = SPACY_SIZES[row]
    overrides = {"paths": paths, "system": {"seed": seed}, "components": {"tok2vec": {"model": {"encode": encode}}}}
    with tempfile.TemporaryDirectory() as temporary:
        output = (models or Path(temporary)) / f"{row}-{seed}"
        output.mkdir(parents=True, exist_ok=True)
        start = perf_counter()
        train_loop(init_nlp(config.merge(overrides)), output)
        seconds = perf_counter() - start
        nlp = spacy.load(output / "model-best")
    known = known_entities(read_docs(folder / "train.spacy"))
    scores = {part: evaluate_pipeline(nlp, list(read_docs(folder / f"{part}.spacy")), known) for part in SPLITS}
    text = f"spaCy {spacy.__version__} quickstart (CPU), characters, tok2vec {encode['width']} x {encode['depth']}"
    return {"scores": scores, "config": text, "train_s": seconds}


def run_crfsuite(folder: Path) -> dict[str, Any]:
    from crfsuite import predict, train_crfsuite  # only here, as it needs the extra `peers`

    train, dev, test = (list(read_docs(folder / f"{part}.spacy")) for part in ("train", "dev", "test"))
    run = train_crfsuite(train, dev)
    known = known_entities(train)
    run["scores"] = {part: score_ents(predict(run["tagger"], docs), known) for part, docs in zip(SPLITS, (dev, test))}
    return run


if __name__ == "__main__":
    main()
