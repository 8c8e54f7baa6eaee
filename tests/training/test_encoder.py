import logging

import numpy
import pytest
import spacy
from conftest import make_examples, small_model
from thinc.api import ConfigValidationError


def pipeline(path, width=24, layer="pretrained"):
    model = small_model()
    model["tok2vec"]["embed"]["widths"] = [width]
    block = {"@callbacks": "spacy_cner.load_encoder.v1", "path": path, "component": "cner", "layer": layer}
    nlp = spacy.blank("zh", config={"initialize": {"after_init": block}})
    nlp.add_pipe("cner", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp))
    return nlp


@pytest.fixture
def encoder(trained, tmp_path):
    path = tmp_path / "encoder.bin"
    path.write_bytes(trained.get_pipe("cner").model.get_ref("pretrained").to_bytes())
    return str(path)


def features(nlp):
    return nlp.get_pipe("cner").model.get_ref("tok2vec").predict([nlp.make_doc("林小燕去了青岛。")])[0]


def test_its_weights_are_those_that_training_begins_with(encoder, trained):
    numpy.testing.assert_array_equal(features(pipeline(encoder)), features(trained))
    assert not numpy.array_equal(features(pipeline(None)), features(trained))


def test_a_pipeline_that_began_with_it_loads_without_it(encoder, trained, tmp_path):
    pipeline(encoder).to_disk(tmp_path / "saved")
    (tmp_path / "encoder.bin").unlink()
    numpy.testing.assert_array_equal(features(spacy.load(tmp_path / "saved")), features(trained))


def test_without_a_file_there_is_a_warning(caplog):
    with caplog.at_level(logging.WARNING, logger="spacy"):
        pipeline(None)
    assert "No encoder is loaded, so its weights are random" in caplog.text


@pytest.mark.parametrize("settings", [{"width": 25}, {"layer": "no_such"}])
def test_what_does_not_fit(encoder, settings):
    with pytest.raises(ConfigValidationError, match="after_init .* path.*expected an encoder of the architecture"):
        pipeline(encoder, **settings)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigValidationError, match="none.bin: .*No such file"):
        pipeline(str(tmp_path / "none.bin"))
