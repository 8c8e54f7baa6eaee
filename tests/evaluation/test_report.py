from spacy_cner.evaluation.details import detail
from spacy_cner.evaluation.judged import Judged
from spacy_cner.evaluation.report import format_scores

SCORES = {
    "ents_p": 0.5,
    "ents_r": 2 / 3,
    "ents_f": 4 / 7,
    "ents_per_type": {"机构": {"p": 0.0, "r": 0.0, "f": 0.0}, "PER": {"p": 1.0, "r": 1.0, "f": 1.0}},
    "ents_r_oov": 0.125,
}


def rows(scores):
    return [line.split() for line in format_scores(scores).strip().splitlines()]


def test_table():
    assert rows(SCORES) == [
        ["P", "R", "F"],
        ["50.00", "66.67", "57.14", "all"],
        ["12.50", "unseen", "in", "training"],
        ["100.00", "100.00", "100.00", "PER"],
        ["0.00", "0.00", "0.00", "机构"],
    ]


def test_named_and_nominal_only_where_known():
    named = {"ents_named_p": 0.1, "ents_named_r": 0.2, "ents_named_f": 0.15}
    table = rows(SCORES | named)
    assert table[2] == ["10.00", "20.00", "15.00", "named"]
    assert not any("nominal" in row for row in table)


def test_what_is_not_known_is_a_dash():
    unknown = dict.fromkeys(SCORES)
    assert rows(unknown)[1:] == [["-", "-", "-", "all"], ["-", "unseen", "in", "training"]]


def test_columns_stand_under_each_other():
    lines = format_scores(SCORES).strip("\n").splitlines()
    ends = {line.index(name) for line, name in zip(lines[1:], ["all", "unseen", "PER", "机构"], strict=True)}
    assert len(ends) == 1


WORDS = {
    "words_p": 0.5,
    "words_r": 0.4,
    "words_f": 4 / 9,
    "words_r_iv": 0.75,
    "words_r_oov": 0.25,
    "words_oov_rate": 0.058,
}


def test_words_alone_and_after_entities():
    expected = [
        ["50.00", "40.00", "44.44", "words"],
        ["75.00", "words", "seen", "in", "training"],
        ["25.00", "words", "unseen", "in", "training", "(5.80", "%", "of", "all)"],
    ]
    assert rows(WORDS) == [["P", "R", "F"], *expected]
    assert rows(SCORES | WORDS) == rows(SCORES) + expected


def test_words_without_a_training_set():
    unknown = {"words_r_iv": None, "words_r_oov": None, "words_oov_rate": None}
    assert rows(WORDS | unknown)[2:] == [
        ["-", "words", "seen", "in", "training"],
        ["-", "words", "unseen", "in", "training"],
    ]


def test_one_document_with_many_entities_is_warned_of(caplog):
    small = Judged("王海", [(0, 2, "PER")], [], [])
    large = Judged("王海" * 9, [(2 * i, 2 * i + 2, "PER") for i in range(9)], [], [])
    detail([*[small] * 120, large], resamples=100)
    assert "document 121 of 121 has 7 % of the entities: the intervals are too narrow" in caplog.text
    caplog.clear()
    detail([*[small] * 300, large], resamples=100)
    assert not caplog.records


def test_details_follow():
    document = Judged("王海在青岛", [(0, 2, "PER"), (3, 5, "机构")], [(0, 2, "PER")], [0.75])
    table = rows(SCORES | detail([document], {("王海", "PER")}))
    assert table[1] == ["50.00", "66.67", "57.14", "66.7–66.7", "2", "all"]
    assert ["50.00", "mean", "of", "the", "types"] in table
    assert ["0.00", "0.00", "0.00", "0.0–0.0", "1", "机构"] in table
    assert ["-", "0.00", "0.00", "0.0–0.0", "1", "unseen"] in table
    assert ["1", "missed", "nothing", "was", "found", "there"] in table
    (own,) = (row for row in table if len(row) == 5 and row[0] == "25.00" and row[-1] == "PER")
    assert own[2:4] == ["6.25", "1"]


def test_a_type_that_a_draw_lacks_does_not_count_as_missed():
    common, rare = (Judged("王海来了", [(0, 2, label)], [(0, 2, label)], [None]) for label in ("PER", "LOC"))
    assert detail([*[common] * 99, rare], resamples=200)["ents_macro_interval"] == (1.0, 1.0)


def test_labels_may_be_called_as_other_rows():
    names = ["all", "mean of the types", "unseen in training", "words"]
    documents = [Judged("王海在青岛", [(0, 2, name), (3, 5, "LOC")], [(0, 2, name)], [0.75]) for name in names]
    per_type = {name: {"p": 1.0, "r": 1.0, "f": 1.0} for name in names}
    first = format_scores(SCORES | WORDS | detail(documents) | {"ents_per_type": per_type}).split("\n\n")[0]
    lines = [line.strip() for line in first.strip().splitlines()]
    numbers = {x: [line.removesuffix(x).split() for line in lines if line.endswith(f"  {x}")] for x in names}
    own = ["100.00", "100.00", "100.00", "100.0–100.0", "1"]
    assert numbers == {
        "all": [["50.00", "66.67", "57.14", "66.7–66.7", "8"], own],
        "mean of the types": [["80.00"], own],
        "unseen in training": [["12.50"], own],
        "words": [own, ["50.00", "40.00", "44.44"]],
    }


def test_the_probabilities_of_all_and_of_a_label_all():
    documents = [Judged("王海", [(0, 2, label)], [(0, 2, label)], [0.75]) for label in ("all", "PER")]
    found = [row for row in rows(SCORES | detail(documents)) if row[:1] == ["25.00"]]
    assert [row[3:] for row in found] == [["2", "all"], ["1", "PER"], ["1", "all"]]
