"""What sentences of the everyday corpus add to a recogniser of persons, places and organisations that has other
corpora: the same training with more and more of them, and F1 on each test set."""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import spacy
from off_the_shelf import named, table
from spacy.cli.train import train
from spacy.tokens import DocBin

from spacy_cner.corpus.docbin import read_docs, save
from spacy_cner.evaluation.pipeline import evaluate_pipeline
from spacy_cner.files import write_text


def main() -> None:
    args = parse_args()
    base = [named(doc) for path in args.beside for doc in read_docs(path)]
    everyday = [named(doc) for doc in read_docs(args.everyday / "train.spacy")]
    random.Random(args.seed).shuffle(everyday)
    args.output.mkdir(parents=True, exist_ok=True)
    records: list[dict[str, Any]] = []
    for amount in args.amounts:
        folder = args.output / str(amount)
        path = args.output / f"{amount}.spacy"
        save(DocBin(docs=base + everyday[:amount]), path)
        train(args.config, folder, overrides=overrides(args, path))
        nlp = spacy.load(folder / "model-best")
        for test in args.test:
            scores = evaluate_pipeline(nlp, [named(doc) for doc in read_docs(test)])
            records.append({"system": f"{amount:,}", "texts": test.stem, "ents_f": scores["ents_f"]})
        write_text(args.output / "figures.json", json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    print(table(records))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("everyday", type=Path, help="The prepared everyday corpus: train.spacy and dev.spacy")
    parser.add_argument("output", type=Path, help="A folder for the trained pipelines and figures.json")
    parser.add_argument("--beside", type=Path, nargs="+", required=True, help="Training sets (.spacy) of other corpora")
    parser.add_argument("--test", type=Path, nargs="+", required=True, help="Test sets; a file's name is in the table")
    parser.add_argument("--amounts", type=int, nargs="+", default=[0, 1000, 2500, 5000])
    parser.add_argument("--config", type=Path, default=Path("configs/clc_jieba.cfg"))
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=1500, help="Padded characters of a step")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def overrides(args: argparse.Namespace, path: Path) -> dict[str, Any]:
    return {
        "paths.train": str(path),
        "paths.dev": str(args.everyday / "dev.spacy"),
        "paths.vectors": "assets/vectors.npz",
        "paths.lexicon": "assets/words.npz",
        "paths.init_tok2vec": "assets/encoder.bin",
        "system.seed": args.seed,
        "training.batcher.size": args.batch,
        "training.optimizer.learn_rate.total_steps": args.steps,
        "training.patience": 0,
        "training.eval_frequency": args.steps // 5,
    }


if __name__ == "__main__":
    main()
