import io

import pytest
import spacy
from conftest import blank_joint
from spacy.util import registry

from spacy_cner.training.loggers import HalvedLossWeights


def weights(nlp):
    return {name: pipe.loss_weight for name, pipe in nlp.pipeline if hasattr(pipe, "loss_weight")}


def test_halves_after_so_many_scores_without_a_better_one():
    nlp = blank_joint(cws={"loss_weight": 0.5})
    halved = HalvedLossWeights(nlp, patience=2)
    assert [halved.update(score) for score in (0.1, 0.3, 0.2, 0.3, 0.2, 0.4, 0.1, 0.1)] == [
        False, False, False, True, False, False, False, True
    ]  # fmt: skip
    assert weights(nlp) == {"cws": 0.125, "cner": 0.25}


def test_the_first_score_is_the_best_so_far():
    nlp = blank_joint()
    halved = HalvedLossWeights(nlp, patience=1)
    assert not halved.update(0.0)
    assert halved.update(0.0)


def test_patience_of_nothing():
    with pytest.raises(ValueError, match="a patience of at least 1 evaluation, got 0"):
        HalvedLossWeights(spacy.blank("zh"), 0)


def test_logger():
    setup = registry.resolve({"logger": {"@loggers": "spacy_cner.HalvingLogger.v1", "patience": 1}})["logger"]
    nlp, out = blank_joint(), io.StringIO()
    nlp.config["training"] = {"score_weights": {"ents_f": 1.0}, "max_steps": 3, "eval_frequency": 1}
    log, finalize = setup(nlp, out, io.StringIO())
    for step, score in enumerate([0.5, None, 0.4]):
        losses, scores = dict.fromkeys(nlp.pipe_names, 1.0), {"ents_f": score}
        info = {"epoch": 0, "step": step, "score": score, "losses": losses, "other_scores": scores}
        log(None if score is None else info)
    finalize()
    assert "No better score in 1 evaluations: the learning rate is halved" in out.getvalue()
    assert weights(nlp) == {"cws": 0.5, "cner": 0.5}
