import spacy
from speed import format_rows, measure, summarise


def test_ratios_are_to_the_first_pipeline_round_by_round():
    rows = summarise({"a": [100.0, 200.0, 300.0], "b": [50.0, 400.0, 150.0]})
    assert [(row["median"], row["min"], row["max"], row["ratio"]) for row in rows] == [
        (200, 100, 300, 1.0),
        (150, 50, 400, 0.5),
    ]


def test_every_pipeline_is_timed_once_a_round():
    speeds = measure({"a": spacy.blank("zh"), "b": spacy.blank("zh")}, ["小林在南京。"] * 50, repeats=2)
    assert {name: len(values) for name, values in speeds.items()} == {"a": 2, "b": 2}
    assert "b" in format_rows(summarise(speeds))
