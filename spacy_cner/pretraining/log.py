"""The log of a pre-training, a row of JSON a line."""

import json
from pathlib import Path
from typing import Any

from ..errors import InputError

LOG = "log.jsonl"


def read_log(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a log, none if it does not exist. A last line that is torn, as a kill leaves it, is left out.

    Raises InputError for any other line that is no row."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            rows.append({**row, "step": int(row["step"])})
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines):
                raise InputError(f"{path}:{number}: expected a row of a pre-training's log, got {error!r}") from None
    return rows
