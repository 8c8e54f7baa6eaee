"""`evaluate`: score a pipeline on gold documents."""

from pathlib import Path

import typer
from spacy.vocab import Vocab

from ..corpus.docbin import read_docs
from ..corpus.stats import KnownEntities, known_entities
from ..errors import InputError
from ..evaluation.pipeline import evaluate_pipeline
from ..evaluation.report import format_scores
from ..evaluation.words import read_vocabulary
from ..loading import load_pipeline
from ._app import AS_JSON, BATCH_SIZE, GPU_ID, OUTPUT, about, command, show


@command
def evaluate(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    data: Path = typer.Argument(..., help="Gold documents: a .spacy file, or a folder of them"),
    train: Path | None = typer.Option(None, help="The training set (.spacy), for recall on entities unseen in it"),
    words: bool = typer.Option(
        False, "--words", help="Score word segmentation even if the pipeline sets no doc.spans['words']: by its tokens"
    ),
    words_train: Path | None = typer.Option(
        None,
        help="The training set (.spacy) or its word list (.txt, .utf8), for recall on words unseen in it; "
        "implies --words",
    ),
    as_json: bool = AS_JSON,
    output: Path | None = OUTPUT,
    gpu_id: int = GPU_ID,
    batch_size: int | None = BATCH_SIZE,
    # fmt: on
):
    """Score a pipeline on gold documents.

    Entities: precision, recall and F1, overall and per type (exact spans, as spaCy counts them), recall on entities
    unseen in training, and named against nominal mentions where labels end in .NAM and .NOM. Words, where both sides
    have a segmentation (doc.spans["words"]), as the SIGHAN bakeoffs score them: precision, recall and F1, and recall on
    words seen and unseen in training. Scores are 0-1 in JSON and percent in the table; `speed` is characters per
    second."""
    nlp = load_pipeline(model, gpu_id)
    known = None if train is None else _known(train, nlp.vocab)
    vocabulary = None if words_train is None else read_vocabulary(words_train)
    docs = list(read_docs(data, nlp.vocab))
    with about(data):
        scores = evaluate_pipeline(nlp, docs, known, batch_size, words=words, vocabulary=vocabulary)
    show(format_scores(scores), scores, as_json, output)


def _known(train: Path, vocab: Vocab) -> KnownEntities:
    known = known_entities(read_docs(train, vocab))
    if not known:
        raise InputError(f"{train}: expected a training set with entities, got none")
    return known
