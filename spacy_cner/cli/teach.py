"""`teach`: raw text with the entities that a pipeline finds, as training data for another one."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import typer
from spacy.tokens import Doc, DocBin

from ..corpus.docbin import check_output, save
from ..corpus.fast_spans import fast_spans
from ..corpus.raw import TextCounts
from ..corpus.silver import Counts, silver_docs
from ..errors import InputError
from ..loading import assigned_by, load_pipeline
from ..nn.precision import Precision, predict_in
from ..pipeline.teacher import Teacher
from ..scale.fingerprint import describe
from ..text.progress import progress
from ..training.raw_text import make_raw_text
from ..training.taught import KEY
from ._app import BATCH_SIZE, GPU_ID, RAW_TEXT, command, good, warn
from ._silver_folder import SilverFolder

SHARD = 10_000  # texts in a file of a folder


@command
def teach(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    output: Path = typer.Argument(
        ...,
        help=f"The .spacy file to write; or a new folder, which gets a file for each {SHARD:,} texts once it is full",
    ),
    texts: list[Path] = RAW_TEXT,
    limit: int = typer.Option(0, min=0, help="Read at most so many characters; 0 for all"),
    min_score: float = typer.Option(0.0, min=0, max=1, help="Leave out a text with an entity that is less probable"),
    empty: float = typer.Option(0.3, min=0, max=1, help="Keep this share of the texts without entities"),
    min_length: int = typer.Option(8, min=1, help="Leave out shorter texts"),
    max_length: int = typer.Option(150, min=1, help="Cut longer texts, at sentence ends where there are any"),
    seed: int = typer.Option(0, help="Seed"),
    probabilities: bool = typer.Option(
        False, help="Also keep how probable the pipeline finds other entities: a network learns from that instead"
    ),
    precision: Precision = typer.Option(
        "auto", help="auto: bfloat16 where the processor has it, which is faster and changes an entity now and then"
    ),
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Make training data of raw text by a pipeline.

    Another pipeline can be trained on that: a smaller and faster one, or one that has seen more. A calibrated pipeline
    teaches best. Each line is a text, once. A folder is gone on with where it was stopped. `annotate` keeps every text,
    with scores."""
    if output.suffix:
        check_output(output)
    if min_length > max_length:
        raise InputError(f"expected --min-length up to --max-length, got {min_length} and {max_length}")
    nlp = load_pipeline(model, gpu_id, batch_size)
    if "doc.ents" not in assigned_by(nlp):
        found = ", ".join(nlp.pipe_names) or "no components"
        raise InputError(f"{model}: expected a pipeline that finds entities, got {found}")
    folder = None
    if not output.suffix:
        settings = {
            "texts": list(map(str, texts)), "limit": limit, "min_score": min_score, "empty": empty,
            "lengths": [min_length, max_length], "seed": seed, "probabilities": probabilities, "precision": precision,
            "model": describe(model, nlp.meta),
        }  # fmt: skip
        folder = SilverFolder(output, settings)
        if folder.done:
            warn(f"{output}: {len(folder.done)} files were done before; goes on after them")
    counts, read = folder.counts() if folder else Counts(), TextCounts()
    pieces = make_raw_text(
        [str(path) for path in texts], min_length=min_length, max_length=max_length, limit=limit, held_out=0.0, buffer=0
    )
    pipe = Teacher(nlp).pipe if probabilities else nlp.pipe
    docs = silver_docs(pipe, pieces(nlp, counts=read), min_score=min_score, empty=empty, seed=seed, counts=counts)
    with predict_in(precision), fast_spans():
        write(progress(docs, unit="doc"), output, folder, counts, probabilities=probabilities)
    reasons = {
        f"with an entity under {min_score:g}": counts.unsure,
        "without entities": counts.empty,
        **read.left_out(),
    }
    left_out = f"left out: {', '.join(f'{count} {reason}' for reason, count in reasons.items())}"
    left_out += "; there is more text than --limit" if read.unread else ""
    if not counts.read:
        raise InputError(f"{', '.join(map(str, texts))}: expected texts to read, got none; {left_out}")
    if not counts.entities:
        raise InputError(f"{model}: expected to find entities in {counts.read} texts, got none to keep; {left_out}")
    good(f"{output}: {counts.kept} of {counts.read} texts, {counts.entities} entities; {left_out}")


def write(
    docs: Iterable[Doc], output: Path, folder: SilverFolder | None, counts: Counts, *, probabilities: bool
) -> None:
    """Writes a file, if there are any documents with entities; or a folder of files, each as soon as it is full.

    counts: of what was taken from the documents.
    probabilities: keep those of a `Teacher`."""
    rest: Iterator[Doc] = iter(docs)
    while first := next(rest, None):
        result, found = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], store_user_data=probabilities), 0
        for doc in islice(chain([first], rest), SHARD if folder else None):
            doc.user_data = {key: value for key, value in doc.user_data.items() if key == KEY}
            result.add(doc)
            found += len(doc.ents)
        if folder:
            folder.add(result, counts)
        elif found:
            save(result, output)
