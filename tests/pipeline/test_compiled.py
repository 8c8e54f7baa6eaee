"""Compiled pipelines as a whole: what a user did with the pipeline works with the compiled one."""

import pickle
import sys

import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model, words
from spacy.training import Example
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.evaluation.calibration import calibrate
from spacy_cner.loading import load_pipeline
from spacy_cner.pipeline.compiled import compile_pipeline

TEXTS = [text for text, _ in SENTENCES]


@pytest.fixture
def compiled(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    result = CliRunner().invoke(app, ["compile", str(tmp_path / "model"), str(tmp_path / "compiled")])
    assert result.exit_code == 0 and "compiled: cner (" in result.output, result.output
    return spacy.load(tmp_path / "compiled")


def test_it_finds_the_same_with_the_same_probabilities(trained, compiled):
    for doc, other in zip(trained.pipe(TEXTS), compiled.pipe(TEXTS)):
        assert entities(doc) == entities(other)
        assert [ent._.score for ent in other.ents] == pytest.approx([ent._.score for ent in doc.ents], abs=1e-5)


def test_onnx_runtime_that_is_not_there(compiled, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="compiled: expected onnxruntime, which is not installed"):
        load_pipeline(str(tmp_path / "compiled"))


def test_long_documents_in_several_processes(trained, compiled):
    texts = ["，".join(TEXTS * 20)] * 3
    expected = [entities(doc) for doc in trained.pipe(texts)]
    assert [entities(doc) for doc in compiled.pipe(texts)] == expected
    assert [entities(doc) for doc in compiled.pipe(texts, n_process=2, batch_size=1)] == expected


def test_settings_and_calibration(trained, compiled):
    compiled.get_pipe("cner").decoding = "spans"
    docs = [example.reference for example in make_examples(compiled)]
    assert calibrate(compiled, docs, "cner").path_f == 1.0
    assert entities(compiled(TEXTS[0])) == entities(trained(TEXTS[0]))


def test_it_is_not_trained(compiled):
    examples = make_examples(compiled)
    message = "expected a pipeline that can be trained, got a compiled one"
    with pytest.raises(InputError, match=message):
        compiled.update(examples)
    with pytest.raises(InputError, match=message):
        compiled.get_pipe("cner").add_label("NEW")
    with pytest.raises(InputError, match=message):
        compiled.get_pipe("cner").initialize(lambda: examples)


def test_each_component_gets_its_own_features(trained_joint, tmp_path):
    trained_joint.to_disk(tmp_path)
    nlp = compile_pipeline(spacy.load(tmp_path))
    assert nlp.pipe_names == ["cws", "cner"]
    nlp.to_disk(tmp_path / "compiled")
    for doc, other in zip(trained_joint.pipe(TEXTS), spacy.load(tmp_path / "compiled").pipe(TEXTS)):
        assert (entities(doc), words(doc)) == (entities(other), words(other))


def test_words_are_read_as_in_the_pipeline_it_was_made_of():
    nlp = spacy.blank("zh")
    embed = {"@architectures": "spacy_cner.CharNgramEmbed.v1", "widths": [8], "buckets": [50], "positions": 3}
    encode = {"@architectures": "spacy_cner.CharCNN.v1", "filters": 8, "windows": [3]}
    nlp.add_pipe("tok2vec", config={"model": {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 8, "upstream": "tok2vec"}
    nlp.add_pipe("cner", config={"model": small_model(tok2vec=listener)})
    nlp.initialize(lambda: make_examples(nlp))
    assert not nlp.get_pipe("cner").view.words  # the shared component reads them
    assert compile_pipeline(nlp).get_pipe("cner").view.words


def test_a_pipeline_without_a_network(compiled, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    with pytest.raises(InputError, match="expected a pipeline with a network .cner or cws., got sentencizer"):
        compile_pipeline(nlp)
    with pytest.raises(InputError, match="got cner"):
        compile_pipeline(compiled)


def test_a_compiled_network_is_not_made_smaller(compiled):
    """Beside sparse features that could be, it would stay in float32 and nobody be told."""
    features = compiled.add_pipe("cner_features", config={"min_count": 1})
    features.initialize(lambda: make_examples(compiled))
    with pytest.raises(InputError, match="expected a pipeline that is not compiled yet, got cner, cner_features"):
        compile_pipeline(compiled, int8=True)
    assert not features.tagger.small


def test_other_components_can_be_added_and_initialised(trained):
    nlp = compile_pipeline(pickle.loads(pickle.dumps(trained)))
    nlp.add_pipe("textcat")
    examples = [Example.from_dict(nlp.make_doc(text), {"cats": {"A": 1.0, "B": 0.0}}) for text in TEXTS]
    with nlp.select_pipes(enable="textcat"):
        nlp.initialize(lambda: examples)
    nlp.rename_pipe("cner", "names")
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == [entities(doc) for doc in trained.pipe(TEXTS)]


def test_features_in_8_bits(tmp_path):
    nlp = spacy.blank("zh")
    features = nlp.add_pipe("cner_features", config={"min_count": 1})
    nlp.initialize(lambda: make_examples(nlp))
    expected = [(entities(doc), [ent._.score for ent in doc.ents]) for doc in nlp.pipe(TEXTS)]
    with pytest.raises(InputError, match=r"got cner_features .--int8 makes cner_features smaller."):
        compile_pipeline(nlp)
    nlp.to_disk(tmp_path / "large")
    compile_pipeline(nlp, int8=True).to_disk(tmp_path / "small")
    loaded = spacy.load(tmp_path / "small")
    for pipeline in (nlp, loaded):
        for doc, (found, scores) in zip(pipeline.pipe(TEXTS), expected, strict=True):
            assert entities(doc) == found
            assert [ent._.score for ent in doc.ents] == pytest.approx(scores, abs=0.1)
    sizes = [(tmp_path / name / "cner_features" / "tagger").stat().st_size for name in ("small", "large")]
    assert sizes[0] < 0.9 * sizes[1]
    # It is trained as before.
    features.initialize(lambda: make_examples(nlp))
    assert [(entities(doc), [ent._.score for ent in doc.ents]) for doc in nlp.pipe(TEXTS)] == expected


def test_a_pipeline_without_a_compiled_form_is_copied_where_that_is_wished(tmp_path):
    spacy.blank("zh").to_disk(tmp_path / "model")
    line = ["compile", str(tmp_path / "model"), str(tmp_path / "copy")]
    refused = CliRunner().invoke(app, line)
    assert refused.exit_code == 1 and not (tmp_path / "copy").exists()
    copied = CliRunner().invoke(app, [*line, "--where-possible"])
    assert copied.exit_code == 0 and "copied as it is: expected a pipeline with a network" in copied.output
    assert spacy.load(tmp_path / "copy").pipe_names == []
