"""`ensemble`: several trained pipelines as one."""

from pathlib import Path
from typing import List

import spacy
import typer

from ._app import command, good

NAME = "cner_ensemble"


@command
def ensemble(
    # fmt: off
    output: Path = typer.Argument(..., help="The folder to write the pipeline to"),
    models: List[str] = typer.Argument(..., metavar="MODEL...", help="Pipelines: names of packages, or paths; say, of "
                                       "trainings with different seeds"),
    threshold: float = typer.Option(0.5, min=0.01, max=1, help="How probable an entity must be, as a mean over the "
                                    "pipelines; `calibrate` chooses it"),
    # fmt: on
):
    """Make one pipeline of several: it finds what they hold probable on the whole, and is usually better than each of
    them and as slow as all of them. To have that in a fast one, have it teach that one (`annotate`)."""
    nlp = spacy.blank("zh")
    nlp.add_pipe(NAME, config={"threshold": threshold}).initialize(members=models)  # type: ignore[attr-defined]
    nlp.to_disk(output)
    good(f"{output}: {len(models)} pipelines, {', '.join(nlp.get_pipe(NAME).labels)}")  # type: ignore[attr-defined]
