"""`jieba-tagger`: the tagger that comes with jieba, as a pipeline."""

from pathlib import Path

import typer

from ..loading import save_pipeline
from ..models.jieba_files import NAMES
from ._app import command, good


@command
def jieba_tagger(
    # fmt: off
    output: Path = typer.Argument(..., help="The folder for the pipeline"),
    name: list[str] = typer.Option(NAMES, help="A label of words that are entities; repeat the option for several"),
    # fmt: on
):
    """Make a pipeline of the network that comes with jieba.

    It is LAC, which finds words, parts of speech and names of persons, places, organisations and times without any
    training here. `annotate`, `teach` and `evaluate` take it as any other pipeline."""
    from ..pipeline.jieba_tagger import jieba_tagger as make_jieba_tagger

    nlp = make_jieba_tagger(name)
    save_pipeline(nlp, output)
    good(f"{output}: {', '.join(nlp.pipe_names)}")
