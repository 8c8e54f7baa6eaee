"""Figures as pictures, drawn with matplotlib (the extra `plots`): P, R and F over a setting, and learning curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy_cner.plots.figure import new_figure, save_figure

from .plan import point_row
from .records import Record
from .report import SCORES, Summary, cell_records, summarise
from .table import Curve, Figure, Table

# Distinct in black and white too.
STYLES = {"f": ("C3", "o-"), "p": ("C0", "s--"), "r": ("C2", "^:")}
MARKERS = "os^vDPX*"

Line = list[tuple[float, Summary]]


def curves(table: Table, records: Sequence[Record], figure: Figure) -> dict[str, Line]:
    """Of F, P and R: x and score at every point that has a record; no curve without any."""
    column = table.columns[figure.column]
    found = [(point.x, cell_records(records, point_row(figure, point), column)) for point in figure.points]
    lines = {key: [(x, score) for x, group in found if (score := summarise(group, key))] for key in STYLES}
    return {key: line for key, line in lines.items() if line}


def learning_curves(table: Table, records: Sequence[Record], curve: Curve) -> dict[str, Line]:
    """Of each row that has records: the number of sentences, and F."""
    columns = [table.columns[name] for name in curve.columns]
    lines: dict[str, Line] = {}
    for row in table.rows:
        scores = ((column.sentences or 0, summarise(cell_records(records, row, column), "f")) for column in columns)
        lines[row] = [(x, score) for x, score in scores if score]
    return {row: line for row, line in lines.items() if line}


def draw(figure: Figure, lines: dict[str, Line], path: Path) -> None:
    """Writes a PNG with the standard deviations as bars. Raises InputError without matplotlib."""
    canvas, axes = _canvas(path)
    for key, line in lines.items():
        color, style = STYLES[key]
        _plot(axes, line, color=color, fmt=style, label=SCORES[key])
    axes.set_xlabel(figure.label)
    axes.set_ylabel("percent")
    axes.set_xticks([point.x for point in figure.points])
    axes.set_title(f"{figure.title} ({figure.row}, {figure.column})", fontsize=10)
    _save(canvas, axes, path)


def draw_learning_curves(curve: Curve, lines: dict[str, Line], path: Path) -> None:
    """The same, with a logarithmic x axis."""
    canvas, axes = _canvas(path)
    for (row, line), marker in zip(lines.items(), MARKERS * len(lines)):
        _plot(axes, line, fmt=f"{marker}-", label=row)
    axes.set_xscale("log")
    ticks = sorted({x for line in lines.values() for x, _ in line})
    axes.set_xticks(ticks, labels=[f"{x:g}" for x in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("training sentences")
    axes.set_ylabel("F, percent")
    axes.set_title(curve.title, fontsize=10)
    _save(canvas, axes, path)


def _canvas(path: Path) -> tuple[Any, Any]:
    canvas = new_figure(path)
    return canvas, canvas.subplots()


def _plot(axes: Any, line: Line, **style: Any) -> None:
    x, scores = zip(*line)
    axes.errorbar(x, [score.mean for score in scores], [score.std for score in scores], capsize=3, **style)


def _save(canvas: Any, axes: Any, path: Path) -> None:
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    save_figure(canvas, path)
