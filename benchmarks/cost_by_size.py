"""How cost grows: with the amount of text, with the length of a document, and with the number of labels.

    python benchmarks/cost_by_size.py zh_cner_sm corpus/weibo/test.spacy [--most 10000000]

Text is that of the file, again and again. Every row is measured in a process of its own: CPU microseconds a character
and the peak of memory. The first table has texts as they are, the second one document, the third the decoding of 40
sequences of 50 characters with random scores, by the best path and by the probabilities of spans.
"""

import argparse
import json
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from time import process_time
from typing import Any

import numpy
import spacy
from peak import peak_mb

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.decoding.find_spans import best_spans, path_spans
from spacy_cner.decoding.parameters import CrfParameters, forbidden_transitions
from spacy_cner.decoding.tag_scores import TagScores

SEQUENCES, LENGTH = 40, 50
LABELS = (4, 8, 16, 32, 64, 100)
ONE_DOCUMENT = 1_000_000  # characters: the most that spaCy takes


def main() -> None:
    args = parse_args()
    if args.measure:
        print(json.dumps(measure(args)))
        return
    sizes = [10**i for i in range(1, 10) if 10**i <= args.most]
    table("characters of texts", "text", [size for size in sizes if size >= 1000])
    table("characters of one document", "document", [size for size in sizes if size <= ONE_DOCUMENT])
    table("labels", "labels", LABELS)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("file", type=Path, help="A .spacy file")
    parser.add_argument("--most", type=int, default=10_000_000, help="Characters")
    parser.add_argument("--measure", nargs=2, metavar=("KIND", "SIZE"), help="Measure this and nothing else")
    return parser.parse_args()


def table(name: str, kind: str, sizes: Any) -> None:
    print(f"{name:>26}  {'us/char':>9}  {'peak MB':>8}" + ("  us/char, probabilities" if kind == "labels" else ""))
    for size in sizes:
        command = [sys.executable, *sys.argv, "--measure", kind, str(size)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        print(f"{size:>26,}  {row['us'][0]:>9.2f}  {row['peak']:>8.0f}", *(f"{us:.2f}" for us in row["us"][1:]))


def measure(args: argparse.Namespace) -> dict[str, Any]:
    kind, size = args.measure[0], int(args.measure[1])
    if kind == "labels":
        return {"us": decoding(size), "peak": peak_mb()}
    nlp = spacy.load(args.model)
    texts = [doc.text for doc in read_docs(args.file)]
    nlp(texts[0])
    given = enough(texts, size)
    start = process_time()
    if kind == "text":
        for _ in nlp.pipe(given):
            pass
    else:
        nlp("".join(given))
    return {"us": [1e6 * (process_time() - start) / size], "peak": peak_mb()}


def enough(texts: list[str], size: int) -> list[str]:
    """The texts, again and again, until there are so many characters; the last is cut."""
    found, left = [], size
    for text in cycle(texts):
        found.append(text[:left])
        left -= len(found[-1])
        if not left:
            return found
    return found


def decoding(labels: int) -> list[float]:
    """CPU microseconds a character: of the best path, and of the probabilities of spans."""
    tags = ["O", *(f"{letter}-{label}" for label in range(labels) for letter in "BIES")]
    rng = numpy.random.default_rng(0)
    size = len(tags)
    crf = CrfParameters(
        rng.normal(size=(size, size)), numpy.zeros(size), numpy.zeros(size), forbidden_transitions(tags, "bioes")
    )
    emissions = rng.normal(size=(SEQUENCES, LENGTH, size), scale=3).astype("float32")
    lengths = numpy.full(SEQUENCES, LENGTH)
    found = []
    for find in (path_spans, best_spans):
        times = []
        for _ in range(3):
            scores = TagScores(crf, tags, "bioes", emissions, lengths)
            start = process_time()
            find(scores, 0.5)
            times.append(process_time() - start)
        found.append(1e6 * min(times) / (SEQUENCES * LENGTH))
    return found


if __name__ == "__main__":
    main()
