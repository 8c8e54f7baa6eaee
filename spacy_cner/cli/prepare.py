"""`prepare`: a whole corpus to training, development and test set."""

from pathlib import Path

import typer

from ..corpus.docbin import save
from ..corpus.prepare import prepare_file, prepare_folder, read_recipe
from ..errors import InputError
from ._app import command, good


@command
def prepare(
    # fmt: off
    source: Path = typer.Argument(..., help="The folder that holds the corpora; or, with --format, one annotated file"),
    output: Path = typer.Argument(..., help="The folder to write train.spacy, dev.spacy and test.spacy to"),
    corpus: str | None = typer.Option(None, help="Which corpus of the recipes"),
    recipes: Path = typer.Option(Path("configs/corpora.yml"), help="The YAML file that describes the corpora"),
    format: str = typer.Option("", help="The format of the one file; it is split 8:1:1"),
    fraction: float = typer.Option(1.0, help="Keep this random part of the training data"),
    seed: int = typer.Option(0, help="Seed"),
    # fmt: on
):
    """Convert and split a corpus, in one command.

    It is one that a recipe describes, or your own annotated file."""
    if format:
        parts = prepare_file(source, format, fraction=fraction, seed=seed)
    elif corpus is None:
        raise InputError("expected --corpus NAME for a folder of corpora, or --format NAME for one file, got neither")
    else:
        recipe = read_recipe(recipes, corpus)
        parts = prepare_folder(source / recipe.get("folder", corpus), recipe, fraction=fraction, seed=seed)
    for part, docs in parts.items():
        path = output / f"{part}.spacy"
        save(docs, path)
        good(f"{path}: {len(docs)} sentences")
