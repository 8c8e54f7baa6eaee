"""`explain`: what a pipeline's attention looks at in a sentence, as a picture."""

from pathlib import Path

import typer

from ..loading import load_pipeline
from ._app import GPU_ID, command, good, say


@command
def explain(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline with attention: the name of a package, or a path"),
    text: str = typer.Argument(..., help="A sentence"),
    output: Path = typer.Option(
        Path("attention.svg"), "--output", "-o", help="The picture; .svg, .png or whatever matplotlib writes"
    ),
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Draw what attention looks at in a sentence.

    There is a heat map for each component that attends: how much each character (or class) on the left looks at each
    character above. Darker is more; the mean over the heads."""
    from ..plots.attention import attention_maps
    from ..plots.heat_map import draw_heat_maps

    maps = attention_maps(load_pipeline(model, gpu_id), text)
    draw_heat_maps(maps, output)
    for each in maps:
        say(f"{each.name}: {len(each.weights)} heads, {len(each.rows)} rows, {len(each.columns)} characters")
    good(f"{output}")
