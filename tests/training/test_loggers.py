import io

import pytest
import spacy
import torch
from conftest import blank_joint, make_examples
from spacy.util import registry

from spacy_cner.training.loggers import HalvedLosses


def factors(nlp):
    return {name: pipe.loss_factor for name, pipe in nlp.pipeline if hasattr(pipe, "loss_factor")}


def test_halves_after_so_many_scores_without_a_better_one():
    nlp = blank_joint()
    halved = HalvedLosses(nlp, patience=2)
    assert [halved.update(score) for score in (0.1, 0.3, 0.2, 0.3, 0.2, 0.4, 0.1, 0.1)] == [
        False, False, False, True, False, False, False, True
    ]  # fmt: skip
    assert factors(nlp) == {"cws": 0.25, "cner": 0.25}


def test_the_first_score_is_the_best_so_far():
    nlp = blank_joint()
    halved = HalvedLosses(nlp, patience=1)
    assert not halved.update(0.0)
    assert halved.update(0.0)


def test_patience_of_nothing():
    with pytest.raises(ValueError, match="a patience of at least 1 evaluation, got 0"):
        HalvedLosses(spacy.blank("zh"), 0)


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
    assert factors(nlp) == {"cws": 0.5, "cner": 0.5}


def test_the_gradient_is_halved_and_a_saved_pipeline_begins_with_the_whole(trained, tmp_path):
    gradients = []
    trained.to_disk(tmp_path / "before")
    nlp = spacy.load(tmp_path / "before")
    for _ in range(2):
        nlp.update(make_examples(nlp), drop=0.0, sgd=None)
        shim = nlp.get_pipe("cner").model.get_ref("output").shims[0]
        gradients.append(shim.require_built().inner.bias.grad.clone())
        shim.require_built().zero_grad()
        HalvedLosses(nlp, 1).update(float("-inf"))
    torch.testing.assert_close(gradients[1], gradients[0] / 2)
    nlp.to_disk(tmp_path / "after")
    assert factors(nlp) == {"cner": 0.25} and factors(spacy.load(tmp_path / "after")) == {"cner": 1.0}
    nlp.initialize(lambda: make_examples(nlp))
    assert factors(nlp) == {"cner": 1.0}
