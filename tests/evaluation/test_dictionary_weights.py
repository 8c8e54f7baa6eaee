import pickle

import pytest
from conftest import SENTENCES, make_examples

from spacy_cner.evaluation.dictionary_weights import fit_weights
from spacy_cner.evaluation.pipeline import evaluate_pipeline

GOLD = [*SENTENCES[:4], ("今天天气真好,没有谁出门。", [(2, 4, "LOC")])]


@pytest.fixture
def nlp(trained):
    nlp = pickle.loads(pickle.dumps(trained))
    nlp.add_pipe("cner_dictionary", first=True, config={"mode": "soft"}).add([("天气", "LOC"), ("青岛", "ORG")])
    nlp.get_pipe("cner_dictionary").weights = {"LOC": 0.0, "ORG": 60.0}
    return nlp


def docs(nlp, sentences):
    return [example.reference for example in make_examples(nlp, sentences)]


def test_the_weights_with_the_best_score_are_set_and_saved(nlp):
    gold = docs(nlp, GOLD * 4)
    before = evaluate_pipeline(nlp, gold)["ents_f"]
    found = fit_weights(nlp, gold, "cner", weights=(0.0, 1.0, 30.0))
    assert found.before_f == pytest.approx(before) and found.f == 1.0
    assert found.weights == {"LOC": 30.0, "ORG": 0.0} == nlp.get_pipe("cner_dictionary").weights
    assert nlp.get_pipe_config("cner_dictionary")["weights"] == found.weights
    assert evaluate_pipeline(nlp, gold)["ents_f"] == 1.0


def test_they_stay_where_nothing_is_better(nlp):
    pipe = nlp.get_pipe("cner_dictionary")
    pipe.weights = {"LOC": 30.0, "ORG": 0.0}
    found = fit_weights(nlp, docs(nlp, GOLD * 4), "cner", weights=(30.0, 40.0))
    assert found.f == found.before_f == 1.0 and pipe.weights == {"LOC": 30.0, "ORG": 0.0}


def test_they_stay_where_others_are_better_by_chance(nlp):
    """One document of twenty, which is not in every set that is drawn."""
    pipe = nlp.get_pipe("cner_dictionary")
    pipe.weights = {"LOC": 0.0, "ORG": 0.0}
    found = fit_weights(nlp, docs(nlp, SENTENCES[:4] * 8 + GOLD[-1:]), "cner", weights=(0.0, 30.0))
    assert found.best == {"LOC": 30.0, "ORG": 0.0} and found.rise[0] <= 0 < found.rise[1]
    assert found.f == found.before_f < 1 and found.weights == pipe.weights == {"LOC": 0.0, "ORG": 0.0}
    assert nlp.get_pipe_config("cner_dictionary")["weights"] == pipe.weights


def test_there_is_nothing_to_fit(nlp, trained):
    assert fit_weights(nlp, docs(nlp, GOLD), "cner") is None  # too few entities
    nlp.get_pipe("cner_dictionary").mode = "hard"
    assert fit_weights(nlp, docs(nlp, GOLD * 4), "cner") is None
    assert fit_weights(trained, docs(nlp, GOLD * 4), "cner") is None
