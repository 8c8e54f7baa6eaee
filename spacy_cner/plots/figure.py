"""Figures of matplotlib (the extra `plots`), drawn without a screen."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import new_file

# Section 2.2 of XML 1.0.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def new_figure(path: Path, size: tuple[float, float] = (6, 4)) -> Any:
    """Makes an empty matplotlib Figure of this size in inches, for a picture at `path`. Raises InputError if matplotlib
    is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(f"{path}: expected matplotlib to draw it; pip install spacy_cner[plots] gets it") from None
    return Figure(figsize=size, layout="constrained")


@contextmanager
def plain_text() -> Iterator[None]:
    """Draws texts as they are: without it, what stands between two dollar signs would be a formula. There is no
    warning for each character that a font lacks."""
    from matplotlib import rc_context

    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with rc_context({"text.parse_math": False, "svg.fonttype": "none"}):
            yield
    finally:
        log.setLevel(level)


def printable(text: str) -> str:
    """Returns the text with U+FFFD for each character that XML, and so an SVG, cannot hold."""
    return NOT_IN_XML.sub("\ufffd", text)


def save_figure(figure: Any, path: Path) -> None:
    """Writes a figure in the format that the file's ending names. Raises InputError for a format that matplotlib cannot
    write."""
    try:
        with new_file(path) as new:
            figure.savefig(new, dpi=150, format=path.suffix.lower()[1:] or "png")
    except ValueError as error:
        raise InputError(f"{path}: expected a kind of picture that matplotlib writes, got {error}") from None
