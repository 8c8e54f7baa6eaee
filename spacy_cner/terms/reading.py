"""Terms from files, with what could not be used."""

from collections.abc import Iterable
from pathlib import Path

from ..corpus.source import Source
from ..corpus.terms import fields_of, read_rows
from ..errors import CorpusError, InputError
from .columns import TermColumns, problem_of

SHOWN = 5  # problems in one warning


def read_terms(paths: Iterable[str | Path]) -> tuple[TermColumns, list[CorpusError]]:
    """Reads files of terms, TSV or JSON lines (see `read_rows`). Aliases become terms of their own, with the label,
    id and weight of the term that has them.

    RETURNS: the terms, and what could not be used, each with its file and line.
    Raises CorpusError for a file that cannot be read, or that has no term that can be used."""
    columns, problems = TermColumns(), []
    for path in map(Path, paths):
        before = len(columns)
        for line, row in read_rows(path):
            try:
                if isinstance(row, list):
                    _append(columns, *fields_of(row))
                elif isinstance(row, CorpusError):
                    problems.append(row)
                else:
                    columns.extend(TermColumns.of([row]))
            except InputError as error:
                problems.append(CorpusError(str(error), path=path, line=line))
        if len(columns) == before:
            first = f", got: {problems[-1]}" if problems else ", got none"
            raise CorpusError(f"expected terms{first}", path=path)
    return columns, problems


def _append(columns: TermColumns, text: str, label: str, kb_id: str, weight: float) -> None:
    if problem := problem_of(text, label, kb_id, weight):
        raise InputError(problem)
    columns.append(text, label, kb_id, weight)


def read_stops(paths: Iterable[str | Path]) -> list[str]:
    """Reads files of strings that are never a name, one a line; comments begin with # and a blank.

    Raises CorpusError for a file that cannot be read, and for a line with a tab."""
    found: list[str] = []
    for path in map(Path, paths):
        source = Source.read(path)
        for number, line in source.lines():
            if "\t" in line.strip():
                raise source.error("expected a string that is never a name, without tabs", number, line)
            if not line.startswith("# "):
                found.append(line.strip())
    return found


def summary(problems: list[CorpusError]) -> str:
    """Returns what a warning says of lines that could not be used."""
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return f"{len(problems)} terms could not be used: {'; '.join(map(str, problems[:SHOWN]))}{more}"
