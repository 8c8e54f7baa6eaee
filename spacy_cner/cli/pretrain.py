"""`pretrain`: learn an encoder from raw text."""

from functools import partial
from pathlib import Path

import typer
from spacy.cli._util import import_code, parse_config_overrides, setup_gpu, show_validation_error
from spacy.util import load_config

from ..pretraining.loop import pretrain as pretrain_encoder
from ._app import command, good


@partial(command, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def pretrain(
    # fmt: off
    ctx: typer.Context,
    config_path: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="A config with [pretraining], e.g. of `init clc_encoder`"
    ),
    output: Path = typer.Argument(..., help="The folder for encoder.bin, log.jsonl and checkpoint.bin"),
    restart: bool = typer.Option(False, "--restart", help="Begin anew rather than go on from OUTPUT's checkpoint"),
    code: Path | None = typer.Option(None, "--code", "-c", help="A Python file with more registered functions"),
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU, or -1 for the CPU"),
    # fmt: on
):
    """Pre-train the encoder of a pipeline on raw text, by masked characters. The same command given again goes on where
    a run was stopped. Settings of the config can be overridden, e.g. --paths.raw_text FOLDER --paths.vectors
    assets/vectors.npz --pretraining_loop.max_steps 5000."""
    import_code(code)
    setup_gpu(gpu_id)
    with show_validation_error(config_path):
        config = load_config(config_path, overrides=parse_config_overrides(ctx.args), interpolate=False)
        output.mkdir(parents=True, exist_ok=True)
        config.to_disk(output / "config.cfg")
        path = pretrain_encoder(config.interpolate(), output, restart=restart)
    good(f"{path} ({path.stat().st_size / 1e6:.1f} MB); train with --paths.init_tok2vec {path}")
