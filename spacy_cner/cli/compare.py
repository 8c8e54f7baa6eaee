"""`compare`: whether one pipeline is better than another."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from spacy.tokens import Doc
from spacy.training.corpus import FILE_TYPE

from ..corpus.docbin import read_docs
from ..corpus.segment import has_words
from ..errors import InputError
from ..evaluation import comparison
from ..evaluation.comparison import VERDICTS, Comparison, differing
from ..evaluation.gold import is_annotated
from ..evaluation.judged import Judged, judge
from ..evaluation.pipeline import evaluate_system, warn_of_missing
from ..evaluation.predictions import check_predictions, is_file_of_predictions
from ..evaluation.report import format_comparison, format_differing
from ..files import check_writable, write_text
from ..loading import load_pipeline
from ._app import AS_JSON, BATCH_SIZE, GPU_ID, OUTPUT, RESAMPLES, about, command, good, say, show, warn

WORSE = 4  # the exit code where B is worse
SYSTEM = (
    "a package, a path, a .spacy file of predictions (evaluate --save), or a folder with one of these for each seed"
)


@command
def compare(
    # fmt: off
    a: str = typer.Argument(..., metavar="A", help=f"The first pipeline: {SYSTEM}"),
    b: str = typer.Argument(..., metavar="B", help="The second one, in the same ways"),
    data: Path = typer.Argument(..., metavar="FILE", help="Gold documents: a .spacy file, or a folder of them"),
    margin: float = typer.Option(0.0, min=0, max=100, help="Points of F1 that B may lose before that counts"),
    examples: int = typer.Option(0, min=0, help="Also show so many documents in which the two differ"),
    differences: Path | None = typer.Option(
        None,
        help="Write all documents in which the first runs of both differ to this file, one a line, as JSON (.jsonl)",
    ),
    resamples: int = RESAMPLES,
    as_json: bool = AS_JSON,
    output: Path | None = OUTPUT,
    gpu_id: int = GPU_ID,
    batch_size: int | None = BATCH_SIZE,
    # fmt: on
):
    """Compare two pipelines on gold documents.

    Differences of precision, recall and F1 have the interval that holds 95 % of them if the documents are drawn again
    (paired bootstrap), and a p-value (approximate randomisation). Where that interval holds 0, or p is above 0.05,
    there is "no difference". With several seeds of each, their deviation counts as well.

    The exit code is 0, or 4 where B is worse than A by more than the margin and not by chance, so that it can stop a
    release."""
    check_writable(differences, output)
    docs = list(read_docs(data))
    gold = [doc for doc in docs if is_annotated(doc)]
    with about(data):
        if not gold:
            raise InputError(f"expected documents with entity annotation, got none in {len(docs)} documents")
        warn_of_missing(docs)
        first, second = ([judged(run, gold, docs, gpu_id, batch_size) for run in runs_of(system)] for system in (a, b))
    found = comparison.compare(first, second, resamples)
    changed = differing(first[0], second[0])
    if differences is not None:
        write_text(differences, "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in changed))
    text = format_comparison(found) + format_differing(changed, examples)
    show(text, figures(found, margin, len(changed)), as_json, output)
    said = f"{VERDICTS[found.verdict]}: {sentence(found)}"
    if found.is_loss(margin / 100):
        warn(said)
        raise typer.Exit(WORSE)
    good(said)


def figures(found: Comparison, margin: float, changed: int) -> dict[str, Any]:
    loss = found.is_loss(margin / 100)
    return {**asdict(found), "verdict": VERDICTS[found.verdict], "differing": changed, "margin": margin, "loss": loss}


def sentence(found: Comparison) -> str:
    low, high = (f"{100 * end:+.2f}" for end in found.interval)
    return f"{100 * found.difference:+.2f} points of F1, 95 % from {low} to {high}, p = {found.p_value:.3f}"


def runs_of(system: str) -> list[str]:
    """Returns the runs of a system: the files of predictions or the pipelines in a folder, or the system itself."""
    folder = Path(system)
    if not folder.is_dir() or (folder / "config.cfg").exists() or (folder / "meta.json").exists():
        return [system]
    pipelines = sorted(path.parent for path in folder.glob("*/config.cfg"))
    files = sorted(folder.glob(f"*{FILE_TYPE}")) or pipelines
    best, last = folder / "model-best", folder / "model-last"  # of `spacy train`, which are one training
    if best in files and last in files:
        files.remove(last)
        say(f"{last} is left out: {best.name} is of the same training")
    return [str(file) for file in files] or [system]


def judged(system: str, gold: Sequence[Doc], docs: Sequence[Doc], gpu_id: int, batch_size: int | None) -> list[Judged]:
    """gold: those of `docs` that have entity annotation."""
    if not is_file_of_predictions(system):
        return evaluate_system(load_pipeline(system, gpu_id), gold, batch_size=batch_size).judged
    with_words = [doc for doc in docs if is_annotated(doc) or has_words(doc)]
    predicted = list(read_docs(Path(system)))
    return judge(check_predictions(predicted, gold, Path(system), with_words, docs), gold)
