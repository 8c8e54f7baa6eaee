"""`teach`: raw text with the entities that a pipeline finds, as training data for another one."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import typer
from spacy.tokens import Doc, DocBin
from spacy.training.corpus import FILE_TYPE

from ..corpus.docbin import check_output, save
from ..corpus.fast_spans import fast_spans
from ..corpus.raw import TextCounts
from ..corpus.silver import Counts, silver_docs
from ..errors import InputError
from ..loading import assigned_by, load_pipeline
from ..nn.precision import Precision, predict_in
from ..pipeline.teacher import Teacher
from ..text.progress import progress
from ..training.raw_text import make_raw_text
from ..training.taught import KEY
from ._app import BATCH_SIZE, GPU_ID, command, good

SHARD = 10_000  # texts in a file of a folder


@command
def teach(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    output: Path = typer.Argument(
        ...,
        help=f"The .spacy file to write; or a new folder, which gets a file for each {SHARD:,} texts once it is full",
    ),
    texts: list[Path] = typer.Argument(
        ..., help="Raw text: files (.txt, .jsonl; .xz, .gz and .bz2 too) or folders of them"
    ),
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
    """Make training data of raw text: what a pipeline finds in it.

    Another pipeline can be trained on that: a smaller and faster one, or one that has seen more. A calibrated pipeline
    teaches best. Each line is a text, once. `annotate` keeps every text, with scores."""
    check_place(output)
    if min_length > max_length:
        raise InputError(f"expected --min-length up to --max-length, got {min_length} and {max_length}")
    nlp = load_pipeline(model, gpu_id, batch_size)
    if "doc.ents" not in assigned_by(nlp):
        found = ", ".join(nlp.pipe_names) or "no components"
        raise InputError(f"{model}: expected a pipeline that finds entities, got {found}")
    counts, read = Counts(), TextCounts()
    pieces = make_raw_text(
        [str(path) for path in texts], min_length=min_length, max_length=max_length, limit=limit, held_out=0.0, buffer=0
    )
    pipe = Teacher(nlp).pipe if probabilities else nlp.pipe
    docs = silver_docs(pipe, pieces(nlp, counts=read), min_score=min_score, empty=empty, seed=seed, counts=counts)
    with predict_in(precision), fast_spans():
        write(progress(docs, unit="doc"), output, probabilities=probabilities)
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


def check_place(output: Path) -> None:
    """Raises InputError for what is neither the name of a .spacy file nor that of a new folder."""
    if output.suffix:
        check_output(output)
    elif output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output}: expected a {FILE_TYPE} file or a new folder to write, found something there")


def write(docs: Iterable[Doc], output: Path, *, probabilities: bool) -> None:
    """Writes a file, if there are any documents with entities; or a folder of files, each as soon as it is full.

    probabilities: keep those of a `Teacher`."""
    rest: Iterator[Doc] = iter(docs)
    size = None if output.suffix else SHARD
    number = 0
    while first := next(rest, None):
        result, found = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], store_user_data=probabilities), 0
        for doc in islice(chain([first], rest), size):
            doc.user_data = {key: value for key, value in doc.user_data.items() if key == KEY}
            result.add(doc)
            found += len(doc.ents)
        if found or size:
            save(result, output / f"{number:05d}{FILE_TYPE}" if size else output)
        number += 1
