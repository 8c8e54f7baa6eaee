"""A reader of the table that spaCy's console logger prints."""

import re
from pathlib import Path

from ..errors import InputError

RULE = re.compile(r"^-{3,}(?:  -{3,})+ *$")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?|nan|inf")
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def read_curve(path: Path, score: str) -> list[tuple[int, float]]:
    """Reads the step and score of each evaluation from the output of `spacy train`.

    score: the name of a column, such as task_acc, in upper or lower case.
    Raises InputError if the file, its table or the column is missing."""
    if not path.is_file():
        raise InputError(f"{path}: expected the log of a training, found none")
    text = COLOR.sub("", path.read_text(encoding="utf-8", errors="replace"))
    lines = text[: text.rfind("\n") + 1].splitlines()  # a last line may be cut
    rules = [i for i, line in enumerate(lines) if i and RULE.match(line)]
    if not rules:
        raise InputError(f"{path}: expected the table that spaCy's console logger prints, found none")
    first = rules[-1]  # of the last run, if the training was restarted
    borders = [match.span() for match in re.finditer("-+", lines[first])]
    header = [lines[first - 1][start:end].strip() for start, end in borders]
    if score.upper() not in header[2:]:
        raise InputError(f"{path}: expected one of the columns {', '.join(header[2:])}, got {score!r}")
    column = header.index(score.upper())
    # A number that is wider than its column moves what follows.
    rows = [line.split() for line in lines[first + 1 :] if re.match(r" *\d+ +\d+ ", line)]
    points = [(row[1], row[column]) for row in rows if len(row) == len(header) and NUMBER.fullmatch(row[column])]
    if not points:
        raise InputError(f"{path}: expected an evaluation under the head of the table, found none yet")
    return [(int(step), float(value)) for step, value in points]
