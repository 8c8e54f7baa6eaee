"""`run`: a paper's table and figures, run again, next to the published figures. `show`: the config of a row."""

from pathlib import Path

import typer
from spacy.cli._util import parse_config_overrides
from thinc.api import Config

from spacy_cner.cli._app import command, good, warn
from spacy_cner.errors import InputError
from spacy_cner.files import write_text
from spacy_cner.loading import config_folder

from .corpora import Corpora
from .figures import curves, draw, draw_learning_curves, learning_curves
from .job import Job
from .overlay import find_config, load_overlay, override
from .plan import Selection, TableRun, pending, plan, recorded_otherwise, select
from .pool import Task, run_all
from .records import Record, read_records
from .report import page
from .samples import samples
from .stated import check
from .table import Overrides, Table, picture_path, read_table, records_path, table_name, table_path

app = typer.Typer(help="Tables of papers, trained again", no_args_is_help=True)
# Every option that a command does not have is an override of the configs.
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}
TABLE = typer.Argument(
    ..., help="A folder of papers/, such as wu-2019; a table in it, such as feng-2006/words; or a YAML file"
)
CORPORA = typer.Option(Path("corpus"), help="Prepared corpora; those that are missing are made")


def run(
    # fmt: off
    context: typer.Context,
    table: str = TABLE,
    row: list[str] = typer.Option([], help="Only this row; repeat the option for several"),
    column: list[str] = typer.Option([], help="Only this column; repeat the option for several"),
    figure: list[str] = typer.Option([], help="Only this figure; repeat the option for several"),
    seed: list[int] = typer.Option([], help="Instead of the table's seeds; repeat the option for several"),
    show: bool = typer.Option(False, "--show", help="Run nothing: print and draw what is recorded"),
    data: Path = typer.Option(Path("assets"), envvar="CNER_DATA", help="The folder that holds the corpora"),
    recipes: Path | None = typer.Option(
        None, help="A YAML file that describes the corpora, instead of configs/corpora.yml"
    ),
    corpus_dir: Path = CORPORA,
    models: Path = typer.Option(Path("training/papers"), help="Configs, logs and pipelines of the runs"),
    results: Path | None = typer.Option(None, help="The folder for records and pictures; by default that of the table"),
    output: Path | None = typer.Option(None, help="Also write the report to this Markdown file"),
    jobs: int | None = typer.Option(None, min=1, help="Runs at once; by default one, or one for each GPU"),
    gpus: str = typer.Option("", help="IDs of the GPUs to use in turn, as in 0,1; without it, one CPU core for a run"),
    keep_models: bool = typer.Option(False, "--keep-models", help="Keep the pipelines after they are scored"),
    # fmt: on
):
    """Run the rows of a paper's table, each with its config, corpus and seeds, and print precision, recall, F1 and
    recall on unseen entities next to the published figures. Runs that are recorded are not run again, so it may be
    stopped at any time. Other options override the configs, as in `spacy train`: --training.eval_frequency 10."""
    path = table_path(table)
    description = read_table(path)
    selection = select(description, row, column, figure)
    recorded = records_path(path, results)
    runs = plan(description, selection, seed or description.seeds, config_overrides(context.args))
    failed = 0
    if not show:
        for each, record in recorded_otherwise(runs, read_records(recorded)):
            warn(
                f"{each}: recorded with {record['config']} {record['overrides']}, expected {each.config} "
                f"{each.recorded_overrides}; remove its records from {recorded} to run it again"
            )
        corpora = Corpora(corpus_dir, data, recipes or config_folder() / "corpora.yml")
        devices = [gpu.strip() for gpu in gpus.split(",") if gpu.strip()]
        todo = pending(runs, read_records(recorded))
        configs = [merged_config(each, path.parent, corpora) for each in todo]
        checked = [
            check_config(str(each), config) for each, config in zip(todo, configs)
        ]  # of all, before the first runs
        steps = [config["training"]["max_steps"] for config in checked]
        folder = models / table_name(path)
        tasks = [
            Task(make_job(each, config, corpora, folder, recorded, bool(devices), keep_models), str(each), total)
            for each, config, total in zip(todo, configs, steps, strict=True)
        ]
        failed = run_all(tasks, jobs or len(devices) or 1, devices, good, warn)
    report(description, selection, read_records(recorded), path, results, output)
    if failed:
        warn(f"{failed} runs failed")
        raise typer.Exit(1)


