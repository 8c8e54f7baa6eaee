"""`compile`: a trained pipeline to one that predicts without torch."""

from pathlib import Path

import typer

from ..errors import CannotCompile
from ..loading import check_folder, load_pipeline, save_pipeline
from ._app import command, good, warn


@command
def compile(  # noqa: A001
    # fmt: off
    model: str = typer.Argument(..., help="A trained pipeline: the name of a package, or a path"),
    output: Path = typer.Argument(..., help="The folder to write the compiled pipeline to"),
    int8: bool = typer.Option(False, "--int8", help="Compute in 8 bits: faster, and changes an entity now and then"),
    where_possible: bool = typer.Option(False, "--where-possible", help="Copy what cannot be compiled as it is"),
    # fmt: on
):
    """Compile a pipeline's networks for ONNX Runtime.

    The compiled pipeline finds the same entities, needs no torch, and cannot be trained. `package` makes a wheel of
    it."""
    from ..pipeline.compiled import compile_pipeline

    check_folder(output)
    try:
        nlp = compile_pipeline(load_pipeline(model), int8=int8)
    except CannotCompile as error:
        if not where_possible:
            raise
        warn(f"{model}: copied as it is: {error}")
        nlp = load_pipeline(model)
    save_pipeline(nlp, output)
    size = sum(file.stat().st_size for file in output.rglob("*") if file.is_file())
    good(f"{output}: {', '.join(nlp.pipe_names)} ({size / 1e6:.1f} MB)")
