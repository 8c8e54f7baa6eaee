"""`classes`: the class embeddings of a pipeline."""

from pathlib import Path
from typing import Any

import typer
from wasabi import table

from ..errors import InputError
from ..loading import load_pipeline
from ._app import AS_JSON, OUTPUT, command, show


@command
def classes(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline with classification attention: the name of a package, or a path"),
    as_json: bool = AS_JSON,
    output: Path | None = OUTPUT,
    # fmt: on
):
    """Show the entity classes that a pipeline attends over.

    For each: from how many entities of the training set its embedding was made, its length, and the cosine of the angle
    with each other one. Classes whose cosine is near 1 look alike to the attention; a larger `alpha` takes out more of
    what all entities of a class share with the others."""
    from ..models.attention import attention_module, classification_attention_of

    nlp = load_pipeline(model)
    for name, pipe in nlp.pipeline:
        layer = classification_attention_of(pipe.model) if hasattr(pipe, "model") else None
        if layer is not None:
            alpha, counts = layer.attrs["alpha"], layer.attrs["counts"]
            lengths, cosines = lengths_and_cosines(attention_module(layer).class_embeddings)
            found = [
                {"class": label, "entities": count, "length": length, "cosines": row}
                for (label, count), length, row in zip(counts.items(), lengths, cosines)
            ]
            text = f"{name}, alpha = {alpha:g}\n{format_classes(found)}"
            show(text, {"component": name, "alpha": alpha, "classes": found}, as_json, output)
            return
    raise InputError(f"{model}: expected a pipeline with classification attention, got {', '.join(nlp.pipe_names)}")


def lengths_and_cosines(embeddings: Any) -> tuple[list[float], list[list[float]]]:
    """Returns the length of each embedding, and its cosine with each. embeddings: a tensor (n_classes, width)."""
    lengths = embeddings.norm(dim=1)
    unit = embeddings / lengths.clamp(min=1e-12)[:, None]
    return lengths.tolist(), (unit @ unit.T).tolist()


def format_classes(found: list[dict[str, Any]]) -> str:
    """Returns a table. The names stand in the last column, where wide characters do no harm."""
    rows: list[list[str]] = [
        [f"{each['entities']:,}", f"{each['length']:.2f}", *map("{:.2f}".format, each["cosines"]), each["class"]]
        for each in found
    ]
    header = ["entities", "length", *(str(i) for i in range(1, len(rows) + 1)), "class"]
    return table(rows, header=header, aligns=(*["r"] * (len(header) - 1), "l"))  # type: ignore[arg-type]
