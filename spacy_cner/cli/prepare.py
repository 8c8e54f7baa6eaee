"""`prepare`: a whole corpus to training, development and test set."""

from pathlib import Path
from typing import Any

import typer

from ..corpus.convert import FORMATS, ConversionReport
from ..corpus.docbin import docs_of, save_together
from ..corpus.prepare import prepare_file, prepare_folder, read_recipe
from ..errors import InputError
from ..loading import config_folder
from ._app import command, good, warn
from .audit import say_findings
from .convert import (
    COLUMN,
    ENCODING,
    LABELS_HELP,
    LENIENT,
    OFFSETS,
    SCHEME,
    STRICT_TAGS,
    TAG_COLUMN,
    TAG_SET,
    reader_options,
    warn_of,
)

RECIPES = "corpora.yml"
PARTS = {"train", "dev", "test"}


@command
def prepare(
    # fmt: off
    source: Path = typer.Argument(
        ...,
        help="The folder that holds the corpora; or, with --format, one annotated file, for brat and enamex a folder",
    ),
    output: Path = typer.Argument(..., help="The folder to write train.spacy, dev.spacy and test.spacy to"),
    corpus: str | None = typer.Option(None, help="Which corpus of the recipes"),
    recipes: Path | None = typer.Option(None, help="A YAML file that describes the corpora, instead of the package's"),
    format: str = typer.Option(
        "", "--format", "-f", help=f"The format of the one file, which is split 8:1:1. One of: {', '.join(FORMATS)}"
    ),
    fraction: float = typer.Option(1.0, help="Keep this random part of the one file, or of the training file"),
    seed: int = typer.Option(0, help="Seed"),
    encoding: str | None = ENCODING,
    lenient: bool = LENIENT,
    strict_tags: bool = STRICT_TAGS,
    labels: str | None = LABELS_HELP,
    tag_set: str | None = TAG_SET,
    offsets: str | None = OFFSETS,
    scheme: str | None = SCHEME,
    column: int | None = COLUMN,
    tag_column: int | None = TAG_COLUMN,
    # fmt: on
):
    """Convert and split a corpus, in one command.

    It is one that a recipe describes, or your own annotated file. What is skipped, repaired or not read is
    reported, and so is how much `audit` finds suspicious."""
    given = {
        "strict_tags": strict_tags or None,
        "labels": labels,
        "tag_set": tag_set,
        "offsets": offsets,
        "scheme": scheme,
        "column": column,
        "tag_column": tag_column,
    }
    # A workflow passes an empty value for an option that is not set.
    given = {name: value for name, value in given.items() if value not in (None, "")}
    report = ConversionReport()
    if format and (corpus or recipes):
        raise InputError("expected --corpus and --recipes for a folder of corpora, or --format for one file, got both")
    if format:
        options = reader_options(format, **given)
        settings: dict[str, Any] = {"encoding": encoding or None, **options}
        parts = prepare_file(source, format, lenient=lenient, fraction=fraction, seed=seed, report=report, **settings)
    elif corpus is None:
        raise InputError("expected --corpus NAME for a folder of corpora, or --format NAME for one file, got neither")
    else:
        if given or encoding:
            flags = ", ".join("--" + name.replace("_", "-") for name in [*given, *(["encoding"] if encoding else [])])
            raise InputError(f"expected {flags} with --format alone; a recipe says how its corpus is read")
        recipe = read_recipe(recipes or config_folder() / RECIPES, corpus)
        folder = source / recipe.get("folder", corpus)
        parts = prepare_folder(folder, recipe, fraction=fraction, seed=seed, lenient=lenient, report=report)
    warn_of(report)
    files = {output / f"{part}.spacy": docs for part, docs in parts.items()}
    save_together(files)
    for path, docs in files.items():
        good(f"{path}: {len(docs)} sentences")
    for part in PARTS - parts.keys():
        if (path := output / f"{part}.spacy").exists():
            warn(f"{path}: the corpus has no such part, so the file is of another; remove it or take another folder")
    good(str(report))
    with_entities = {part: list(docs_of(docs)) for part, docs in parts.items()}
    if any(doc.ents for docs in with_entities.values() for doc in docs):
        say_findings(with_entities, output)
