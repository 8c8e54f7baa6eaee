"""`entities`: what a pipeline finds in a text."""

import json
import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import typer
from spacy.tokens import Span
from wasabi import table

from ..corpus.docbin import read_docs
from ..corpus.encoding import input_lines
from ..errors import InputError
from ..loading import load_pipeline
from ..pipeline.entity_value import value_of
from ..pipeline.kb_urls import kb_url_of
from ._app import BATCH_SIZE, GPU_ID, command, warn

MORE = ("kb_id", "kb_url", "value")


@command
def entities(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    texts: list[str] | None = typer.Argument(None, help="Texts; standard input, one a line, if there is none, or -"),
    docs: Path | None = typer.Option(None, help="Take the texts of a .spacy file, without what it says of them"),
    limit: int | None = typer.Option(None, min=1, help="Take the first texts only, at most that many"),
    as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else, a line for each text"),
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Print the entities of texts.

    Each has its character offsets, label and probability; where a dictionary or `cner_values` knows them, also its id,
    the address of this, and its value."""
    if texts == ["-"]:  # as `annotate` takes it
        texts = None
    if texts and docs is not None:
        raise InputError("expected texts or --docs, got both")
    for text in texts or ():
        if os.path.isfile(text):  # false for a text that no path can be
            warn(f"{text}: a file, whose name is read as a text here; `annotate` reads files")
    nlp = load_pipeline(model, gpu_id, batch_size)
    given: Iterable[str] = texts or ()
    if docs is not None:
        given = (doc.text for doc in read_docs(docs, nlp.vocab))
    elif not texts:
        given = input_lines(typer.get_binary_stream("stdin"))
    for doc in nlp.pipe([checked(text) for text in islice(given, limit)]):
        found = [entity_record(ent) for ent in doc.ents]
        if as_json:
            typer.echo(json.dumps({"text": doc.text, "entities": found}, ensure_ascii=False))
        else:
            typer.echo(f"{doc.text}\n{format_entities(found)}")


def entity_record(ent: Span) -> dict[str, Any]:
    """Returns what is known of an entity; MORE only where a component sets it."""
    known = {"start": ent.start_char, "end": ent.end_char, "label": ent.label_, "score": ent._.score, "text": ent.text}
    more = zip(MORE, (ent.kb_id_ or None, kb_url_of(ent), value_of(ent)))
    return {**known, **{key: value for key, value in more if value is not None}}


def format_entities(found: list[dict[str, Any]]) -> str:
    """Returns a table of entities."""
    more = [key for key in MORE if any(key in each for each in found)]
    rows = [
        (
            *(each["start"], each["end"], each["label"]),
            *("" if each["score"] is None else f"{each['score']:.2f}", each["text"]),
            *(each.get(key, "") for key in more),
        )
        for each in found
    ]
    return table(rows, aligns=("r", "r", "l", "r", "l", *"l" * len(more))) if rows else "no entities\n"


def checked(text: str) -> str:
    """Returns the text. Raises InputError for one that the terminal could not decode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"expected a text in the terminal's encoding, got {text!r:.80} ({error.reason})") from None
    return text
