"""`average`: several trainings as one pipeline."""

from pathlib import Path

import typer

from ..loading import check_folder, save_pipeline
from ._app import command, good


@command
def average(
    # fmt: off
    models: list[str] = typer.Argument(..., help="Two or more pipelines: names of packages, or paths"),
    output: Path = typer.Option(..., "--output", "-o", help="The folder to write the pipeline to"),
    # fmt: on
):
    """Average the weights of several trainings.

    The pipeline is as large and as fast as one of them, and mostly better than the best. They must have been trained
    from the same start (an encoder or a recogniser, not random weights), on the same sentences, with other seeds or
    settings. Look with `evaluate` whether the average is better on development data.

    All else is that of the first pipeline, so calibrate the average, not its parts."""
    check_folder(output)
    from ..models.averaging import average_pipelines

    nlp = average_pipelines(models)
    save_pipeline(nlp, output)
    good(f"{output}: the average of {len(models)} pipelines")
