"""`annotate`: raw text with the entities that a pipeline finds, as training data."""

from pathlib import Path

import typer
from spacy.tokens import DocBin

from ..corpus.docbin import check_output, save
from ..corpus.fast_spans import fast_spans
from ..corpus.silver import Counts, silver_docs
from ..errors import InputError
from ..loading import assigned_by, load_pipeline
from ..nn.precision import Precision, predict_in
from ..pipeline.teacher import Teacher
from ..text.progress import progress
from ..training.raw_text import make_raw_text
from ..training.taught import KEY
from ._app import BATCH_SIZE, GPU_ID, command, good


@command
def annotate(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    output: Path = typer.Argument(..., help="The .spacy file to write"),
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
    """Annotate raw text with what a pipeline finds in it.

    Another pipeline can be trained on that: a smaller and faster one, or one that has seen more. A calibrated pipeline
    teaches best. Each line is a text, once."""
    check_output(output)
    if min_length > max_length:
        raise InputError(f"expected --min-length up to --max-length, got {min_length} and {max_length}")
    nlp = load_pipeline(model, gpu_id, batch_size)
    if "doc.ents" not in assigned_by(nlp):
        found = ", ".join(nlp.pipe_names) or "no components"
        raise InputError(f"{model}: expected a pipeline that finds entities, got {found}")
    counts = Counts()
    pieces = make_raw_text(
        [str(path) for path in texts], min_length=min_length, max_length=max_length, limit=limit, held_out=0.0, buffer=0
    )
    pipe = Teacher(nlp).pipe if probabilities else nlp.pipe
    docs = silver_docs(pipe, pieces(nlp), min_score=min_score, empty=empty, seed=seed, counts=counts)
    result = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], store_user_data=probabilities)
    with predict_in(precision), fast_spans():
        for doc in progress(docs, unit="doc"):
            doc.user_data = {key: value for key, value in doc.user_data.items() if key == KEY}
            result.add(doc)
    left_out = f"left out: {counts.unsure} with an entity under {min_score:g}, {counts.empty} without entities"
    if not counts.read:
        raise InputError(f"{', '.join(map(str, texts))}: expected texts to read, got none")
    if not counts.entities:
        raise InputError(f"{model}: expected to find entities in {counts.read} texts, got none to keep; {left_out}")
    save(result, output)
    good(f"{output}: {counts.kept} of {counts.read} texts, {counts.entities} entities; {left_out}")
