"""Figures of matplotlib (the extra `plots`), drawn without a screen."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import new_file

# Families with Chinese characters, one of which is on most systems.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Heiti SC",
    "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "SimSun", "Droid Sans Fallback", "AR PL UMing CN",
)  # fmt: skip
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


@contextmanager
def chinese_text(path: Path) -> Iterator[None]:
    """Draws texts as `plain_text` does, in a Chinese font. An SVG keeps characters as text, so its viewer needs one.
    Raises InputError if another format finds none."""
    from matplotlib import rc_context

    is_svg = path.suffix.lower() == ".svg"
    fonts = list(CHINESE_FONTS) if is_svg else installed_fonts()
    if not fonts:
        raise InputError(
            f"{path}: expected a font with Chinese characters, found none of {', '.join(CHINESE_FONTS)}; write an "
            ".svg, or install one, such as Noto Sans CJK SC"
        )
    with plain_text(), rc_context({"font.family": [*fonts, "sans-serif"]}), warnings.catch_warnings():
        if is_svg:  # glyphs missing here may be present where it is shown
            warnings.simplefilter("ignore")
        yield


def installed_fonts() -> list[str]:
    """Returns the fonts of CHINESE_FONTS that matplotlib finds on this machine."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return [font for font in CHINESE_FONTS if font in installed]


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
