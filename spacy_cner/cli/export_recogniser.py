"""`export-recogniser`: what a recogniser has learned as a small file, for another training to start from."""

from pathlib import Path

import typer

from ._app import command, good


@command
def export_recogniser(
    # fmt: off
    folder: Path = typer.Argument(..., help="A trained pipeline"),
    output: Path = typer.Argument(..., help="The file to write; its description goes to the same name with .json"),
    about: str = typer.Option(..., help="What it was learned from, for those who use it"),
    component: str = typer.Option("cner", help="The tagger"),
    # fmt: on
):
    """Write what a recogniser has learned to a small file.

    `--paths.recogniser` takes it into another training of the
    same config: labels that both have keep what was learned of them."""
    from ..pretraining.export import export_recogniser as export

    statement = export(folder, output, about, component)
    good(f"{output} ({statement['bytes'] / 1e6:.1f} MB, {', '.join(statement['labels'])})")
