"""Which runs a table needs: one training for each row, corpus and seed."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from spacy_cner.errors import InputError

from .records import SENTENCES, Record, matching
from .table import Column, Figure, Overrides, Point, Row, Table


@dataclass(frozen=True)
class TableRun:
    """config: as the table names it.
    overrides: of the config; the files and the seed come after them.
    segmenter: what gives words to the training sentences, "" if they need none."""

    row: str
    corpus: str
    recipe: str
    ratio: float
    seed: int
    config: str
    overrides: Overrides = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    segmenter: str = ""
    sentences: int | None = None
    labels: list[str] = field(default_factory=list)
    calibrated: str = ""

    @property
    def recorded_overrides(self) -> Overrides:
        """The overrides that its records have."""
        files = {f"paths.{key}": name for key, name in self.paths.items()}
        return {**files, **self.overrides, **({"segmenter": self.segmenter} if self.segmenter else {})}

    @property
    def identity(self) -> Record:
        some = {} if self.sentences is None else {SENTENCES: self.sentences}
        return {"row": self.row, "corpus": self.corpus, "ratio": self.ratio, **some, "seed": self.seed}

    @property
    def slug(self) -> str:
        """The name of its folder."""
        some = "" if self.sentences is None else f"-{self.sentences}"
        return re.sub(r"[^\w.+=-]+", "_", f"{self.row}-{self.corpus}-{self.ratio:g}{some}-{self.seed}")

    def __str__(self) -> str:
        some = "" if self.sentences is None else f", {self.sentences} sentences"
        return f"{self.row}, {self.corpus} {self.ratio:.4g}{some}, seed {self.seed}"


@dataclass(frozen=True)
class Selection:
    """Names of what is run and reported."""

    rows: list[str]
    columns: list[str]
    figures: list[str]
    curves: list[str] = field(default_factory=list)


def select(table: Table, rows: Sequence[str], columns: Sequence[str], figures: Sequence[str]) -> Selection:
    """The named rows, columns and figures, or all where none is named. A figure alone leaves the table's cells out.
    Raises InputError for a name that the table does not have."""
    for kind, names, known in (
        ("row", rows, table.rows),
        ("column", columns, table.columns),
        ("figure", figures, table.figures),
    ):
        for name in names:
            if name not in known:
                raise InputError(f"expected a {kind} out of {', '.join(known) or '(none)'}, got {name!r}")
    if figures and not rows and not columns:
        return Selection([], [], list(figures))
    usual = [name for name, column in table.columns.items() if not column.optional]
    all_figures = [] if rows or columns else list(table.figures)
    curves = [] if rows or columns else list(table.curves)
    return Selection(list(rows or table.rows), list(columns or usual), list(figures or all_figures), curves)


def plan(table: Table, selection: Selection, seeds: Sequence[int], extra: Overrides | None = None) -> list[TableRun]:
    """The runs of the selected cells and figures, each once; rows without a config have none. The overrides `extra`
    come last."""
    runs: dict[tuple, TableRun] = {}
    for run in [*_cell_runs(table, selection, seeds, extra or {}), *_figure_runs(table, selection, seeds, extra or {})]:
        runs.setdefault(tuple(run.identity.values()), run)
    return list(runs.values())


def _cell_runs(table: Table, selection: Selection, seeds: Sequence[int], extra: Overrides) -> Iterator[TableRun]:
    for column in selection.columns:
        for row in selection.rows:
            yield from _runs(table, row, table.rows[row], table.columns[column], seeds, extra)


def _figure_runs(table: Table, selection: Selection, seeds: Sequence[int], extra: Overrides) -> Iterator[TableRun]:
    for figure in (table.figures[name] for name in selection.figures):
        for point in figure.points:
            row = table.rows[point.row or figure.row]
            overrides = {**(point.overrides or {}), **extra}
            yield from _runs(table, point_row(figure, point), row, table.columns[figure.column], seeds, overrides)


def _runs(
    table: Table, name: str, row: Row, column: Column, seeds: Sequence[int], extra: Overrides
) -> Iterator[TableRun]:
    if row.config is None:
        return
    overrides = {**table.overrides, **column.overrides, **row.overrides, **extra}
    for seed in seeds:
        yield TableRun(
            row=name,
            corpus=column.corpus,
            recipe=column.recipe,
            ratio=column.ratio,
            seed=seed,
            config=row.config,
            overrides=overrides,
            paths=row.paths,
            segmenter=table.segmenter if row.words else "",
            sentences=column.sentences,
            labels=table.labels,
            calibrated=row.calibrated,
        )


def point_row(figure: Figure, point: Point) -> str:
    """The name of a point in the records."""
    return point.row or f"{figure.row} {figure.parameter}={point.x:g}"


def pending(runs: Collection[TableRun], records: Collection[Record]) -> list[TableRun]:
    """The runs that have no record. A run's records are written at once, so one stands for all."""
    return [run for run in runs if not _records_of(run, records)]


def recorded_otherwise(runs: Collection[TableRun], records: Collection[Record]) -> Iterator[tuple[TableRun, Record]]:
    """The runs that have a record of another config or of other overrides. Paths are not compared: they differ between
    machines."""
    for run in runs:
        for record in _records_of(run, records)[:1]:
            if (record["config"], _settings(record["overrides"])) != (run.config, _settings(run.recorded_overrides)):
                yield run, record


def _records_of(run: TableRun, records: Collection[Record]) -> list[Record]:
    return matching(records, {SENTENCES: None, **run.identity})


def _settings(overrides: Overrides) -> Overrides:
    return {key: value for key, value in overrides.items() if not key.startswith("paths.")}
