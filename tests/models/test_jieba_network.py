import subprocess
import sys

import numpy
import pytest
import spacy
from conftest import (
    assert_dropout_is_of_training_only,
    assert_training_changes_nothing,
    entities,
    joint_examples,
    train,
)

from spacy_cner.models.jieba_network import build_jieba_network
from spacy_cner.nn.precision import predict_in

NLP = spacy.blank("zh")
TEXTS = ["今天曼联队在老特拉福德球场击败了利物浦", "周杰伦说很好", "", "好", "我在淘宝网买的"]
DOCS = [NLP.make_doc(text) for text in TEXTS]


@pytest.fixture(scope="module")
def model():
    model = build_jieba_network()
    model.initialize(X=DOCS)
    return model


def test_one_row_for_each_character(model):
    """What they are worth, tests/pipeline/test_jieba_tagger.py shows."""
    assert [rows.shape for rows in model.predict(DOCS)] == [(len(text), 256) for text in TEXTS]


def test_other_documents_in_the_batch_change_nothing(model):
    together = model.predict(DOCS)
    for doc, rows in zip(DOCS, together):
        numpy.testing.assert_allclose(model.predict([doc])[0], rows, atol=1e-5)


def test_predicts_in_bfloat16_where_that_is_asked_for(model):
    exact = model.predict(DOCS)
    with predict_in("bfloat16"):
        rounded = model.predict(DOCS)
    differences = [abs(one - other).max() for one, other in zip(exact, rounded) if len(one)]
    assert all(rows.dtype == numpy.float32 for rows in rounded)
    assert 0 < max(differences) < 0.3


def test_characters_that_look_alike_are_the_same(model):
    plain, full_width, traditional = model.predict([NLP.make_doc(text) for text in ("马云A1", "马云Ａ１", "馬雲A1")])
    numpy.testing.assert_array_equal(plain, full_width)
    numpy.testing.assert_array_equal(plain, traditional)


def test_training_changes_nothing(model):
    assert_training_changes_nothing(model, DOCS)


def test_dropout_is_of_training_only():
    model = build_jieba_network(dropout=0.25)
    model.initialize(X=DOCS)
    assert_dropout_is_of_training_only(model, DOCS, 0.25)


def test_a_saved_one_needs_no_jieba(model, tmp_path):
    (tmp_path / "model").write_bytes(model.to_bytes())
    numpy.save(tmp_path / "rows.npy", model.predict(DOCS)[0])
    script = f"""
import sys
sys.modules["jieba"] = None
import numpy, spacy
from spacy_cner.models.jieba_network import build_jieba_network
model = build_jieba_network().from_bytes(open({str(tmp_path / "model")!r}, "rb").read())
rows = model.predict([spacy.blank("zh").make_doc({TEXTS[0]!r})])[0]
numpy.testing.assert_allclose(rows, numpy.load({str(tmp_path / "rows.npy")!r}), atol=1e-5)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_entity_recogniser_on_top_of_it_learns_and_is_saved(tmp_path):
    tagger = {
        "@architectures": "spacy_cner.CrfTagger.v1",
        "tag_scheme": "bioes",
        "tok2vec": {"@architectures": "spacy_cner.JiebaNetwork.v1"},
        "encoder": {"@architectures": "spacy_cner.BiLSTM.v1", "width": 16},
    }
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": tagger})
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=60)
    assert [entities(nlp(each.text)) for each in examples] == [entities(each.reference) for each in examples]
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert [entities(loaded(each.text)) for each in examples] == [entities(each.reference) for each in examples]


def test_dropout_that_is_none():
    with pytest.raises(ValueError, match="expected a dropout from 0 to below 1, got 1.5"):
        build_jieba_network(dropout=1.5)
