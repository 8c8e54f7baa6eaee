"""Figures of matplotlib (the extra `plots`), drawn without a screen."""

from pathlib import Path
from typing import Any

from ..errors import InputError


def new_figure(path: Path, size: tuple[float, float] = (6, 4)) -> Any:
    """Makes an empty matplotlib Figure of this size in inches, for a picture at `path`. Raises InputError if matplotlib
    is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(f"{path}: expected matplotlib to draw it; pip install spacy_cner[plots] gets it") from None
    return Figure(figsize=size, layout="constrained")


def save_figure(figure: Any, path: Path) -> None:
    """Writes a figure in the format that the file's ending names. Raises InputError for a format that matplotlib cannot
    write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise InputError(f"{path}: expected a kind of picture that matplotlib writes, got {error}") from None
