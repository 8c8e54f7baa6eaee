"""The records as Markdown, next to the figures of the paper."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from .plan import Selection, point_row
from .records import SENTENCES, Record, matching
from .table import Column, Curve, Figure, Scores, Table

SCORES = {"p": "P", "r": "R", "f": "F", "r_oov": "R_oov"}
NONE = "–"


@dataclass(frozen=True)
class Summary:
    """Mean and sample standard deviation (0 of one seed) over `count` seeds."""

    mean: float
    std: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.std:.2f}" if self.count > 1 else f"{self.mean:.2f}"


def cell_records(records: Sequence[Record], row: str, column: Column) -> list[Record]:
    identity = {"row": row, "corpus": column.corpus, "ratio": column.ratio, SENTENCES: column.sentences}
    return matching(records, {**identity, "split": column.split, "subset": column.subset})


def summarise(records: Sequence[Record], key: str) -> Summary | None:
    """None if no record has this score."""
    values = [record[key] for record in records if record[key] is not None]
    return Summary(mean(values), stdev(values) if len(values) > 1 else 0.0, len(values)) if values else None


def page(table: Table, records: Sequence[Record], selection: Selection, pictures: dict[str, Path], folder: Path) -> str:
    """`pictures` are the files of figures, which the page in `folder` shows."""
    published = f"Published figures: {table.source}. Ours: m" if table.source else "M"
    parts = [f"# {table.title}", f"{published}ean ± standard deviation over the seeds, in percent."]
    for name in selection.columns:
        parts += [f"## {name}", describe(table.columns[name]), column_table(table, records, selection.rows, name)]
    for name in selection.figures:
        figure = table.figures[name]
        parts += [f"## {figure.title}", f"{figure.row}; {describe(table.columns[figure.column])}"]
        parts += picture(figure.title, pictures.get(name), folder)
        parts.append(figure_table(table, records, figure))
    for name in selection.curves:
        curve = table.curves[name]
        parts += [f"## {curve.title}", "F of each row, by the number of training sentences"]
        parts += picture(curve.title, pictures.get(name), folder)
        parts.append(curve_table(table, records, selection.rows, curve))
    return "\n\n".join(parts) + "\n"


def picture(title: str, file: Path | None, folder: Path) -> list[str]:
    return [] if file is None else [f"![{title}]({Path(os.path.relpath(file, folder)).as_posix()})"]


def describe(column: Column) -> str:
    share = "" if column.ratio == 1 else f", {100 * column.ratio:.4g} % of the training data"
    share = share if column.sentences is None else f", {column.sentences} training sentences"
    kinds = {"all": "", "words": ", word segmentation"}
    subset = kinds.get(column.subset, f", {column.subset} entities")
    return f"`{column.corpus}`{share}, {'development' if column.split == 'dev' else 'test'} set{subset}"


def column_table(table: Table, records: Sequence[Record], rows: Sequence[str], name: str) -> str:
    """The paper's figures are there if it has any for one of the rows."""
    column = table.columns[name]
    paper = {row: table.rows[row].paper.get(name) for row in rows}
    published = [key for key in SCORES if any(getattr(scores, key, None) is not None for scores in paper.values())]
    header = ["", *SCORES.values(), "seeds", *(f"paper {SCORES[key]}" for key in published)]
    lines = [
        [row, *scores_of(cell_records(records, row, column)), *published_of(paper[row], published)] for row in rows
    ]
    return markdown(header, lines)


def figure_table(table: Table, records: Sequence[Record], figure: Figure) -> str:
    column = table.columns[figure.column]
    lines = [
        [f"{point.x:g}", *scores_of(cell_records(records, point_row(figure, point), column))] for point in figure.points
    ]
    return markdown([figure.label, *SCORES.values(), "seeds"], lines)


def curve_table(table: Table, records: Sequence[Record], rows: Sequence[str], curve: Curve) -> str:
    columns = [table.columns[name] for name in curve.columns]
    lines = []
    for row in rows:
        cells = (summarise(cell_records(records, row, column), "f") for column in columns)
        lines.append([row, *(str(cell or NONE) for cell in cells)])
    return markdown(["", *(str(column.sentences) for column in columns)], lines)


def scores_of(records: Sequence[Record]) -> Iterator[str]:
    for key in SCORES:
        yield str(summarise(records, key) or NONE)
    yield str(len(records))


def published_of(scores: Scores | None, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        value = getattr(scores, key, None)
        yield NONE if value is None else f"{value:.2f}"


def markdown(header: Sequence[Any], lines: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, so that it reads well as it is."""
    widths = [max(3, *(len(line[i]) for line in [header, *lines])) for i in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def format_line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]) + " |"

    return "\n".join(format_line(line) for line in [header, rule, *lines])
