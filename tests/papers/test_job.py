import pytest

from papers.run.job import check_patience, remove_progress_bar, summary
from spacy_cner.errors import InputError


@pytest.mark.parametrize("patience, every", [(0, 1), (0, 500), (1500, 500)])
def test_patience_for_two_evaluations_or_none(patience, every):
    check_patience({"patience": patience, "eval_frequency": every})


@pytest.mark.parametrize("patience", [1500, 2000])
def test_patience_that_ends_before_the_second_evaluation(patience):
    with pytest.raises(InputError, match=f"more steps than the 2000 from one evaluation to the next.*got {patience}"):
        check_patience({"patience": patience, "eval_frequency": 2000})


def test_a_logger_loses_its_progress_bar_alone():
    training = {"logger": {"@loggers": "spacy_cner.HalvingLogger.v1", "progress_bar": "train", "patience": 2}}
    remove_progress_bar(training)
    assert training == {"logger": {"@loggers": "spacy_cner.HalvingLogger.v1", "patience": 2}}
    remove_progress_bar(other := {"patience": 1})
    assert other == {"patience": 1}


def test_patience_may_be_that_of_spacy():
    check_patience({"eval_frequency": 100})
    with pytest.raises(InputError, match="more steps than the 1600 from one evaluation to the next.*got 1600"):
        check_patience({"eval_frequency": 1600})


def record(split, subset, f):
    return {"split": split, "subset": subset, "f": f, "train_s": 7}


def test_summary_is_of_all_entities_or_else_of_words():
    words = [record("dev", "words", 96.5), record("test", "words", 95.0)]
    entities = [record("dev", "all", 70.0), record("dev", "named", 65.0), record("test", "all", 60.0)]
    assert summary(words) == "dev F 96.5, test F 95.0, trained in 7 s"
    assert summary([*words, *entities]) == "dev F 70.0, test F 60.0, trained in 7 s"
