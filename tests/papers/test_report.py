from pathlib import Path

import pytest

from papers.run.figures import curves, draw, draw_learning_curves, learning_curves
from papers.run.plan import select
from papers.run.report import column_table, curve_table, page
from papers.run.table import read_table
from spacy_cner.errors import InputError


@pytest.fixture
def table(write, description):
    return read_table(write(description))


def cells(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_mean_and_deviation_beside_the_paper(table, record):
    records = [record(f=50.0, r_oov=30.0), record(seed=1, f=51.0), record(split="dev", f=99.0), record("A+B", f=52.0)]
    header, rule, a, ab = cells(column_table(table, records, ["A", "A+B"], "half"))
    assert header == ["", "P", "R", "F", "R_oov", "seeds", "paper P", "paper R", "paper F", "paper R_oov"]
    assert a == ["A", "51.50 ± 0.71", "49.50 ± 0.71", "50.50 ± 0.71", "30.00", "2", "60.50", "59.50", "60.00", "40.00"]
    assert ab == ["A+B", "53.00", "51.00", "52.00", "–", "1", *"––––"]
    assert all(set(cell) <= {"-", ":"} and len(cell) >= 3 for cell in rule)


def test_only_scores_that_are_published_have_a_column(table):
    assert cells(column_table(table, [], ["A", "A+B"], "secret"))[0][-2:] == ["seeds", "paper F"]
    assert cells(column_table(table, [], ["A"], "half, dev"))[0][-1] == "seeds"


def test_page_has_columns_and_figures(table, record):
    text = page(table, [record()], select(table, [], [], []), {"rate": Path("results/tiny-rate.png")}, Path("results"))
    assert "# Tiny\n\nPublished figures: Nobody 2024, Table 1." in text
    assert "## half\n\n`mine`, 50 % of the training data, test set\n" in text
    assert "## half, dev\n\n`mine`, 50 % of the training data, development set\n" in text
    assert "secret" not in text
    assert "## Figure 1\n\nA; `mine`" in text
    assert "![Figure 1](tiny-rate.png)\n" in text
    assert ["0.4", "–", "–", "–", "–", "0"] in cells(text)


def test_curves_have_a_point_for_every_setting_with_records(table, record):
    records = [record(f=50.0), record(seed=1, f=52.0), record("A rate=0.4", f=40.0)]
    lines = curves(table, records, table.figures["rate"])
    assert [(x, score.mean, score.count) for x, score in lines["f"]] == [(0.1, 51.0, 2), (0.4, 40.0, 1)]
    assert [score.mean for _, score in lines["p"]] == [52.0, 41.0]
    assert curves(table, [], table.figures["rate"]) == {}


def test_draws_a_picture(table, record, tmp_path):
    pytest.importorskip("matplotlib")
    figure = table.figures["rate"]
    path = tmp_path / "pictures" / "rate.png"
    draw(figure, curves(table, [record(), record(seed=1, f=52.0), record("A+B")], figure), path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_says_how_to_get_it(table, record, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    figure = table.figures["rate"]
    with pytest.raises(InputError, match="expected matplotlib .*spacy_cner\\[plots\\]"):
        draw(figure, curves(table, [record()], figure), tmp_path / "rate.png")


# Learning curves


@pytest.fixture
def few(write, description):
    for count in (10, 100):
        description["columns"][f"{count}"] = {"corpus": "mine", "ratio": 0.5, "sentences": count}
    description["rows"]["elsewhere"] = {"config": None}
    description["curves"] = {"mine": {"title": "Mine", "columns": ["10", "100"]}}
    return read_table(write(description))


def test_learning_curve(few, record, tmp_path):
    records = [
        record(f=99.0),
        record(f=30.0, sentences=10),
        record(f=32.0, seed=1, sentences=10),
        record("elsewhere", f=50.0, sentences=100),
    ]
    header, _, *lines = cells(curve_table(few, records, ["A", "elsewhere"], few.curves["mine"]))
    assert header == ["", "10", "100"]
    assert lines == [["A", "31.00 ± 1.41", "–"], ["elsewhere", "–", "50.00"]]
    found = learning_curves(few, records, few.curves["mine"])
    assert {row: [(x, score.mean) for x, score in line] for row, line in found.items()} == {
        "A": [(10, 31.0)],
        "elsewhere": [(100, 50.0)],
    }
    text = page(few, records, select(few, [], [], []), {"mine": Path("curve.png")}, Path())
    assert "## Mine\n\nF of each row" in text
    assert "![Mine](curve.png)" in text
    assert "## 10\n\n`mine`, 10 training sentences, test set\n" in text
    pytest.importorskip("matplotlib")
    draw_learning_curves(few.curves["mine"], found, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
