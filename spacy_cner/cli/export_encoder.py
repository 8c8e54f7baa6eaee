"""`export-encoder`: a pre-trained encoder as a small file to keep and to ship."""

from pathlib import Path

import typer

from ._app import command, good


@command
def export_encoder(
    # fmt: off
    folder: Path = typer.Argument(
        ..., help="What `pretrain` or `pretrain-transformer` wrote, a trained pipeline, or a recogniser's file"
    ),
    output: Path = typer.Argument(..., help="The file to write, e.g. assets/encoder.bin; a .json file goes next to it"),
    about: str = typer.Option(..., help="What text it was learned from, for those who use it"),
    # fmt: on
):
    """Keep a pre-trained encoder in half precision.

    The file is for `--paths.init_tok2vec`. Next to it are its recipe, its scores on held-out text or a development set,
    and its checksum. Of a trained pipeline, it is the layer that [pretraining] in its config names. BERTs and
    Transformers are also written to a folder in the format of Hugging Face; beside a BERT of its own, `pretrain` has
    written that already."""
    from ..pretraining.export import export_encoder as export

    statement = export(folder, output, about)
    good(f"{output} ({statement['bytes'] / 1e6:.1f} MB, sha256 {statement['sha256']})")
