import pytest

from papers.run.plan import pending, plan, recorded_otherwise, select
from papers.run.table import read_table
from spacy_cner.errors import InputError


@pytest.fixture
def table(write, description):
    return read_table(write(description))


def names(runs):
    return [(run.row, run.corpus, run.seed) for run in runs]


def test_all_is_selected_but_what_is_optional(table):
    chosen = select(table, [], [], [])
    assert (chosen.rows, chosen.columns, chosen.figures) == (["A", "A+B"], ["half", "half, dev"], ["rate"])
    assert select(table, [], ["secret"], []).columns == ["secret"]
    assert select(table, ["A"], [], []).figures == []
    assert select(table, [], [], ["rate"]).columns == []


def test_unknown_name(table):
    with pytest.raises(InputError, match="expected a column out of half, half, dev, secret, got '5%'"):
        select(table, [], ["5%"], [])


def test_every_run_is_planned_once(table):
    """Two columns show the same runs, and two points of the figure are rows."""
    runs = plan(table, select(table, [], [], []), [0, 1])
    assert names(runs) == [(row, "mine", seed) for row in ("A", "A+B", "A rate=0.4") for seed in (0, 1)]


def test_overrides_go_from_the_general_to_the_special(table):
    chosen = select(table, [], [], [])
    by_row = {run.row: run.overrides for run in plan(table, chosen, [0])}
    assert {row: overrides["training.dropout"] for row, overrides in by_row.items()} == {
        "A": 0.1,
        "A+B": 0.2,
        "A rate=0.4": 0.4,
    }
    assert by_row["A"]["training.optimizer.learn_rate.total_steps"] == 3
    assert {run.overrides["training.dropout"] for run in plan(table, chosen, [0], {"training.dropout": 0.9})} == {0.9}


def test_what_is_recorded_is_not_pending(table, record):
    runs = plan(table, select(table, [], [], []), [0])
    assert names(pending(runs, [record("A"), record("A+B", seed=1)])) == [
        ("A+B", "mine", 0),
        ("A rate=0.4", "mine", 0),
    ]


def test_a_record_of_other_settings_is_noticed(table, record):
    runs = plan(table, select(table, ["A"], ["half"], []), [0])
    same = record(config=runs[0].config, overrides={**runs[0].overrides, "paths.vectors": "elsewhere.npz"})
    assert list(recorded_otherwise(runs, [same])) == []
    other = {**same, "overrides": {**same["overrides"], "training.max_steps": 4}}
    assert list(recorded_otherwise(runs, [other])) == [(runs[0], other)]


def test_folder_names_are_safe(table):
    run = plan(table, select(table, ["A+B"], ["half"], []), [7])[0]
    assert run.slug == "A+B-mine-0.5-7"
    table.rows["中文 a/b"] = table.rows["A"]
    assert plan(table, select(table, ["中文 a/b"], ["half"], []), [7])[0].slug == "中文_a_b-mine-0.5-7"


# Columns of some sentences


@pytest.fixture
def few(write, description):
    description["columns"]["nine"] = {"corpus": "mine", "ratio": 0.5, "sentences": 9}
    description["rows"]["elsewhere"] = {"config": None}
    description["curves"] = {"mine": {"title": "Mine", "columns": ["nine"]}}
    return read_table(write(description))


def test_runs_of_some_sentences_are_others(few, record):
    (run, whole) = (plan(few, select(few, ["A"], [column], []), [0])[0] for column in ("nine", "half"))
    assert run.identity == {"row": "A", "corpus": "mine", "ratio": 0.5, "sentences": 9, "seed": 0}
    assert run.slug == "A-mine-0.5-9-0"
    assert str(run) == "A, mine 0.5, 9 sentences, seed 0"
    assert pending([run, whole], [record("A")]) == [run]
    assert pending([run, whole], [record("A", sentences=9)]) == [whole]


def test_rows_whose_records_come_from_elsewhere_are_not_run(few):
    assert {run.row for run in plan(few, select(few, [], ["nine"], []), [0])} == {"A", "A+B"}


def test_curves_are_shown_with_the_whole_table(few):
    assert select(few, [], [], []).curves == ["mine"]
    assert select(few, ["A"], [], []).curves == select(few, [], [], ["rate"]).curves == []
