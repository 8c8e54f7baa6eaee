"""Heat maps of attention, drawn with matplotlib (the extra `plots`)."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from .attention import AttentionMap
from .figure import new_figure, plain_text, printable, save_figure

# Families with Chinese characters, one of which is on most systems.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Heiti SC",
    "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "SimSun", "Droid Sans Fallback", "AR PL UMing CN",
)  # fmt: skip
CELL = 0.22  # inches


def draw_heat_maps(maps: Sequence[AttentionMap], path: Path) -> None:
    """Writes a picture with a heat map for each attention map, side by side, averaged over heads.

    The file's ending names the format. An SVG keeps characters as text, so a viewer needs a Chinese font. Raises
    InputError if matplotlib is not installed or cannot write the format, and if another format than SVG finds no
    Chinese font."""
    widths = [CELL * len(each.columns) + 1.2 for each in maps]
    heights = [CELL * len(each.rows) + 1.2 for each in maps]
    figure = new_figure(path, (sum(widths), max(heights)))
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
        panels = figure.subplots(1, len(maps), squeeze=False, width_ratios=widths)[0]
        for each, axes in zip(maps, panels):
            axes.imshow(each.weights.mean(axis=0), cmap="Blues", vmin=0.0)
            axes.set_xticks(range(len(each.columns)), list(map(printable, each.columns)))
            axes.set_yticks(range(len(each.rows)), list(map(printable, each.rows)))
            axes.tick_params(length=0, labelsize=9, top=True, labeltop=True, bottom=False, labelbottom=False)
            axes.set_title(printable(each.name), fontsize=10)
        save_figure(figure, path)


def installed_fonts() -> list[str]:
    """Returns the fonts of CHINESE_FONTS that matplotlib finds on this machine."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return [font for font in CHINESE_FONTS if font in installed]
