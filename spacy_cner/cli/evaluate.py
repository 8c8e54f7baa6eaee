"""`evaluate`: score a pipeline on gold documents."""

import json
from pathlib import Path

import typer
from spacy.language import Language

from ..corpus.docbin import check_output, chinese_vocab, read_docs
from ..corpus.stats import training_entities
from ..evaluation.details import detail
from ..evaluation.mistakes import mistakes
from ..evaluation.pipeline import evaluate_system
from ..evaluation.predictions import is_file_of_predictions, save_predictions
from ..evaluation.report import format_mistakes, format_scores
from ..evaluation.words import read_vocabulary
from ..files import check_writable, write_text
from ..loading import load_pipeline
from ..plots.reliability import draw_reliability
from ._app import AS_JSON, BATCH_SIZE, GPU_ID, OUTPUT, RESAMPLES, about, command, show


@command
def evaluate(
    # fmt: off
    model: str = typer.Argument(
        ..., help="A pipeline: the name of a package, or a path; or a .spacy file of predictions (see --save)"
    ),
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
    examples: int = typer.Option(0, min=0, help="Also show so many errors of each kind, with their text"),
    errors: Path | None = typer.Option(None, help="Write all errors to this file, one a line, as JSON (.jsonl)"),
    picture: Path | None = typer.Option(
        None, help="Draw how often entities of a probability are right, to this file (.png, .svg)"
    ),
    save: Path | None = typer.Option(None, help="Write the predicted documents to this .spacy file"),
    resamples: int = RESAMPLES,
    as_json: bool = AS_JSON,
    output: Path | None = OUTPUT,
    gpu_id: int = GPU_ID,
    batch_size: int | None = BATCH_SIZE,
    # fmt: on
):
    """Score a pipeline on gold documents.

    Entities: precision, recall and F1, overall and per type (exact spans, as spaCy counts them), with the interval that
    holds 95 % of the scores if the documents are drawn again; recall on entities unseen in training; named against
    nominal mentions where labels end in .NAM and .NOM. Further tables group entities by length, script and place, give
    the scores of SemEval-2013, and count errors by kind. ECE and Brier score say what the probabilities are worth.

    Words, where both sides have a segmentation (doc.spans["words"]), as the SIGHAN bakeoffs score them: precision,
    recall and F1, and recall on words seen and unseen in training. Scores are 0-1 in JSON and percent in the table;
    `speed` is characters per second. But for that, equal input gives equal JSON."""
    check_writable(errors, picture, output)
    if save is not None:
        check_output(save)
    system = Path(model) if is_file_of_predictions(model) else load_pipeline(model, gpu_id)
    vocab = system.vocab if isinstance(system, Language) else chinese_vocab()
    known = None if train is None else training_entities(train, vocab)
    vocabulary = None if words_train is None else read_vocabulary(words_train)
    docs = list(read_docs(data, vocab))
    with about(data):
        found = evaluate_system(system, docs, known, batch_size, words=words, vocabulary=vocabulary)
        scores = found.scores | (detail(found.judged, known, resamples) if found.judged else {})
    wrong = mistakes(found.judged, known)
    if errors is not None:
        lines = (json.dumps(each.to_dict(), ensure_ascii=False) for each in wrong)
        write_text(errors, "".join(f"{line}\n" for line in lines))
    if save is not None:
        save_predictions(found.predicted, save)
    show(format_scores(scores) + format_mistakes(wrong, examples), scores, as_json, output)
    if picture is not None:  # last: what cannot be drawn costs nothing else
        with about(data):
            draw_reliability(scores.get("ents_probabilities"), picture)
