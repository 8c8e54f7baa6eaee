"""`entities`: what a pipeline finds in a text."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import typer
from wasabi import table

from ..corpus.docbin import read_docs
from ..corpus.encoding import input_lines
from ..errors import InputError
from ..loading import load_pipeline
from ._app import command


@command
def entities(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    texts: list[str] | None = typer.Argument(None, help="Texts; standard input, one a line, if there is none"),
    docs: Path | None = typer.Option(None, help="Take the texts of a .spacy file, without what it says of them"),
    limit: int | None = typer.Option(None, min=1, help="Take the first texts only, at most that many"),
    # fmt: on
):
    """Print the entities of texts.

    Each has its character offsets, label and probability."""
    if texts and docs is not None:
        raise InputError("expected texts or --docs, got both")
    nlp = load_pipeline(model)
    given: Iterable[str] = texts or ()
    if docs is not None:
        given = (doc.text for doc in read_docs(docs, nlp.vocab))
    elif not texts:
        given = input_lines(typer.get_binary_stream("stdin"))
    for doc in nlp.pipe([checked(text) for text in islice(given, limit)]):
        typer.echo(doc.text)
        scores = [ent._.score for ent in doc.ents]
        rows = [
            (ent.start_char, ent.end_char, ent.label_, "" if score is None else f"{score:.2f}", ent.text)
            for ent, score in zip(doc.ents, scores)
        ]
        typer.echo(table(rows, aligns=("r", "r", "l", "r", "l")) if rows else "no entities\n")


def checked(text: str) -> str:
    """Returns the text. Raises InputError for one that the terminal could not decode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"expected a text in the terminal's encoding, got {text!r:.80} ({error.reason})") from None
    return text
