"""`stats`: what a .spacy file holds."""

from dataclasses import asdict
from pathlib import Path

import typer
from wasabi import table

from ..corpus.docbin import read_docs
from ..corpus.stats import CorpusStats, corpus_stats, training_entities
from ..text.progress import progress
from ._app import AS_JSON, OUTPUT, command, show


@command
def stats(
    # fmt: off
    path: Path = typer.Argument(..., metavar="FILE", help="The .spacy file"),
    against: Path | None = typer.Option(None, help="The training set, for the part of the entities it does not know"),  # noqa: E501
    as_json: bool = AS_JSON,
    output: Path | None = OUTPUT,
    # fmt: on
):
    """Count what a .spacy file holds.

    Sentences, characters and entities, and how many of the entities a training set lacks."""
    known = training_entities(against) if against is not None else None
    result = corpus_stats(progress(read_docs(path), unit="doc"), known)
    show(format_stats(path, result), asdict(result), as_json, output)


def format_stats(path: Path, result: CorpusStats) -> str:
    rows = [("Sentences", f"{result.sentences:,}"), ("Characters", f"{result.characters:,}")]
    rows += [("Entities", f"{result.entities:,}")]
    rows += [(f"  {label}", f"{count:,}") for label, count in result.types.items()]
    if result.oov_rate is not None:
        rows += [("Not in training", f"{result.oov_rate:.2%}")]
    return f"{path}\n{table(rows, aligns=('l', 'r'))}"
