"""The description of a table, a YAML file: which systems are trained on which corpora, and the published figures."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spacy_cner.errors import InputError
from spacy_cner.loading import read_yaml

from .records import SUBSETS

PAPERS = Path(__file__).parents[1]
WHOLE = "table"  # the file of a paper that has one table

# Settings of a config by dotted name, as `overlay.override` takes them: {"training.eval_frequency": 200}.
Overrides = dict[str, Any]


class TableEntry(BaseModel):
    """A part of a description: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Scores(TableEntry):
    """Published figures, in percent."""

    p: float | None = None
    r: float | None = None
    f: float | None = None
    r_oov: float | None = None


class Column(TableEntry):
    """corpus: its name in the records.
    recipe: its name in configs/corpora.yml, if that is another.
    ratio: the part of its training data.
    sentences: at most this number of its training sentences, others for each seed; the development set stays whole.
    subset: all, named or nominal mentions, words, or one of the table's `labels`.
    optional: left out unless it is named."""

    corpus: str
    recipe: str = ""
    ratio: float = Field(1.0, gt=0, le=1)
    sentences: int | None = Field(None, gt=0)
    split: Literal["dev", "test"] = "test"
    subset: str = "all"
    overrides: Overrides = {}
    optional: bool = False

    @model_validator(mode="after")
    def name_recipe(self) -> "Column":
        self.recipe = self.recipe or self.corpus
        return self


class Row(TableEntry):
    """config: an overlay or config next to the table, or a product config; null for a row whose records come from
        elsewhere (benchmarks/peers.py).
    overrides: settings; a mapping is a block, and null removes one.
    paths: further prepared files that the config's `[paths]` names, such as `words: pfr/train.spacy`, relative to the
        folder of prepared corpora.
    words: whether the training sentences get words, from the table's segmenter where they have none of their own.
    calibrated: a row without a config, for the scores of the same pipelines with the decoding and the threshold that
        `calibrate` finds on development data.
    paper: the published figures by column."""

    config: str | None
    overrides: Overrides = {}
    paths: dict[str, str] = {}
    words: bool = False
    calibrated: str = ""
    paper: dict[str, Scores] = {}


class Point(TableEntry):
    """A position on the x axis: a setting of the figure's row, or another row of the table as it is."""

    x: float
    overrides: Overrides | None = None
    row: str | None = None

    @model_validator(mode="after")
    def check_one(self) -> "Point":
        if (self.overrides is None) == (self.row is None):
            raise ValueError("expected either `overrides` or `row`")
        return self


class Figure(TableEntry):
    """P, R and F over a setting. `parameter` names it in the records, `label` on the x axis."""

    title: str
    row: str
    column: str
    parameter: str
    label: str
    points: list[Point] = Field(min_length=1)


class Curve(TableEntry):
    """A learning curve: F of all rows, by the number of training sentences of these columns."""

    title: str
    columns: list[str] = Field(min_length=1)


