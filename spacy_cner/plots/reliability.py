"""Reliability diagram, and risk over coverage, of the probabilities of entities."""

from pathlib import Path
from typing import Any

from ..errors import InputError
from .figure import new_figure, plain_text, save_figure


def draw_reliability(found: dict[str, Any] | None, path: Path) -> None:
    """Draws two pictures side by side: the share of right entities over their probability, with the number of entities
    as bars, and the share of wrong ones over the share that is kept if the least probable are left out.

    found: `bins` and `risk_coverage`, as `evaluation.reliability` returns them. Raises InputError for None: no entity
    has a probability."""
    if found is None:
        raise InputError("expected entities with probabilities to draw, found none")
    figure = new_figure(path, (10, 4))
    with plain_text():
        left, right = figure.subplots(1, 2)
        groups = [each for each in found["bins"] if each["count"]]
        total = sum(each["count"] for each in groups)
        width = found["bins"][0]["to"]
        middles = [(each["from"] + each["to"]) / 2 for each in groups]
        left.bar(middles, [each["count"] / total for each in groups], width=width, color="lightgray", label="entities")
        left.plot([0, 1], [0, 1], color="gray", linestyle=":", label="as they should be")
        left.plot(
            [each["score"] for each in groups], [each["right"] for each in groups], marker="o", label="share right"
        )
        left.set_xlabel(f"probability (ECE {100 * found['ece']:.1f} %)")
        left.set_xlim(0, 1)
        left.set_ylim(0, 1)
        left.legend()
        points = found["risk_coverage"]
        right.plot([each["coverage"] for each in points], [each["risk"] for each in points], marker="o")
        right.set_xlabel("share of the entities that is kept")
        right.set_ylabel("share of these that is wrong")
        right.set_ylim(bottom=0)
        for axes in (left, right):
            axes.grid(alpha=0.3)
        save_figure(figure, path)