def show(
    # fmt: off
    context: typer.Context,
    table: str = typer.Argument(
        ..., help="A table, as for `run`, or a .cfg file such as papers/peng-dredze-2016/segmenter.cfg"
    ),
    row: str = typer.Option("", help="A row of the table"),
    column: str = typer.Option("", help="A column of the table; by default its first"),
    seed: int | None = typer.Option(None, help="By default the first of the table"),
    corpus_dir: Path = CORPORA,
    # fmt: on
):
    """Print the whole config of a row, or of an overlay, as `spacy train` takes it. A row's files are those that `run`
    prepares. Other options override it: --paths.train train.spacy."""
    extra = config_overrides(context.args)
    if table.endswith(".cfg"):
        config = override(load_overlay(Path(table)), extra)
        check_config(table, config)
    else:
        path = table_path(table)
        description = read_table(path)
        if not row:
            raise InputError(f"{path}: expected --row with one of {', '.join(description.rows)}")
        selection = select(description, [row], [column or next(iter(description.columns))], [])
        runs = plan(description, selection, description.seeds[:1] if seed is None else [seed], extra)
        if not runs:
            raise InputError(f"{path}: expected a row with a config of its own, got {row!r}")
        config = merged_config(runs[0], path.parent, Corpora(corpus_dir, Path(), Path()))
        check_config(str(runs[0]), config)
    typer.echo(config.to_str(interpolate=False))


command(run, app, context_settings=OVERRIDES)
command(show, app, context_settings=OVERRIDES)
command(check, app)
command(samples, app)


def config_overrides(args: list[str]) -> Overrides:
    for arg in args:
        if arg.startswith("--") and "." not in arg:
            raise InputError(f"expected an option, or a setting of the config as in --training.patience 10, got {arg}")
    return parse_config_overrides(list(args))


def merged_config(run: TableRun, folder: Path, corpora: Corpora) -> Config:
    """The whole config of a run, not interpolated, with the names of its files, which need not exist.

    folder: that of the table."""
    corpus = corpora.path(run.recipe, run.ratio, run.sentences, run.seed)
    files = {key: corpora.folder / name for key, name in run.paths.items()}
    files |= {part: corpus / f"{part}.spacy" for part in ("train", "dev")}
    if run.segmenter:
        files["train"] = corpora.segmented_path(corpus, run.segmenter)
    settings: Overrides = {f"paths.{key}": file.as_posix() for key, file in files.items()}
    settings["system.seed"] = run.seed
    try:
        return override(load_overlay(find_config(run.config, folder)), {**settings, **run.overrides})
    except InputError as error:
        raise InputError(f"{run}: {error}") from None


def check_config(name: str, config: Config) -> Config:
    """The config, interpolated. Raises InputError if it has a reference to what is not there, or no number of steps."""
    try:
        interpolated = config.interpolate()
        interpolated["training"]["max_steps"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{name}: expected a config for training, got {str(error).strip()}") from None
    return interpolated


def make_job(
    run: TableRun, config: Config, corpora: Corpora, models: Path, results: Path, gpu: bool, keep_models: bool
) -> Job:
    """Prepares the files of a run."""
    corpus = corpora.prepare(run.recipe, run.ratio, run.sentences, run.seed)
    for name in run.paths.values():
        corpora.file(name)
    if run.segmenter:
        corpora.segment(corpus, run.segmenter)
    return Job(
        common=run.identity,
        config=run.config,
        overrides=run.recorded_overrides,
        merged=config.to_str(interpolate=False),
        corpus=str(corpus),
        output=str(models / run.slug),
        results=str(results),
        gpu=gpu,
        keep_models=keep_models,
        labels=run.labels,
        calibrated=run.calibrated,
    )


def report(
    table: Table, selection: Selection, records: list[Record], path: Path, results: Path | None, output: Path | None
) -> None:
    """Prints and writes the report, and draws the figures that have records."""
    lines = {name: curves(table, records, table.figures[name]) for name in selection.figures}
    learned = {name: learning_curves(table, records, table.curves[name]) for name in selection.curves}
    drawn = [name for name, each in (lines | learned).items() if each]
    pictures = {name: picture_path(path, name, results) for name in drawn}
    typer.echo(page(table, records, selection, pictures, Path()))
    if output is not None:
        write_text(output, page(table, records, selection, pictures, output.parent))
    for name, picture in pictures.items():
        if name in learned:
            draw_learning_curves(table.curves[name], learned[name], picture)
        else:
            draw(table.figures[name], lines[name], picture)
