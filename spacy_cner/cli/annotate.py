"""`annotate`: what a pipeline finds in any number of documents, in files."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from ..errors import InputError
from ..loading import kept
from ._app import GPU_ID, command, good, warn

if TYPE_CHECKING:
    from ..scale.job import Report
    from ..scale.run import Engine, Outcome

OutputFormat = Literal["parquet", "jsonl", "csv", "spacy", "conll", "brat"]
SOME_FAILED = 3
MIB = 1 << 20
STREAM = "-"


@command
def annotate(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    inputs: list[str] = typer.Argument(
        ...,
        help="Files (.parquet, .jsonl, .csv, .tsv, .txt, .spacy; text also packed with .gz, .bz2, .xz or .zst), "
        "folders or patterns of them; - for JSON lines from standard input",
    ),
    output: str = typer.Option(
        ..., "--output", "-o", help="The folder to write, or to go on with; - for JSON lines to standard output"
    ),
    text_column: str = typer.Option("text", help="The column, or key, of the texts"),
    id_column: str | None = typer.Option(None, help="The column that identifies a row: it is always kept"),
    keep_columns: str | None = typer.Option(None, help="The columns to keep, with commas between them; all by default"),
    whole_files: bool = typer.Option(False, "--whole-files", help="A .txt file is a text, not each of its lines"),
    labels: str | None = typer.Option(None, help="The labels to keep, with commas between them; all by default"),
    min_score: float = typer.Option(0.0, min=0, max=1, help="Leave out entities that are less probable"),
    offsets: Literal["codepoint", "utf16", "utf8"] = typer.Option("codepoint", help="What start and end count"),
    n_best: int = typer.Option(0, min=0, help="Add the so many most probable readings of each window of a text"),
    words: bool = typer.Option(False, "--words", help="Add the words, where the pipeline has any"),
    format: OutputFormat | None = typer.Option(
        None, "--format", "-f", help="The format to write; Parquet by default, JSON lines to standard output"
    ),
    on_error: Literal["keep", "skip", "fail"] = typer.Option(
        "keep", help="A row with an error is kept with its error, left out, or the end"
    ),
    max_errors: int | None = typer.Option(None, min=0, help="End after more rows with errors"),
    workers: int = typer.Option(1, min=1, help="Processes, each on one thread with a copy of the pipeline"),
    batch_characters: int = typer.Option(100_000, min=1, help="Characters in a batch, padding included"),
    part_size: int = typer.Option(4, min=1, help="Cut text files and Parquet at about so many MiB of text"),
    engine: Literal["local", "ray", "spark"] = typer.Option(
        "local", help="What runs the workers: this machine, Ray or Spark"
    ),
    address: str | None = typer.Option(
        None, help="Of the Ray cluster or Spark master; RAY_ADDRESS or Spark's own settings by default, else local"
    ),
    num_gpus: float = typer.Option(0.0, min=0, help="GPUs for each worker of Ray"),
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Add entities to files, row by row.

    Every row comes back, in order. Each has `ents` (start, end, label, text, score, kb_id, kb_url, value) and `error`,
    which is null where all went well. Each part of the output is written under another name and renamed when it is
    whole; _SUCCESS stands there at the end. Killed and started again, it goes on where it was. The exit code is 0, 3 if
    some rows have errors, else 1."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise InputError("expected pyarrow, which annotate needs: pip install 'spacy_cner[scale]'") from None
    from ..scale.annotator import Annotator
    from ..scale.begin import make_job
    from ..scale.rows import Rows
    from ..scale.run import run_job
    from ..scale.settings import AnnotationSettings

    settings = AnnotationSettings(
        text_column=text_column,
        labels=names(labels),
        min_score=min_score,
        offsets=offsets,
        n_best=n_best,
        words=words,
        batch_characters=batch_characters,
    )
    if STREAM in (*inputs, output):
        if inputs != [STREAM] or output != STREAM:
            raise InputError("expected - for both the input and --output, or for neither")
        for_files = {
            f"--format {format}": format not in (None, "jsonl"),
            "--whole-files": whole_files,
            "--workers": workers > 1,
            f"--engine {engine}": engine != "local",
            "--address": address is not None,
            "--num-gpus": num_gpus > 0,
            "--max-errors": max_errors is not None,
        }
        if given := [option for option, there in for_files.items() if there]:
            raise InputError(f"expected {' and '.join(given)} with files, got standard input")
        from ..scale.stream import annotate_stream

        keep = names(keep_columns)
        if keep is not None and id_column is not None:
            keep.append(id_column)
        rows = Rows(Annotator(model, gpu_id=gpu_id, **settings.to_dict()), on_error=on_error, keep=keep)
        with kept():
            total = annotate_stream(rows, typer.get_binary_stream("stdin"), typer.get_binary_stream("stdout"))
        end("standard output", total, skipped=on_error == "skip")
        return
    job = make_job(
        model,
        inputs,
        settings,
        output=Path(output),
        format=format or "parquet",
        on_error=on_error,
        id_column=id_column,
        keep_columns=names(keep_columns),
        whole=whole_files,
        part_size=part_size * MIB,
    )
    about = {"engine": engine, "workers": workers}
    run = engine_of(engine, workers=workers, address=address, num_gpus=num_gpus, gpu_id=gpu_id)
    outcome = run_job(job, Path(output), run, max_errors=max_errors, about=about)
    finish(output, outcome, skipped=on_error == "skip")


def names(given: str | None) -> list[str] | None:
    """Returns the names in a list with commas. Raises InputError for an empty one."""
    if given is None:
        return None
    found = [name.strip() for name in given.split(",") if name.strip()]
    if not found:
        raise InputError(f"expected names with commas between them, got {given!r}")
    return found


def engine_of(engine: str, *, workers: int, address: str | None, num_gpus: float, gpu_id: int) -> "Engine":
    """Returns what runs the workers. Raises InputError where it is not installed, or does not take an option."""
    if engine == "local":
        from ..scale.local import run_here, run_local

        if address is not None or num_gpus:
            raise InputError("expected --address and --num-gpus with --engine ray, got --engine local")
        return partial(run_here, gpu_id=gpu_id) if workers == 1 else partial(run_local, workers=workers, gpu_id=gpu_id)
    if gpu_id >= 0:
        raise InputError(f"expected --gpu-id with --engine local, got --engine {engine}")
    if engine == "ray":
        from ..scale.on_ray import run_on_ray

        return partial(run_on_ray, workers=workers, address=address, num_gpus=num_gpus)
    if num_gpus:
        raise InputError("expected --num-gpus with --engine ray, got --engine spark")
    from ..scale.on_spark import run_on_spark

    return partial(run_on_spark, workers=workers, master=address)


def finish(output: str, outcome: "Outcome", *, skipped: bool) -> None:
    """Says what became of a job, and ends with its exit code. skipped: whether rows with errors were left out."""
    if outcome.broken:
        for error in outcome.broken:
            warn(error)
        raise InputError(f"{output}: expected all parts to be done, {len(outcome.broken)} of {outcome.parts} were not")
    before = f"; {outcome.done_before} of {outcome.parts} parts were done before" if outcome.done_before else ""
    end(output, outcome.total, before, skipped=skipped)


def end(output: str, total: "Report", more: str = "", *, skipped: bool) -> None:
    """Says how many rows there were. Ends with the exit code 3 if some have errors."""
    good(f"{output}: {total.rows} rows, {total.entities} entities{more}")
    if total.errors:
        where = "which were left out" if skipped else "which the column `error` names"
        warn(f"{output}: {total.errors} rows with errors, {where}")
        raise typer.Exit(SOME_FAILED)
