"""`samples`: which sentences of a corpus' training file each sample has, as positions. No text is in it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from spacy_cner.cli._app import good
from spacy_cner.corpus.split import assign
from spacy_cner.files import write_text

from .corpora import SEED
from .table import PAPERS

SAMPLES = PAPERS / "samples.json"
# The sentences of the published training file; the share of them that becomes the development set, where there is none.
FILES = {"weibo": (1350, 0.0), "resume": (3821, 0.0), "msra": (45_000, 0.1)}
RATIOS = {"weibo": (1.0,), "resume": (1.0,), "msra": (0.05, 0.25, 1.0)}
COUNTS = (50, 100, 250, 500, 1000)
SEEDS = (0, 1, 2)
# The learning curve draws its sentences from these.
CURVES = {"weibo": 1.0, "resume": 1.0, "msra": 0.05}


def samples(
    output: Path = typer.Option(SAMPLES, "--output", "-o", help="The file to write"),
):
    """Write which sentences of their training files the samples of all tables have, so that others can train on the
    same ones."""
    found = list(every_sample())
    lines = ",\n".join(json.dumps(each) for each in found)
    write_text(output, f"[\n{lines}\n]\n")
    good(f"{output}: {len(found)} samples")


def every_sample() -> Iterator[dict[str, Any]]:
    """Yields all samples: `corpus`, `ratio` of its training file, `sentences` (None for all of them) and `seed` of
    these, and the positions of `train` and `dev` in that file, counted from 0. None for `train` stands for all that are
    not in `dev`, and for `dev` with `sentences` for those of the sample of the same ratio without."""
    for corpus, (count, dev_share) in FILES.items():
        for ratio in RATIOS[corpus]:
            if ratio < 1 or dev_share:
                whole = sample(corpus, count, dev_share, ratio)
                yield whole if ratio < 1 else {**whole, "train": None}
        for sentences in COUNTS:
            for seed in SEEDS:
                yield {**sample(corpus, count, dev_share, CURVES[corpus], sentences, seed), "dev": None}


def sample(
    corpus: str, count: int, dev_share: float, ratio: float, sentences: int | None = None, seed: int = SEED
) -> dict[str, Any]:
    """Returns one sample. What is drawn is what `prepare` and the learning curve draw."""
    train, dev = list(range(count)), list[int]()
    if ratio < 1:
        train = chosen(train, [ratio, 1 - ratio], SEED)[0]
    if dev_share:
        train, dev = chosen(train, [1 - dev_share, dev_share], SEED)
    if sentences is not None:
        train = chosen(train, [sentences, len(train) - sentences], seed)[0]
    return {"corpus": corpus, "ratio": ratio, "sentences": sentences, "seed": seed, "train": train, "dev": dev}


def chosen(positions: Sequence[int], ratio: Sequence[float], seed: int) -> tuple[list[int], list[int]]:
    assigned = assign(len(positions), ratio, seed=seed)
    first, second = (
        [place for place, part in zip(positions, assigned, strict=True) if part == wanted] for wanted in (0, 1)
    )
    return first, second
