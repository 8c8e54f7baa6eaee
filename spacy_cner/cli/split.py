"""`split` and `sample`: a .spacy file into training, development and test set, or a fraction of it."""

from pathlib import Path

import typer

from ..corpus import split as corpus_split
from ..corpus.docbin import check_output, load, save, save_together
from ..errors import InputError
from ._app import about, command, good

BY_HELP = (
    "random, order (the first documents to the first file, and so on), "
    "or stratified (each file evenly from all over the corpus)"
)


@command
def split(
    # fmt: off
    input_path: Path = typer.Argument(..., metavar="INPUT", help="The .spacy file to split"),
    train: Path = typer.Option(..., help="The training set to write"),
    dev: Path = typer.Option(..., help="The development set to write"),
    test: Path | None = typer.Option(None, help="The test set to write"),
    ratio: str | None = typer.Option(
        None, help="The sizes, train:dev[:test]  [default: 8:1:1, without a test set 9:1]"
    ),  # noqa: E501
    by: str = typer.Option("random", help=BY_HELP),
    seed: int = typer.Option(0, help="Seed, for random"),
    # fmt: on
):
    """Split a .spacy file into training, dev and test set.

    There is a test set if it is named. Documents keep their order."""
    outputs = [path for path in (train, dev, test) if path is not None]
    if len(set(outputs)) < len(outputs):
        raise InputError(f"expected different files to write, got {', '.join(map(str, outputs))}")
    for path in outputs:
        check_output(path)
    shares = parse_ratio(ratio or ("8:1:1" if test else "9:1"))
    if len(shares) != len(outputs):
        raise InputError(f"expected a number for each of the {len(outputs)} files in the ratio, got {ratio!r}")
    docs = load(input_path)
    with about(input_path):
        parts = corpus_split.split(docs, shares, by=by, seed=seed)
    save_together(dict(zip(outputs, parts, strict=True)))
    for part, path in zip(parts, outputs):
        good(f"{path}: {len(part)} documents")


@command
def sample(
    # fmt: off
    input_path: Path = typer.Argument(..., metavar="INPUT", help="The .spacy file to sample from"),
    output_path: Path = typer.Argument(..., metavar="OUTPUT", help="The .spacy file to write"),
    fraction: float = typer.Option(..., help="How much of it, e.g. 0.05"),
    by: str = typer.Option("random", help=BY_HELP),
    seed: int = typer.Option(0, help="Seed, for random"),
    # fmt: on
):
    """Take a fraction of a .spacy file.

    Documents keep their order. Of two random samples with the same seed, the larger one holds the smaller one."""
    check_output(output_path)
    whole = load(input_path)
    with about(input_path):
        docs = corpus_split.sample(whole, fraction, by=by, seed=seed)
    save(docs, output_path)
    good(f"{output_path}: {len(docs)} documents")


def parse_ratio(text: str) -> list[float]:
    try:
        return [float(share) for share in text.split(":")]
    except ValueError:
        raise InputError(f"expected a ratio as in 8:1:1, got {text!r}") from None
