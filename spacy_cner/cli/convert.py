"""`convert`: a corpus in another format to a .spacy file."""

from pathlib import Path
from typing import Any

import typer

from ..corpus.convert import FORMATS, Report
from ..corpus.convert import convert as convert_corpus
from ..corpus.docbin import save
from ..corpus.tagged import LABELS
from ..errors import InputError
from ._app import command, good, warn

SHOWN_PLACES = 3
COLUMNS = ("bio", "bioes", "bmes", "weibo")


@command
def convert(
    # fmt: off
    input_path: Path = typer.Argument(..., metavar="INPUT", help="The corpus file; for brat a .txt file, or a folder"),
    output_path: Path = typer.Argument(..., metavar="OUTPUT", help="The .spacy file to write"),
    format: str = typer.Option(..., "--format", "-f", help=f"One of: {', '.join(FORMATS)}"),
    encoding: str | None = typer.Option(
        None, help="Any that Python knows, or cesu-8. Detected if left out: UTF-8, CESU-8, GB18030"
    ),  # noqa: E501
    lenient: bool = typer.Option(False, "--lenient", help="Skip and report sentences that break the format"),
    strict_tags: bool = typer.Option(
        False,
        "--strict-tags",
        help=f"{', '.join(COLUMNS)}: illegal tag sequences (such as an I- without its B-) are errors, "
        "not repaired and reported",
    ),
    labels: str | None = typer.Option(
        None,
        help="tagged: the tags that are entities, and their labels. "
        f"Default: {','.join(map('='.join, LABELS.items()))}",
    ),
    # fmt: on
):
    """Convert a corpus to a .spacy file.

    It has one document for each sentence, and one token for each character."""
    options: dict[str, Any] = {}
    if strict_tags:
        require_format("--strict-tags", format, COLUMNS)
        options["strict_tags"] = True
    if labels is not None:
        require_format("--labels", format, ("tagged",))
        options["labels"] = parse_labels(labels)
    docs, report = convert_corpus(input_path, format, encoding=encoding, lenient=lenient, **options)
    warn_of(report)
    save(docs, output_path)
    good(f"{output_path}: {report}")


def require_format(option: str, format: str, formats: tuple[str, ...]) -> None:
    if format not in formats:
        raise InputError(f"expected {option} with the format {' or '.join(formats)}, got it with {format!r}")


def parse_labels(text: str) -> dict[str, str]:
    pairs = [tuple(part.strip() for part in pair.split("=")) for pair in text.split(",")]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise InputError(f"expected labels as in nr=PER,ns=LOC, got {text!r}")
    return dict(pairs)  # type: ignore[arg-type]


def warn_of(report: Report) -> None:
    """To stderr: every skipped sentence, and the notes with their first places."""
    for error in report.skipped:
        warn(f"Skipped {error}")
    for description, places in report.notes.items():
        more = ", ..." if len(places) > SHOWN_PLACES else ""
        warn(f"{len(places)} x {description} ({', '.join(places[:SHOWN_PLACES])}{more})")
