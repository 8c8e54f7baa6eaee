"""Figures as pictures: P, R and F over a setting, drawn with matplotlib (the extra `plots`)."""

from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from ..errors import InputError
from .records import Record
from .report import SCORES, Summary, cell_records, summarise
from .runs import point_row
from .table import Figure, Table

# Distinct in black and white too.
STYLES = {"f": ("C3", "o-"), "p": ("C0", "s--"), "r": ("C2", "^:")}

Curve = List[Tuple[float, Summary]]


def curves(table: Table, records: Sequence[Record], figure: Figure) -> Dict[str, Curve]:
    """Of F, P and R: x and score at every point that has a record; no curve without any."""
    column = table.columns[figure.column]
    found = [(point.x, cell_records(records, point_row(figure, point), column)) for point in figure.points]
    lines = {key: [(x, score) for x, group in found if (score := summarise(group, key))] for key in STYLES}
    return {key: curve for key, curve in lines.items() if curve}


def draw(figure: Figure, lines: Dict[str, Curve], path: Path) -> None:
    """Writes a PNG with the standard deviations as bars. Raises InputError without matplotlib."""
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise InputError(f"{path}: expected matplotlib to draw it; pip install spacy_cner[plots] gets it") from None
    canvas = Canvas(figsize=(6, 4), layout="constrained")
    axes = canvas.subplots()
    for key, curve in lines.items():
        color, style = STYLES[key]
        x, scores = zip(*curve)
        means, stds = [score.mean for score in scores], [score.std for score in scores]
        axes.errorbar(x, means, stds, color=color, fmt=style, label=SCORES[key], capsize=3)
    axes.set_xlabel(figure.label)
    axes.set_ylabel("percent")
    axes.set_xticks([point.x for point in figure.points])
    axes.set_title(f"{figure.title} ({figure.row}, {figure.column})", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path, dpi=150)
