"""`pretrain`: learn an encoder from raw text."""

from functools import partial
from pathlib import Path

import typer
from click import NoSuchOption
from spacy.util import import_file, load_config

from ..errors import InputError
from ..loading import use_gpu
from ._app import GPU_ID, about, command, good, parse_config_overrides


@partial(command, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def pretrain(
    # fmt: off
    ctx: typer.Context,
    config_path: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="A config with [pretraining], e.g. of `init clc_encoder`"
    ),
    output: Path = typer.Argument(..., help="The folder for encoder.bin, log.jsonl and checkpoint.bin"),
    restart: bool = typer.Option(False, "--restart", help="Begin anew rather than go on from the checkpoint in OUTPUT"),
    code: Path | None = typer.Option(None, "--code", "-c", help="A Python file with more registered functions"),
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Pre-train an encoder by masked characters.

    The same command given again goes on where a run was stopped. Settings of the config can be overridden, e.g.
    --paths.raw_text FOLDER --paths.vectors assets/vectors.npz --pretraining_loop.max_steps 5000."""
    from ..pretraining.loop import pretrain as pretrain_encoder

    if code is not None:
        try:
            import_file("python_code", code)
        except Exception as error:
            raise InputError(f"{code}: expected Python code that can be imported, got {error!r}") from error
    use_gpu(gpu_id)
    try:
        overrides = parse_config_overrides(ctx.args)
    except NoSuchOption as error:
        raise InputError(
            f"expected a setting of the config with its section, such as --paths.raw_text, got {error.option_name}"
        ) from error
    try:
        config = load_config(config_path, overrides=overrides, interpolate=False)
    except ValueError as error:  # of text that is not UTF-8, too
        raise InputError(f"{config_path}: expected a config, got {str(error).strip()}") from error
    with about(config_path):
        path = pretrain_encoder(config, output, restart=restart)
    good(f"{path} ({path.stat().st_size / 1e6:.1f} MB); train with --paths.init_tok2vec {path}")
