from pathlib import Path

import pytest

from papers.run.table import PAPERS, picture_path, read_table, records_path, table_name, table_path
from spacy_cner.errors import InputError


def test_reads_a_description(write, description):
    table = read_table(write(description))
    assert table.columns["half"].recipe == "mine"
    assert (table.columns["half, dev"].split, table.columns["secret"].ratio) == ("dev", 1.0)
    assert table.rows["A"].paper["half"].r_oov == 40.0
    assert [point.row for point in table.figures["rate"].points] == ["A", "A+B", None]


@pytest.mark.parametrize(
    "place, value, message",
    [
        (["title"], None, "title: "),
        (["rows", "A", "confg"], "x.cfg", "rows.A.confg: not a key"),
        (["rows", "A"], {"overrides": {}}, "rows.A.config: expected this key, found none"),
        (["columns", "half", "ratio"], 5, "columns.half.ratio: .*less than or equal to 1, got 5"),
        (["columns", "half", "split"], "train", "columns.half.split: .*'dev' or 'test', got 'train'"),
        (["columns", "half", "recipe"], "x", "columns.half, dev: expected the recipe and the overrides of 'half'"),
        (["columns", "half", "subset"], "PER", "columns.half.subset: expected one of all, .*got 'PER'"),
        (["rows", "A", "paper", "25%"], {}, "rows.A.paper: expected one of half, .*got '25%'"),
        (["rows", "A", "calibrated"], "C", "rows.A.calibrated: expected one of A, A\\+B, got 'C'"),
        (["rows", "A", "calibrated"], "A+B", "rows.A.calibrated: expected a row without a config, got 'A\\+B'"),
        (["figures", "rate", "row"], "C", "figures.rate.row: expected one of A, A\\+B, got 'C'"),
        (["figures", "rate", "points", 0], {"x": 1}, "figures.rate.points.0: .*either `overrides` or `row`"),
        (["figures", "rate", "points", 0, "row"], "C", "figures.rate.points.0.row: expected one of A"),
        (["curves"], {"mine": {"title": "M", "columns": ["all"]}}, "curves.mine.columns.0: expected one of half"),
        (["curves"], {"mine": {"title": "M", "columns": ["half"]}}, "curves.mine.columns.0: expected `sentences`"),
        (["curves"], {"rate": {"title": "M", "columns": ["half"]}}, "curves.rate: expected a name that no figure"),
        (["seeds"], [], "seeds: .*at least 1"),
        (["seeds", 0], "zero", "seeds.0: .*integer, got 'zero'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(write, description, place, value, message):
    part = description
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    with pytest.raises(InputError, match=f"tiny.yml: {message}"):
        read_table(write(description))


def test_not_a_table(tmp_path):
    (tmp_path / "list.yml").write_text("- 1\n")
    (tmp_path / "broken.yml").write_text("a: [1\n")
    with pytest.raises(InputError, match="list.yml: .*got \\[1\\]"):
        read_table(tmp_path / "list.yml")
    with pytest.raises(InputError, match="broken.yml: expected a table in YAML, got"):
        read_table(tmp_path / "broken.yml")


def test_a_missing_table_names_those_there_are():
    with pytest.raises(InputError, match="wu-2018.yml: expected the description of a table .*wu-2019.*found none"):
        read_table(table_path("wu-2018"))
    with pytest.raises(InputError, match="table.yml: expected .*project/clc, .*found none"):
        read_table(table_path("project"))


@pytest.mark.parametrize(
    "name, file, records, picture",
    [
        ("wu-2019", "wu-2019/table.yml", "records.json", "lambda.png"),
        ("feng-2006/words", "feng-2006/words.yml", "words.json", "words-lambda.png"),
    ],
)
def test_what_belongs_to_a_table_stands_beside_it(name, file, records, picture, tmp_path):
    path = table_path(name)
    assert path == PAPERS / file
    assert table_name(path) == name
    assert records_path(path) == path.with_name(records)
    assert picture_path(path, "lambda") == path.with_name(picture)
    assert records_path(path, tmp_path) == tmp_path / records
    assert table_name(tmp_path / "tiny.yml") == "tiny"
    assert table_path("some/tiny.yml") == Path("some/tiny.yml")


def test_published_figures_fit_together():
    """F is near the harmonic mean of P and R; not equal to it, as all are means of 10 runs."""
    table = read_table(table_path("wu-2019"))
    cells = [scores for row in table.rows.values() for scores in row.paper.values()]
    assert len(cells) == 9 * 6
    assert all(abs(2 * cell.p * cell.r / (cell.p + cell.r) - cell.f) < 0.8 for cell in cells)
