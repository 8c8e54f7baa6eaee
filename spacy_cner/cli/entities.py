"""`entities`: what a pipeline finds in a text."""

import json
from typing import Any

import typer
from wasabi import table

from ..corpus.encoding import input_lines
from ..errors import InputError
from ..loading import load_pipeline
from ._app import BATCH_SIZE, GPU_ID, command


@command
def entities(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    texts: list[str] | None = typer.Argument(None, help="Texts; standard input, one a line, if there is none"),
    as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else, a line for each text"),
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Print the entities of texts.

    Each has its character offsets, label and probability."""
    nlp = load_pipeline(model, gpu_id, batch_size)
    for doc in nlp.pipe([checked(text) for text in texts or input_lines(typer.get_binary_stream("stdin"))]):
        found = [
            {"start": ent.start_char, "end": ent.end_char, "label": ent.label_, "score": ent._.score, "text": ent.text}
            for ent in doc.ents
        ]
        if as_json:
            typer.echo(json.dumps({"text": doc.text, "entities": found}, ensure_ascii=False))
        else:
            typer.echo(f"{doc.text}\n{format_entities(found)}")


def format_entities(found: list[dict[str, Any]]) -> str:
    """Returns a table of entities."""
    rows = [
        (start, end, label, "" if score is None else f"{score:.2f}", text)
        for start, end, label, score, text in map(dict.values, found)
    ]
    return table(rows, aligns=("r", "r", "l", "r", "l")) if rows else "no entities\n"


def checked(text: str) -> str:
    """Returns the text. Raises InputError for one that the terminal could not decode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"expected a text in the terminal's encoding, got {text!r:.80} ({error.reason})") from None
    return text
