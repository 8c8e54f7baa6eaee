"""`pretrain-transformer`: learn a character Transformer on a GPU."""

from pathlib import Path

import typer

from ._app import GPU_ID, command, good


@command
def pretrain_transformer(
    # fmt: off
    work: Path = typer.Argument(..., help="The folder in which `pretrain-tokens` has put the text"),
    minutes: float | None = typer.Option(None, min=0, help="How long to train; rates fall to the end of this time"),
    steps: int | None = typer.Option(None, min=1, help="How many steps to train, instead of --minutes"),
    pause_after: float | None = typer.Option(
        None, min=0, help="Minutes after which this command ends; the next one goes on"
    ),
    width: int = typer.Option(512, min=64, help="The layers' width, a multiple of 64"),
    layers: int = typer.Option(8, min=1, help="How many layers"),
    batch: int = typer.Option(256, min=1, help="Rows of 256 characters in a step"),
    rate: float = typer.Option(1.5e-3, min=0, help="The highest rate of AdamW, for embeddings and norms"),
    matrix_rate: float = typer.Option(3e-3, min=0, help="The highest rate of Muon, for the layers' matrices"),
    masked: float = typer.Option(0.22, min=0.01, max=0.9, help="Share of the characters to mask"),
    borders: float = typer.Option(0, min=0, help="The factor of a second loss: where words begin, at each character"),
    warm_up: int = typer.Option(400, min=1, help="Steps in which the rates rise"),
    seed: int = typer.Option(0, help="Seed"),
    piece: float = typer.Option(15, min=0.01, help="MiB of a file of the result, to be sent from the machine"),
    compile: bool = typer.Option(True, help="Compile the model on a GPU, which takes a minute at first"),
    restart: bool = typer.Option(False, "--restart", help="Begin anew rather than go on from the checkpoint"),
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Pre-train a Transformer for a number of minutes.

    The same command given again goes on where a run was stopped: a checkpoint is written each minute. `export-encoder`
    makes an encoder of the result."""
    from ..pretraining.characters.loop import pretrain_transformer as pretrain
    from ..pretraining.characters.recipe import Budget, TransformerRecipe

    recipe = TransformerRecipe(
        width=width,
        layers=layers,
        batch=batch,
        rate=rate,
        matrix_rate=matrix_rate,
        masked=masked,
        borders=borders,
        warm_up=warm_up,
        seed=seed,
    )
    path = pretrain(
        work,
        recipe,
        Budget(minutes, steps),
        pause_after=pause_after,
        gpu_id=gpu_id,
        compiled=compile,
        piece=piece,
        restart=restart,
    )
    good(f"{path}: keep it with python -m spacy_cner export-encoder {path} ENCODER.bin --about TEXT")
