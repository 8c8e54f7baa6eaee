"""`calibrate`: choose on development data how readily a pipeline finds entities."""

from pathlib import Path
from typing import Optional

import typer

from ..corpus.docbin import read_docs
from ..errors import InputError
from ..evaluation.calibration import SETTING
from ..evaluation.calibration import calibrate as choose
from ..loading import load_pipeline
from ._app import command, good


@command
def calibrate(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    data: Path = typer.Argument(..., metavar="DEV", help="Gold documents to choose by (.spacy): development data, not "
                                "those that the pipeline was trained on, nor a test set"),
    output: Path = typer.Argument(..., help="The folder to write the pipeline to"),
    component: Optional[str] = typer.Option(None, help="Its name; by default the last with an outside_penalty"),
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID, or -1 for CPU"),
    # fmt: on
):
    """Choose the outside_penalty of a component, which is taken from the score of the tag O, so that F1 on the
    development data is highest; then save the pipeline with it. Where precision is far above recall, as after training
    on few sentences, this finds more entities than it adds wrong ones."""
    nlp = load_pipeline(model, gpu_id)
    try:
        scores = choose(nlp, read_docs(data, nlp.vocab), component)
    except InputError as error:
        raise InputError(f"{data}: {error}") from error
    best = max(scores, key=lambda penalty: (scores[penalty], -abs(penalty)))
    for penalty, score in scores.items():
        typer.echo(f"{penalty:5.1f} {100 * score:6.2f}{'  *' if penalty == best else ''}")
    nlp.to_disk(output)
    good(f"{output}: {SETTING} {best:g}, F {100 * scores[best]:.2f} (at 0: {100 * scores[0.0]:.2f})")
