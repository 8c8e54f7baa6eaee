"""`average`: several trainings as one pipeline."""

from pathlib import Path
from typing import Any

import typer
from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.docbin import read_docs
from ..errors import InputError
from ..evaluation.pipeline import evaluate_pipeline
from ..loading import check_folder, load_pipeline, save_pipeline
from ._app import AS_JSON, about, command, good, show, warn


@command
def average(
    # fmt: off
    models: list[str] = typer.Argument(..., help="Two or more pipelines: names of packages, or paths"),
    output: Path = typer.Option(..., "--output", "-o", help="The folder to write the pipeline to"),
    dev: Path | None = typer.Option(
        None, help="Gold documents (.spacy): print the F1 of each pipeline and of the average"
    ),
    as_json: bool = AS_JSON,
    # fmt: on
):
    """Average the weights of several trainings.

    The pipeline is as large and as fast as one of them, and often better than each. They must have been trained from
    the same start (an encoder or a recogniser, not random weights), on the same sentences, with other seeds or
    settings. The further they went from it, the less an average is worth: let --dev decide.

    All else is that of the first pipeline, so calibrate the average, not its parts. Its own figures on --dev go to
    meta.json."""
    check_folder(output)
    docs = list(read_docs(dev)) if dev is not None else []
    from ..models.averaging import average_pipelines

    nlp = average_pipelines(models)
    if dev is not None:
        with about(dev):
            scores, *others = (_scores(each, docs) for each in (nlp, *map(load_pipeline, models)))
        parts = [each["ents_f"] for each in others]
        nlp.meta["performance"] = {key: value for key, value in scores.items() if key != "speed"}
        lines = [f"{100 * f:6.2f} {name}" for name, f in zip((*models, "average"), (*parts, scores["ents_f"]))]
        show("\n".join(lines), {"average": scores["ents_f"], "parts": dict(zip(models, parts))}, as_json)
        if scores["ents_f"] < max(parts):
            warn(f"{output}: the average is worse on {dev} than {models[parts.index(max(parts))]}")
    save_pipeline(nlp, output)
    good(f"{output}: the average of {len(models)} pipelines")


def _scores(nlp: Language, docs: list[Doc]) -> dict[str, Any]:
    scores = evaluate_pipeline(nlp, docs)
    if scores.get("ents_f") is None:
        raise InputError("expected documents and pipelines with entities, got some without")
    return scores
