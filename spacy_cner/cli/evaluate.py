"""`evaluate`: score a pipeline on gold documents."""

import json
from pathlib import Path
from typing import Any, Dict, Optional

import typer
from spacy.cli._util import setup_gpu
from spacy.language import Language
from spacy.util import load_model

from ..corpus.docbin import read_docs
from ..corpus.stats import known_entities
from ..errors import InputError
from ..evaluation.pipeline import evaluate_pipeline
from ..evaluation.report import format_scores
from ._app import command


@command
def evaluate(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    data: Path = typer.Argument(..., help="Gold documents: a .spacy file, or a folder of them"),
    train: Optional[Path] = typer.Option(None, help="The training set (.spacy), for recall on entities unseen in it"),
    as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else"),
    output: Optional[Path] = typer.Option(None, "--output", "-o", help="Also write the JSON to this file"),
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID, or -1 for CPU"),
    batch_size: Optional[int] = typer.Option(None, min=1, help="Documents in a batch; the pipeline's own by default"),
    # fmt: on
):
    """Score the entities of any pipeline against gold documents: precision, recall and F1, overall and per type (exact
    spans, as spaCy counts them), recall on entities unseen in training, and named against nominal mentions where labels
    end in .NAM and .NOM. Scores are 0-1 in JSON and percent in the table; `speed` is characters per second."""
    nlp = _load(model, gpu_id)
    scores = _scores(nlp, data, train, batch_size)
    text = json.dumps(scores, ensure_ascii=False, indent=2)
    typer.echo(text if as_json else format_scores(scores))
    if output is not None:
        _write(output, text + "\n")


def _scores(nlp: Language, data: Path, train: Optional[Path], batch_size: Optional[int]) -> Dict[str, Any]:
    known = None
    if train is not None:
        known = known_entities(read_docs(train, nlp.vocab))
        if not known:
            raise InputError(f"{train}: expected a training set with entities, got none")
    docs = list(read_docs(data, nlp.vocab))
    try:
        return evaluate_pipeline(nlp, docs, known, batch_size)
    except InputError as error:
        raise InputError(f"{data}: {error}") from error


def _load(model: str, gpu_id: int) -> Language:
    """Raises InputError with spaCy's own words if there is no such GPU, or the pipeline cannot be loaded."""
    try:
        setup_gpu(gpu_id, silent=True)
    except ValueError as error:
        raise InputError(f"expected GPU {gpu_id}: {error}") from error
    try:
        return load_model(model)
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"{model}: expected a pipeline that loads, got {error}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: expected a file that can be written, got {error}") from error
