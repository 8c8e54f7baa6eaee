"""`report`: gold and predicted entities side by side, as one HTML file."""

from pathlib import Path

import typer

from ..corpus.docbin import read_docs
from ..errors import InputError
from ..files import check_writable, write_text
from ..loading import load_pipeline
from ..serve.report import KINDS
from ..serve.report import report as make_report
from ._app import BATCH_SIZE, GPU_ID, about, command, good


@command
def report(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    docs: Path = typer.Argument(..., help="Annotated documents, a .spacy file"),
    output: Path = typer.Argument(..., help="The .html file to write"),
    title: str | None = typer.Option(None, help="Title of the report; the file's name by default"),
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Write a report of a pipeline's errors.

    One HTML file shows gold and predicted entities side by side, errors by kind, with filters and a search. It holds
    the texts, and loads nothing from elsewhere."""
    if output.suffix != ".html":
        raise InputError(f"{output}: expected a name that ends in .html")
    check_writable(output)
    nlp = load_pipeline(model, gpu_id, batch_size)
    gold = list(read_docs(docs, nlp.vocab))
    with about(docs):
        page, counts = make_report(nlp, gold, title or docs.name)
    write_text(output, page)
    good(f"{output}: {', '.join(f'{counts[kind]} {kind}' for kind in KINDS)}")
