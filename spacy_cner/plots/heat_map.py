"""Heat maps of attention, drawn with matplotlib (the extra `plots`)."""

from collections.abc import Sequence
from pathlib import Path

from .attention import AttentionMap
from .figure import chinese_text, new_figure, printable, save_figure

CELL = 0.22  # inches


def draw_heat_maps(maps: Sequence[AttentionMap], path: Path) -> None:
    """Writes a picture with a heat map for each attention map, side by side, averaged over heads.

    The file's ending names the format. An SVG keeps characters as text, so a viewer needs a Chinese font. Raises
    InputError if matplotlib is not installed or cannot write the format, and if another format than SVG finds no
    Chinese font."""
    widths = [CELL * len(each.columns) + 1.2 for each in maps]
    heights = [CELL * len(each.rows) + 1.2 for each in maps]
    figure = new_figure(path, (sum(widths), max(heights)))
    with chinese_text(path):
        panels = figure.subplots(1, len(maps), squeeze=False, width_ratios=widths)[0]
        for each, axes in zip(maps, panels):
            axes.imshow(each.weights.mean(axis=0), cmap="Blues", vmin=0.0)
            axes.set_xticks(range(len(each.columns)), list(map(printable, each.columns)))
            axes.set_yticks(range(len(each.rows)), list(map(printable, each.rows)))
            axes.tick_params(length=0, labelsize=9, top=True, labeltop=True, bottom=False, labelbottom=False)
            axes.set_title(printable(each.name), fontsize=10)
        save_figure(figure, path)
