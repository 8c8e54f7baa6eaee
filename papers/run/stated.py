"""`check`: whether the figures that pages state are those of the records."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import typer

from spacy_cner.cli._app import good
from spacy_cner.errors import InputError

from .records import IDENTITY, SENTENCES, Record, read_records
from .report import SCORES, summarise
from .table import PAPERS

ROOT = PAPERS.parent
PAGES = ("README.md", "README.zh.md", "docs/performance.md", "papers/*/README.md")
FIGURE = re.compile(r"(\d+\.\d\d)\**\s*±\s*(\d+\.\d\d)")


def check(
    # fmt: off
    pages: list[Path] = typer.Argument(None, help="Pages to check; by default README, performance and papers"),
    records: Path = typer.Option(PAPERS, help="The folder with the records"),
    # fmt: on
):
    """Check that each mean ± deviation of the pages is one of the records. Others end it with exit code 1."""
    files = pages or [path for pattern in PAGES for path in sorted(ROOT.glob(pattern))]
    known = set().union(*(summaries(_records(path)) for path in sorted(records.rglob("*.json"))))
    unknown = [f"{path}:{line}: {figure}" for path in files for line, figure in stated(path) if figure not in known]
    if unknown:
        raise InputError("expected figures of the records, got\n" + "\n".join(unknown))
    good(f"{sum(len(list(stated(path))) for path in files)} figures are those of the records")


def stated(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the figures of a page as mean ± deviation, with their lines."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for mean, deviation in FIGURE.findall(line):
            yield number, f"{mean} ± {deviation}"


def summaries(records: Iterable[Record]) -> set[str]:
    """Returns the mean ± deviation over seeds of each score of each system on each corpus, of the records of
    one file."""
    groups: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    keys = [key for key in (*IDENTITY, SENTENCES) if key != "seed"]
    for record in records:
        groups[tuple(map(record.get, keys))].append(record)
    return {str(found) for group in groups.values() for score in SCORES if (found := summarise(group, score))}


def _records(path: Path) -> Sequence[Record]:
    try:
        return read_records(path)
    except InputError:  # another kind of file
        return []
