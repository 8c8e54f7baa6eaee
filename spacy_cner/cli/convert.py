"""`convert`: a corpus in another format to a .spacy file."""

from pathlib import Path
from typing import Any

import typer

from ..corpus.convert import FORMATS, ConversionReport, check_options
from ..corpus.convert import convert as convert_corpus
from ..corpus.docbin import check_output, save
from ..corpus.offsets import UNITS
from ..corpus.tagged import LABELS, TAG_SETS
from ..errors import InputError
from ..text.tags import SCHEMES
from ._app import command, good, warn

SHOWN_PLACES = 3
SHOWN_COUNTS = 20


def _having(option: str) -> str:
    return ", ".join(name for name, format in FORMATS.items() if option in format.options)


# The options of the readers, as `prepare` has them too.
ENCODING = typer.Option(
    None, help="Any that Python knows, or cesu-8. Recognised if left out: UTF-8, GB18030, Big5, ..."
)
LENIENT = typer.Option(False, "--lenient", help="Skip and report what breaks the format")
STRICT_TAGS = typer.Option(
    False,
    "--strict-tags",
    help=f"{_having('strict_tags')}: illegal tag sequences (such as an I- without its B-) are errors, not repaired and "
    "reported",
)
LABELS_HELP = typer.Option(
    None,
    "--labels",
    help=f"tagged: the tags that are entities, and their labels. Default: {','.join(map('='.join, LABELS.items()))}",
)
TAG_SET = typer.Option(None, help=f"tagged: the entities of a known tag set, one of {', '.join(TAG_SETS)}")
OFFSETS = typer.Option(None, help=f"{_having('offsets')}: what offsets count, one of {', '.join(UNITS)}")
SCHEME = typer.Option(None, help=f"conll: the tag scheme, one of {', '.join(SCHEMES)}. Default: bio")
COLUMN = typer.Option(None, min=1, help="conll: the column of the character or word, from 1. Default: 1")
TAG_COLUMN = typer.Option(None, min=1, help="conll: the column of the tag, from 1. Default: the last one")


@command
def convert(
    # fmt: off
    input_path: Path = typer.Argument(..., metavar="INPUT", help="The corpus file; for brat and enamex also a folder"),
    output_path: Path = typer.Argument(..., metavar="OUTPUT", help="The .spacy file to write"),
    format: str = typer.Option(..., "--format", "-f", help=f"One of: {', '.join(FORMATS)}"),
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
    """Convert a corpus to a .spacy file.

    It has one document for each sentence, and one token for each character."""
    options = reader_options(
        format,
        strict_tags=strict_tags or None,
        labels=labels,
        tag_set=tag_set,
        offsets=offsets,
        scheme=scheme,
        column=column,
        tag_column=tag_column,
    )
    check_output(output_path)
    docs, report = convert_corpus(input_path, format, encoding=encoding, lenient=lenient, **options)
    warn_of(report)
    save(docs, output_path)
    good(f"{output_path}: {report}")


def reader_options(format: str, **given: Any) -> dict[str, Any]:
    """Returns the options that are given, as the format's reader takes them. Raises InputError for an option that the
    format does not have, or a value that it cannot have."""
    options = {name: value for name, value in given.items() if value is not None}
    check_options(format, options)
    if "labels" in options:
        options["labels"] = parse_labels(options["labels"])
    return options


def parse_labels(text: str) -> dict[str, str]:
    """Returns the labels of `nr=PER,ns=LOC` by their tags. Raises InputError for another form, and for a tag with two
    labels."""
    pairs = [tuple(part.strip() for part in pair.split("=")) for pair in text.split(",")]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise InputError(f"expected labels as in nr=PER,ns=LOC, got {text!r}")
    labels: dict[str, str] = dict(pairs)  # type: ignore[arg-type]
    if len(labels) < len(pairs):
        raise InputError(f"expected each tag once, got {text!r}")
    return labels


def warn_of(report: ConversionReport) -> None:
    """Prints to stderr everything skipped, and the notes with their first places or most frequent values."""
    for error in report.skipped:
        warn(f"Skipped {error}")
    for description, places in report.notes.items():
        more = ", ..." if len(places) > SHOWN_PLACES else ""
        warn(f"{len(places)} x {description} ({', '.join(places[:SHOWN_PLACES])}{more})")
    for description, counts in report.left_over.items():
        shown = ", ".join(f"{name} {count}" for name, count in counts.most_common(SHOWN_COUNTS))
        more = ", ..." if len(counts) > SHOWN_COUNTS else ""
        warn(f"{counts.total()} x {description}: {shown}{more}")
