"""Files of terms: TSV (term, label, id, weight) and JSON lines (term, label, id, weight, aliases)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import CorpusError, InputError
from .source import Source

ENDINGS = {".tsv": "tsv", ".txt": "tsv", ".jsonl": "jsonl"}
Row = tuple[int, Any]  # a line (from 1), and a list of its fields, a dict, or what is wrong with it


def read_rows(path: Path) -> Iterator[Row]:
    """Yields the lines of a file of terms: the fields of TSV, or the object of JSON lines, or a CorpusError for a line
    that is neither. Blank lines are passed over, and comments of TSV, which begin with # and a blank.

    Raises CorpusError for a file that cannot be read, and for one with another ending than .tsv, .txt or .jsonl."""
    kind = ENDINGS.get(path.suffix)
    if kind is None:
        raise CorpusError(f"expected a file of terms with an ending out of {', '.join(ENDINGS)}", path=path)
    source = Source.read(path)
    for number, line in source.lines():
        if kind == "jsonl":
            yield number, _parsed(source, number, line)
        elif not line.startswith("# "):
            yield number, line.split("\t")


def _parsed(source: Source, number: int, line: str) -> Any:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return source.error(f"expected a JSON object, got {error}", number, line)
    return value if isinstance(value, dict) else source.error("expected a JSON object", number, line)


def fields_of(row: list[str]) -> tuple[Any, ...]:
    """Returns text, label, id and weight of the fields of a TSV line. Raises InputError for too few or too many, and
    for a weight that is no number."""
    if not 2 <= len(row) <= 4:
        raise InputError(f"expected a term, a label, and perhaps an id and a weight, with tabs between, got {len(row)}")
    text, label = row[0].strip(), row[1].strip()
    kb_id = row[2].strip() if len(row) > 2 else ""
    weight = row[3].strip() if len(row) > 3 else ""
    try:
        return text, label, kb_id, float(weight) if weight else 1.0
    except ValueError:
        raise InputError(f"expected a number as weight, got {weight!r}") from None