class Table(TableEntry):
    """overrides: settings of every row; a column's come after them, then a row's, then a point's.
    segmenter: as in `python -m spacy_cner segment`: jieba, pkuseg, or a pipeline.
    labels: the types of entities that have records of their own."""

    title: str
    source: str = ""
    seeds: list[int] = Field([0], min_length=1)
    overrides: Overrides = {}
    segmenter: str = "jieba"
    labels: list[str] = []
    columns: dict[str, Column] = Field(min_length=1)
    rows: dict[str, Row] = Field(min_length=1)
    figures: dict[str, Figure] = {}
    curves: dict[str, Curve] = {}

    @model_validator(mode="after")
    def check_names(self) -> "Table":
        for name, row in self.rows.items():
            if row.calibrated:
                expect_name(row.calibrated, self.rows, f"rows.{name}.calibrated")
                if self.rows[row.calibrated].config is not None:
                    raise ValueError(f"rows.{name}.calibrated: expected a row without a config, got {row.calibrated!r}")
            for column in row.paper:
                expect_name(column, self.columns, f"rows.{name}.paper")
        for name, figure in self.figures.items():
            expect_name(figure.row, self.rows, f"figures.{name}.row")
            expect_name(figure.column, self.columns, f"figures.{name}.column")
            for i, point in enumerate(figure.points):
                if point.row is not None:
                    expect_name(point.row, self.rows, f"figures.{name}.points.{i}.row")
        for name, curve in self.curves.items():
            if name in self.figures:
                raise ValueError(f"curves.{name}: expected a name that no figure has")
            for i, column in enumerate(curve.columns):
                expect_name(column, self.columns, f"curves.{name}.columns.{i}")
                if self.columns[column].sentences is None:
                    raise ValueError(f"curves.{name}.columns.{i}: expected `sentences` in the column {column!r}")
        return self

    @model_validator(mode="after")
    def check_subsets(self) -> "Table":
        for name, column in self.columns.items():
            expect_name(column.subset, dict.fromkeys([*SUBSETS, *self.labels]), f"columns.{name}.subset")
        return self

    @model_validator(mode="after")
    def check_columns(self) -> "Table":
        """Columns that show other scores of the same run must say the same about it."""
        first: dict[Any, str] = {}
        for name, column in self.columns.items():
            other = first.setdefault((column.corpus, column.ratio, column.sentences), name)
            if (column.recipe, column.overrides) != (self.columns[other].recipe, self.columns[other].overrides):
                raise ValueError(
                    f"columns.{name}: expected the recipe and the overrides of {other!r}, as corpus and ratio are the "
                    f"same, got {column.recipe!r} and {column.overrides!r}"
                )
        return self


def expect_name(name: str, known: dict[str, Any], where: str) -> None:
    if name not in known:
        raise ValueError(f"{where}: expected one of {', '.join(known)}, got {name!r}")


def table_path(name: str) -> Path:
    """`wu-2019` is papers/wu-2019/table.yml, `feng-2006/words` is papers/feng-2006/words.yml; a path to a YAML file is
    itself."""
    if name.endswith((".yml", ".yaml")):
        return Path(name)
    return PAPERS / name / f"{WHOLE}.yml" if (PAPERS / name).is_dir() else PAPERS / f"{name}.yml"


def table_name(path: Path) -> str:
    """The name that `table_path` takes, or the file's own if it is not one of the papers'."""
    if path.resolve().parents[1] != PAPERS:
        return path.stem
    folder = path.resolve().parent.name
    return folder if path.stem == WHOLE else f"{folder}/{path.stem}"


def records_path(path: Path, folder: Path | None = None) -> Path:
    """The file of a table's records: next to it, or in another folder."""
    name = "records.json" if path.stem == WHOLE else f"{path.stem}.json"
    return (folder or path.parent) / name


def picture_path(path: Path, figure: str, folder: Path | None = None) -> Path:
    name = f"{figure}.png" if path.stem == WHOLE else f"{path.stem}-{figure}.png"
    return (folder or path.parent) / name


def read_table(path: Path) -> Table:
    """Raises InputError for a file that is missing or not such a description: where, what was expected, what came."""
    if not path.is_file():
        known = ", ".join(sorted(table_name(file) for file in PAPERS.glob("*/*.yml")))
        raise InputError(f"{path}: expected the description of a table (a .yml file, or one of: {known}), found none")
    try:
        return Table.model_validate(read_yaml(path, "a table in YAML"))
    except ValidationError as error:
        raise InputError("\n".join(f"{path}: {message(each)}" for each in error.errors())) from None


def message(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "value_error" and not where:
        return str(error["ctx"]["error"])
    if error["type"] == "missing":
        return f"{where}: expected this key, found none"
    if error["type"] == "extra_forbidden":
        return f"{where}: not a key of a table's description"
    return f"{where}: {error['msg']}, got {error['input']!r:.80}"
