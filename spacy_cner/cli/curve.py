"""`curve`: a score over the steps of trainings, as a picture."""

from pathlib import Path

import typer

from ..plots.figure import chinese_text, new_figure, plain_text, printable, save_figure
from ..plots.training_log import read_curve
from ._app import command, good


@command
def curve(
    # fmt: off
    output: Path = typer.Argument(..., help="The picture; .png, .svg or whatever matplotlib writes"),
    logs: list[str] = typer.Argument(..., help="Logs of trainings, each as FILE or as NAME=FILE"),
    score: str = typer.Option("ents_f", help="A column of the table that spaCy prints during training"),
    chance: float | None = typer.Option(None, help="Also draw a line at this score"),
    # fmt: on
):
    """Draw how a score went during trainings.

    It is read from what `spacy train` printed."""
    figure = new_figure(output)
    named = [named_file(log) for log in logs]
    names = [printable(name or str(path)) for name, path in named]
    is_chinese = any("\u4e00" <= char <= "\u9fff" for name in names for char in name)
    with chinese_text(output) if is_chinese else plain_text():
        axes = figure.subplots()
        lines = [axes.plot(*zip(*read_curve(path, score)))[0] for _, path in named]
        if chance is not None:
            lines.append(axes.axhline(chance, color="gray", linestyle=":"))
            names.append("chance")
        axes.set_xlabel("steps")
        axes.set_ylabel(score)
        axes.grid(alpha=0.3)
        axes.legend(lines, names)  # a label of a line would be left out if it began with _
        save_figure(figure, output)
    good(f"{output}")


def named_file(given: str) -> tuple[str, Path]:
    """Returns the name and the path of FILE or NAME=FILE, each of which may have = in it."""
    if Path(given).is_file():
        return "", Path(given)
    places = [i for i, char in enumerate(given) if char == "="]
    place = next((i for i in places if Path(given[i + 1 :]).is_file()), places[-1] if places else -1)
    return given[: max(place, 0)], Path(given[place + 1 :])
