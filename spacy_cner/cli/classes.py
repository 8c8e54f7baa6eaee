"""`classes`: the class embeddings of a pipeline."""

import torch
import typer
from wasabi import table

from ..errors import InputError
from ..loading import load_pipeline
from ..models.attention import attention_module, classification_attention_of
from ._app import command


@command
def classes(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline with classification attention: the name of a package, or a path"),
    # fmt: on
):
    """Show the entity classes that a pipeline attends over.

    For each: from how many entities of the training set its embedding was made, its length, and the cosine of the angle
    with each other one. Classes whose cosine is near 1 look alike to the attention; a larger `alpha` takes out more of
    what all entities of a class share with the others."""
    nlp = load_pipeline(model)
    for name, pipe in nlp.pipeline:
        layer = classification_attention_of(pipe.model) if hasattr(pipe, "model") else None
        if layer is not None:
            typer.echo(f"{name}, alpha = {layer.attrs['alpha']:g}")
            typer.echo(format_classes(layer.attrs["counts"], attention_module(layer).class_embeddings))
            return
    raise InputError(f"{model}: expected a pipeline with classification attention, got {', '.join(nlp.pipe_names)}")


def format_classes(counts: dict, embeddings: torch.Tensor) -> str:
    """embeddings: (n_classes, width). The names stand in the last column, where wide characters do no harm."""
    lengths = embeddings.norm(dim=1)
    unit = embeddings / lengths.clamp(min=1e-12)[:, None]
    rows: list[list[str]] = [
        [f"{count:,}", f"{length:.2f}", *(f"{cosine:.2f}" for cosine in cosines), name]
        for (name, count), length, cosines in zip(counts.items(), lengths.tolist(), (unit @ unit.T).tolist())
    ]
    header = ["entities", "length", *(str(i) for i in range(1, len(rows) + 1)), "class"]
    return table(rows, header=header, aligns=(*["r"] * (len(header) - 1), "l"))  # type: ignore[arg-type]
