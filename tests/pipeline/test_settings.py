"""Settings: declared once, validated, saved."""

import pytest
import spacy
from conftest import make_examples, small_model

from spacy_cner.errors import InputError
from spacy_cner.pipeline.cner import ChineseEntityRecognizer
from spacy_cner.pipeline.cws_features import FeatureWordSegmenter
from spacy_cner.pipeline.settings import settings_of

FACTORIES = {
    "cner": {"model": small_model()},
    "cner_features": {"templates": ["c[0]", "c[-1]c[0]"], "epochs": 2},
}


@pytest.fixture(params=list(FACTORIES))
def trained(request):
    nlp = spacy.blank("zh")
    nlp.add_pipe(request.param, name="names", config=FACTORIES[request.param])
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp


def test_each_is_an_attribute_and_a_keyword_of_the_factory():
    assert {"window", "loss_weight", "threshold", "alignment_mode"} <= settings_of(ChineseEntityRecognizer).keys()
    assert settings_of(FeatureWordSegmenter)["tag_scheme"].default == "bmes"
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cner", config={"model": small_model(), "window": 64})
    assert (pipe.window, pipe.threshold, nlp.get_pipe_config("cner")["window"]) == (64, 0.0, 64)
    with pytest.raises(InputError, match="expected a number of at least 1, got 0, as window"):
        pipe.window = 0
    with pytest.raises(ValueError, match="unexpected argument: .windows."):
        nlp.add_pipe("cner", name="other", config={"windows": 64})
    with pytest.raises(TypeError, match="expected settings out of window, .*, got widow"):
        ChineseEntityRecognizer(nlp.vocab, pipe.model, widow=64)


def test_two_components_do_not_share_a_default():
    nlp = spacy.blank("zh")
    first, second = (nlp.add_pipe("cner_features", name=name) for name in ("first", "second"))
    first.templates.append("c[5]")
    assert "c[5]" not in second.templates


def test_one_changed_in_place_is_saved(tmp_path):
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cner_dictionary", config={"mode": "soft"})
    pipe.weights["ORG"] = 3.0
    nlp.to_disk(tmp_path / "model")
    assert spacy.load(tmp_path / "model").get_pipe("cner_dictionary").weights == {"ORG": 3.0}
    pipe.weights = {"ORG": 4.0}
    nlp.to_disk(tmp_path / "model")
    assert spacy.load(tmp_path / "model").get_pipe("cner_dictionary").weights == {"ORG": 4.0}


def test_they_travel_with_bytes(trained):
    trained.get_pipe("names").threshold = 0.25
    other = spacy.blank("zh")
    (factory,) = [meta.factory for meta in [trained.get_pipe_meta("names")]]
    other.add_pipe(factory, name="names", config=FACTORIES[factory])
    other.from_bytes(trained.to_bytes())
    assert other.get_pipe("names").threshold == 0.25


def test_one_changed_by_hand_is_saved_and_one_given_to_load_wins(trained, tmp_path):
    trained.get_pipe("names").threshold = 0.25
    trained.to_disk(tmp_path / "first")
    loaded = spacy.load(tmp_path / "first")
    assert loaded.get_pipe("names").threshold == 0.25
    told = spacy.load(tmp_path / "first", config={"components": {"names": {"threshold": 0.5}}})
    assert told.get_pipe("names").threshold == 0.5
    told.to_disk(tmp_path / "second")
    assert spacy.load(tmp_path / "second").get_pipe("names").threshold == 0.5
    loaded.to_disk(tmp_path / "third")
    assert spacy.load(tmp_path / "third").get_pipe("names").threshold == 0.25


CHANGES = {
    "cner_values": ("reference", "2026-11-26T10:00:00", None),
    "cner_dictionary": ("mode", "soft", "hard"),
    "cner_remote": ("min_score", 0.5, 0.0),
}


@pytest.mark.parametrize("factory", CHANGES)
def test_the_saved_config_has_what_was_changed_so_load_can_set_it_back(factory, tmp_path):
    setting, value, was = CHANGES[factory]
    nlp = spacy.blank("zh")
    setattr(nlp.add_pipe(factory, name="it"), setting, value)
    nlp.to_disk(tmp_path / "model")
    assert spacy.util.load_config(tmp_path / "model" / "config.cfg")["components"]["it"][setting] == value
    assert getattr(spacy.load(tmp_path / "model").get_pipe("it"), setting) == value
    told = spacy.load(tmp_path / "model", config={"components": {"it": {setting: was}}})
    assert getattr(told.get_pipe("it"), setting) == was


def test_one_changed_in_another_pipeline_is_saved_with_it(tmp_path):
    source, nlp = spacy.blank("zh"), spacy.blank("zh")
    source.add_pipe("cner_dictionary", name="here")
    pipe = nlp.add_pipe("here", name="there", source=source)
    pipe.weights["ORG"] = 3.0
    nlp.to_disk(tmp_path / "model")
    pipe.weights["ORG"] = 4.0
    nlp.to_disk(tmp_path / "model")
    assert spacy.load(tmp_path / "model").get_pipe("there").weights == {"ORG": 4.0}
    pipe.to_disk(tmp_path / "alone")
    other = spacy.blank("zh").add_pipe("cner_dictionary").from_disk(tmp_path / "alone")
    assert other.weights == {"ORG": 4.0}
