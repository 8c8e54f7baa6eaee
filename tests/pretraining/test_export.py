import hashlib
import json

import numpy
import pytest
import spacy
import srsly
from conftest import entities, make_examples, train
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.models.weights import start_from
from spacy_cner.pipeline.compiled import compile_pipeline
from spacy_cner.pretraining.export import export_encoder, export_recogniser
from spacy_cner.pretraining.loop import ENCODER, pretrain

from .conftest import sentences


@pytest.fixture
def folder(config, tmp_path):
    folder = tmp_path / "pretrained"
    pretrain(config.interpolate(), folder)
    config.to_disk(folder / "config.cfg")
    return folder


def begin(config, encoder):
    """A pipeline that begins with it."""
    config["initialize"]["init_tok2vec"] = str(encoder)
    config["paths"]["vectors"] = None
    nlp = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp, examples


def test_half_as_large_and_nearly_the_same(config, folder, tmp_path):
    statement = export_encoder(folder, tmp_path / "kept" / "encoder.bin", "sentences of one pattern")
    kept = tmp_path / "kept" / "encoder.bin"
    assert statement == json.loads((tmp_path / "kept" / "encoder.json").read_text(encoding="utf-8"))
    assert statement["sha256"] == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert statement["bytes"] == kept.stat().st_size < 0.8 * (folder / ENCODER).stat().st_size
    assert (statement["about"], statement["step"]) == ("sentences of one pattern", 7)
    assert statement["held_out_perplexity"] > 1
    assert statement["recipe"]["pretraining"]["objective"]["hidden"] == 16
    assert str(tmp_path) not in json.dumps(statement)
    (small, examples), (large, _) = (begin(config, path) for path in (kept, folder / ENCODER))
    docs = [small.make_doc(text) for text in sentences(5)]
    features = [nlp.get_pipe("cner").model.get_ref("tok2vec").predict(docs) for nlp in (small, large)]
    for one, other in zip(*features, strict=True):
        assert one.dtype == numpy.float32
        numpy.testing.assert_allclose(one, other, atol=0.01)
    train(small, examples)
    assert [entities(small(example.text)) for example in examples] == [entities(e.reference) for e in examples]
    weights = [node.get_param(name) for node in small.get_pipe("cner").model.walk() for name in node.param_names]
    assert {array.dtype for array in weights} == {numpy.dtype("float32")}


def test_command_and_what_is_missing(folder, tmp_path):
    arguments = ["export-encoder", str(folder), str(tmp_path / "encoder.bin"), "--about", "made up"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    (folder / "log.jsonl").unlink()
    with pytest.raises(InputError, match="log.jsonl: expected a file that `python -m spacy_cner pretrain` wrote"):
        export_encoder(folder, tmp_path / "encoder.bin", "")


def test_the_encoder_of_a_trained_pipeline(config, folder, tmp_path):
    config["paths"]["init_tok2vec"] = str(folder / ENCODER)
    nlp, examples = begin(config, folder / ENCODER)
    train(nlp, examples, steps=3)
    nlp.meta["performance"] = {"ents_f": 0.5, "ents_per_type": {"PER": {"f": 0.5}}}
    nlp.config["paths"] = {"train": None, "dev": None, **config["paths"]}
    nlp.to_disk(tmp_path / "pipeline")
    statement = export_encoder(tmp_path / "pipeline", tmp_path / "encoder.bin", "a pipeline's")
    assert (statement["dev"], statement["step"]) == ({"ents_f": 0.5}, 7)
    assert statement["recipe"]["components"]["cner"]["factory"] == "cner"
    assert not {"paths", "initialize"} & set(statement["recipe"])
    other, _ = begin(config, tmp_path / "encoder.bin")
    docs = [nlp.make_doc(text) for text in sentences(5)]
    features = [each.get_pipe("cner").model.get_ref("tok2vec").predict(docs) for each in (nlp, other)]
    for one, two in zip(*features, strict=True):
        numpy.testing.assert_allclose(one, two, atol=0.01)


def test_a_pipeline_that_does_not_say_which_layer(trained, tmp_path):
    trained.to_disk(tmp_path / "pipeline")
    with pytest.raises(InputError, match=r"expected \[pretraining\] with the component and layer that are the encoder"):
        export_encoder(tmp_path / "pipeline", tmp_path / "encoder.bin", "")


def test_a_compiled_pipeline_is_refused(trained, tmp_path):
    trained.to_disk(tmp_path / "trained")
    compile_pipeline(spacy.load(tmp_path / "trained")).to_disk(tmp_path / "compiled")
    for export in (export_encoder, export_recogniser):
        with pytest.raises(InputError, match="expected a pipeline that was trained, got a compiled one"):
            export(tmp_path / "compiled", tmp_path / "new.bin", "")


def test_a_recogniser(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    statement = export_recogniser(tmp_path / "model", tmp_path / "out" / "recogniser.bin", "sentences of the tests")
    weights = (tmp_path / "out" / "recogniser.bin").read_bytes()
    assert statement == srsly.read_json(tmp_path / "out" / "recogniser.json")
    assert statement["labels"] == ["LOC", "ORG", "PER"] and statement["about"] == "sentences of the tests"
    assert (statement["bytes"], statement["sha256"]) == (len(weights), hashlib.sha256(weights).hexdigest())
    assert len(weights) < len(trained.get_pipe("cner").to_bytes())
    with pytest.raises(InputError, match="expected a component 'tagger' with a network and a CRF, got \\['cner'\\]"):
        export_recogniser(tmp_path / "model", tmp_path / "other.bin", "", "tagger")


def test_a_recogniser_whose_features_are_shared_gets_a_copy(trained_joint, tmp_path):
    trained_joint.to_disk(tmp_path / "model")
    recipe = export_recogniser(tmp_path / "model", tmp_path / "recogniser.bin", "")["recipe"]
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": recipe["components"]["cner"]["model"]})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    start_from(nlp.get_pipe("cner").model, tmp_path / "recogniser.bin")
    texts = [example.text for example in examples]
    assert list(map(entities, nlp.pipe(texts))) == list(map(entities, trained_joint.pipe(texts)))
