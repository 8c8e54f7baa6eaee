import logging
import random
from pathlib import Path

import numpy
import pytest
import spacy
from conftest import SENTENCES, make_examples, small_model, train
from thinc.api import ConfigValidationError

from spacy_cner.files import write_described
from spacy_cner.models.weights import export_weights

FEATURES = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["c[0]", "c[-1]c[0]"], "lr_scale": 0.3}
TEXTS = [text for text, _ in SENTENCES]


def pipeline(path, width=24, layer="pretrained", recogniser=None, sentences=SENTENCES):
    model = small_model(features=FEATURES if recogniser else None)
    model["tok2vec"]["embed"]["widths"] = [width]
    block = {"@callbacks": "spacy_cner.load_weights.v1", "encoder": path, "layer": layer, "recogniser": recogniser}
    nlp = spacy.blank("zh", config={"initialize": {"after_init": block}})
    nlp.add_pipe("cner", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp, sentences))
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


def test_a_recogniser_of_another_tag_scheme(tmp_path):
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cner", config={"model": small_model(tag_scheme="bio")})
    nlp.initialize(lambda: make_examples(nlp))
    write_described(tmp_path / "bio.bin", export_weights(pipe.model, list(pipe.labels)), {})
    with pytest.raises(ConfigValidationError, match="bio.bin: expected tags of the scheme bioes, got O, B-LOC"):
        pipeline(None, recogniser=str(tmp_path / "bio.bin"))


@pytest.mark.parametrize("settings", [{"width": 25}, {"layer": "no_such"}])
def test_what_does_not_fit(encoder, settings):
    with pytest.raises(ConfigValidationError, match="after_init .* encoder.*expected an encoder of the architecture"):
        pipeline(encoder, **settings)


def test_a_recogniser_in_place_of_an_encoder(recogniser):
    with pytest.raises(ConfigValidationError, match="got .*: a recogniser: start from it with --paths.recogniser"):
        pipeline(recogniser[1])


def test_damaged_weights(encoder, recogniser, trained):
    data = Path(encoder).read_bytes()
    write_described(Path(encoder), data, {})
    pipeline(encoder)
    draw = random.Random(0)
    for _ in range(10):
        Path(encoder).write_bytes(flipped(data, draw))
        with pytest.raises(ConfigValidationError, match="encoder.bin: expected the file that was saved"):
            pipeline(encoder)
    _, path = recogniser
    data = Path(path).read_bytes()
    write_described(Path(path), data, {})
    Path(path).write_bytes(flipped(data, draw))
    with pytest.raises(ConfigValidationError, match=f"{Path(path).name}: expected the file that was saved"):
        pipeline(None, recogniser=path)
    Path(path).write_bytes(data)


def flipped(data, draw):
    """The bytes with one bit turned, anywhere."""
    changed = bytearray(data)
    changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigValidationError, match="none.bin: expected an encoder, got No such file"):
        pipeline(str(tmp_path / "none.bin"))


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    """A trained recogniser with sparse features, and the file of its weights."""
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cner", config={"model": small_model(features=FEATURES)})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=60)
    path = tmp_path_factory.mktemp("recogniser") / "recogniser.bin"
    path.write_bytes(export_weights(pipe.model, list(pipe.labels)))
    return nlp, str(path)


def found(nlp):
    return [[(ent.text, ent.label_) for ent in doc.ents] for doc in nlp.pipe(TEXTS)]


def test_a_recogniser_of_the_same_labels_knows_what_that_one_knew(recogniser):
    nlp, path = recogniser
    started = pipeline(None, recogniser=path)
    assert found(started) == found(nlp) != [[] for _ in TEXTS]
    for own, other in zip(started.get_pipe("cner").model.predict([nlp.make_doc(text) for text in TEXTS]),
                          nlp.get_pipe("cner").model.predict([nlp.make_doc(text) for text in TEXTS])):  # fmt: skip
        numpy.testing.assert_allclose(own, other, atol=0.05)  # half precision


def test_labels_that_both_have_keep_what_was_learned(recogniser):
    """Tags stand in the order of the labels, so those of PER move when a label comes before it."""
    nlp, path = recogniser
    renamed = {"LOC": "ANIMAL"}
    sentences = [(text, [(s, e, renamed.get(label, label)) for s, e, label in ents]) for text, ents in SENTENCES]
    started = pipeline(None, recogniser=path, sentences=sentences)
    assert started.get_pipe("cner").labels == ("ANIMAL", "ORG", "PER")
    own, other = ({pair for row in found(each) for pair in row if pair[1] != "LOC"} for each in (started, nlp))
    assert len(own & other) >= len(other) - 1 > 1
    # And it goes on learning.
    train(started, make_examples(started, sentences), steps=60)
    assert ("青岛", "ANIMAL") in found(started)[0]


def test_a_recogniser_of_another_architecture(recogniser, tmp_path):
    nlp, path = recogniser
    with pytest.raises(ConfigValidationError, match="recogniser.*expected E of .* in the shape"):
        pipeline(None, recogniser=path, width=25)
    with pytest.raises(ConfigValidationError, match="recogniser.*none.bin: expected the weights .* No such"):
        pipeline(None, recogniser=str(tmp_path / "none.bin"))
    (tmp_path / "text.bin").write_text("王海")
    with pytest.raises(ConfigValidationError, match="text.bin: expected the weights of a tagger"):
        pipeline(None, recogniser=str(tmp_path / "text.bin"))
    deep = spacy.blank("zh")
    encoder = {"@architectures": "spacy_cner.LSTM.v1", "width": 8}
    pipe = deep.add_pipe("cner", config={"model": small_model(encoder=encoder, features=FEATURES)})
    deep.initialize(lambda: make_examples(deep))
    (tmp_path / "deep.bin").write_bytes(export_weights(pipe.model, list(pipe.labels)))
    with pytest.raises(ConfigValidationError, match="deep.bin: expected weights of the layers .*bilstm.*, got .*lstm"):
        pipeline(None, recogniser=str(tmp_path / "deep.bin"))


def test_sparse_features_that_the_recogniser_lacks_begin_at_zero(trained, tmp_path):
    pipe = trained.get_pipe("cner")
    (tmp_path / "plain.bin").write_bytes(export_weights(pipe.model, list(pipe.labels)))
    assert found(pipeline(None, recogniser=str(tmp_path / "plain.bin"))) == found(trained) != [[] for _ in TEXTS]


def test_a_component_that_is_not_initialised_keeps_what_it_learned(recogniser, caplog):
    """As where a config sources it from a trained pipeline: spaCy runs the callback then, too."""
    nlp, path = recogniser
    started = pipeline(None, recogniser=path)
    train(started, make_examples(started), steps=2)
    before = started.get_pipe("cner").model.to_bytes()
    with caplog.at_level(logging.INFO, logger="spacy"), started.select_pipes(disable=["cner"]):
        started.initialize(lambda: make_examples(started))
    assert started.get_pipe("cner").model.to_bytes() == before
    assert "cner comes from a pipeline or is frozen, so it keeps its weights" in caplog.text
