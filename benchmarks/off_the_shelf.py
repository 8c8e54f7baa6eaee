"""Taggers as people install them, without any training on the corpus, beside pipelines of this project: persons, places
and organisations of the same texts."""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from shelf import PEERS
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.evaluation.pipeline import evaluate_pipeline
from spacy_cner.files import write_text

# What the labels of public corpora are called here; others, such as nominal mentions and titles, are no names.
LABELS = {"NAME": "PER", "GPE": "LOC"} | {label: label for label in ("PER", "LOC", "ORG")}
KEPT = ("ents_p", "ents_r", "ents_f", "ents_none")


def main() -> None:
    args = parse_args()
    records = []
    for system, nlp in systems(args.pipelines, args.peers):
        for path in args.files:
            scores = evaluate_pipeline(nlp, [named(doc) for doc in read_docs(path)])
            rows = {path.stem: {key: scores[key] for key in KEPT}}
            for kind, each in scores.get("ents_per_kind", {}).items():
                rows[f"{path.stem}: {kind}"] = {f"ents_{key}": value for key, value in each.items()}
            records += [{"system": system, "texts": texts, **found} for texts, found in rows.items()]
            print(f"{system}\t{path.stem}\t{100 * scores['ents_f']:.1f}", flush=True)
    if args.output:
        write_text(args.output, json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    print(table(records))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="Test sets (.spacy); a file's name stands in the table")
    parser.add_argument("--pipelines", nargs="*", default=[], help="Packages or folders of pipelines")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--output", type=Path, help="A JSON file for precision, recall and F1 of each row")
    return parser.parse_args()


def systems(pipelines: list[str], peers: list[str]) -> Iterator[tuple[str, Language]]:
    """Yields the pipelines and peers by name, each loaded when it is its turn."""
    for name in pipelines:
        yield name, spacy.load(name)
    for name in peers:
        yield name, PEERS[name]()


def named(doc: Doc) -> Doc:
    """Returns a copy of a gold document with its persons, places and organisations alone. In the mentions of Weibo,
    PER.NAM is a name and PER.NOM is none."""
    copy = doc.copy()
    ents = []
    for ent in doc.ents:
        label, _, kind = ent.label_.partition(".")
        if label in LABELS and kind in ("", "NAM"):
            ents.append(Span(copy, ent.start, ent.end, LABELS[label]))
    copy.set_ents(ents)
    return copy


def table(records: list[dict[str, Any]]) -> str:
    """Returns F1 in percent as a Markdown table, a column for each system."""
    names = list(dict.fromkeys(record["system"] for record in records))
    found = {(record["texts"], record["system"]): f"{100 * record['ents_f']:.1f}" for record in records}
    lines = ["| texts | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for texts in dict.fromkeys(record["texts"] for record in records):
        lines.append(f"| {texts} | " + " | ".join(found[texts, name] for name in names) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
