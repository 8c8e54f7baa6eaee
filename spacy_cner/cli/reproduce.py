"""`reproduce`: a paper's table and figures, run again, beside the published figures."""

from functools import partial
from pathlib import Path

import typer
from spacy.cli._util import parse_config_overrides
from spacy.util import load_config

from ..errors import InputError
from ..reproduce.corpora import Corpora, some_sentences
from ..reproduce.figures import curves, draw, draw_learning_curves, learning_curves
from ..reproduce.pool import Task, run_all
from ..reproduce.records import Record, read_records
from ..reproduce.report import page
from ..reproduce.run import Job
from ..reproduce.runs import Run, Selection, pending, plan, recorded_otherwise, select
from ..reproduce.table import FOLDER, Overrides, Table, read_table, table_path
from ._app import command, good, warn


# What is no option of the command is an override of the configs.
@partial(command, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def reproduce(
    # fmt: off
    context: typer.Context,
    table: str = typer.Argument(..., help=f"The description of a table: a YAML file, or the name of one in {FOLDER}"),
    row: list[str] = typer.Option([], help="Only this row; repeat the option for several"),
    column: list[str] = typer.Option([], help="Only this column; repeat the option for several"),
    figure: list[str] = typer.Option([], help="Only this figure; repeat the option for several"),
    seed: list[int] = typer.Option([], help="Instead of the table's seeds; repeat the option for several"),
    show: bool = typer.Option(False, "--show", help="Run nothing: print and draw what is recorded"),
    data: Path = typer.Option(Path("assets"), envvar="CNER_DATA", help="The folder that holds the corpora"),
    recipes: Path = typer.Option(Path("configs/corpora.yml"), help="The YAML file that describes the corpora"),
    corpus_dir: Path = typer.Option(Path("corpus"), help="Prepared corpora; those that are missing are made"),
    models: Path = typer.Option(Path("training/reproduce"), help="Logs and pipelines of the runs"),
    results: Path = typer.Option(Path("results"), help="Records (TABLE.json) and pictures of the figures"),
    output: Path | None = typer.Option(None, help="Also write the report to this Markdown file"),
    jobs: int | None = typer.Option(None, min=1, help="Runs at once; by default one, or one for each GPU"),
    gpus: str = typer.Option("", help="IDs of the GPUs to use in turn, as in 0,1; without it, one CPU core for a run"),
    keep_models: bool = typer.Option(False, "--keep-models", help="Keep the pipelines after they are scored"),
    # fmt: on
):
    """Run the rows of a paper's table.

    Each has its config, corpus and seeds. Precision, recall, F1 and recall on unseen entities are printed next to the
    published figures. Runs that are recorded are not run again, so it may be
    stopped at any time. Other options override the configs, as in `spacy train`: --training.max_steps 10."""
    path = table_path(table)
    description = read_table(path)
    selection = select(description, row, column, figure)
    recorded = results / f"{path.stem}.json"
    extra = config_overrides(context.args)
    runs = plan(description, selection, seed or description.seeds, extra)
    failed = 0
    if not show:
        for run, record in recorded_otherwise(runs, read_records(recorded)):
            warn(
                f"{run}: recorded with {record['config']} {record['overrides']}, expected {run.config} "
                f"{run.told}; remove its records from {recorded} to run it again"
            )
        corpora = Corpora(corpus_dir, data, recipes)
        devices = [gpu.strip() for gpu in gpus.split(",") if gpu.strip()]
        todo = pending(runs, read_records(recorded))
        steps = [max_steps(run) for run in todo]  # of all, before anything is made
        tasks = [
            Task(make_job(run, corpora, models / path.stem, recorded, bool(devices), keep_models), str(run), total)
            for run, total in zip(todo, steps, strict=True)
        ]
        failed = run_all(tasks, jobs or len(devices) or 1, devices, good, warn)
    report(description, selection, read_records(recorded), results / path.stem, output)
    if failed:
        warn(f"{failed} runs failed")
        raise typer.Exit(1)


def config_overrides(args: list[str]) -> Overrides:
    for arg in args:
        if arg.startswith("--") and "." not in arg:
            raise InputError(f"expected an option, or a setting of the config as in --training.max_steps 10, got {arg}")
    return parse_config_overrides(list(args))


def max_steps(run: Run) -> int:
    """Raises InputError for a config that is missing or does not take the overrides."""
    overrides = {**run.overrides, **dict.fromkeys((f"paths.{key}" for key in run.paths), "")}
    try:
        return load_config(run.config, overrides=overrides, interpolate=True)["training"]["max_steps"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{run}: expected a config for training at {run.config}, got {str(error).strip()}") from None


def make_job(run: Run, corpora: Corpora, models: Path, results: Path, gpu: bool, keep_models: bool) -> Job:
    corpus = corpora.folder_of(run.recipe, run.ratio)
    if run.sentences is not None:
        corpus = some_sentences(corpus, run.sentences, run.seed)
    files = {key: corpora.file(name) for key, name in run.paths.items()}
    files |= {part: corpus / f"{part}.spacy" for part in ("train", "dev")}
    if run.segmenter:
        files["train"] = corpora.segmented(corpus, run.segmenter)
    settings: Overrides = {f"paths.{key}": str(file) for key, file in files.items()}
    settings["system.seed"] = run.seed
    return Job(
        common=run.identity,
        config=run.config,
        overrides=run.told,
        settings={**settings, **run.overrides},
        corpus=str(corpus),
        output=str(models / run.slug),
        results=str(results),
        gpu=gpu,
        keep_models=keep_models,
        labels=run.labels,
        calibrated=run.calibrated,
    )


def report(table: Table, selection: Selection, records: list[Record], results: Path, output: Path | None) -> None:
    """Prints and writes it, and draws the figures that have records to RESULTS-FIGURE.png."""
    lines = {name: curves(table, records, table.figures[name]) for name in selection.figures}
    learned = {name: learning_curves(table, records, table.curves[name]) for name in selection.curves}
    drawn = [name for name, each in (lines | learned).items() if each]
    pictures = {name: results.with_name(f"{results.name}-{name}.png") for name in drawn}
    typer.echo(page(table, records, selection, pictures, Path()))
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page(table, records, selection, pictures, output.parent), encoding="utf-8")
    for name, picture in pictures.items():
        if name in learned:
            draw_learning_curves(table.curves[name], learned[name], picture)
        else:
            draw(table.figures[name], lines[name], picture)
