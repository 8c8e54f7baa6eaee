import os

import numpy
import pytest
import spacy
from conftest import assert_dropout_is_of_training_only, assert_training_changes_nothing

from spacy_cner.models import known_features
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.encoders import build_bilstm
from spacy_cner.models.frozen import build_frozen_tok2vec

DOCS = [spacy.blank("zh").make_doc(text) for text in ("王海去了青岛。", "林小燕在看海。")]


def build(architecture, **settings):
    model = architecture(build_char_ngram_embed([4, 2], [20, 20]), build_bilstm(6), **settings)
    model.initialize(X=DOCS)
    embed = next(node for node in model.walk() if node.has_param("E"))
    embed.set_param("E", numpy.random.default_rng(0).normal(size=embed.get_param("E").shape).astype("f"))
    return model


def test_training_changes_nothing():
    assert_training_changes_nothing(build(build_frozen_tok2vec), DOCS)


def test_dropout_is_of_training_only():
    assert_dropout_is_of_training_only(build(build_frozen_tok2vec, dropout=0.5), DOCS, 0.5)


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_dropout_that_is_none(dropout):
    with pytest.raises(ValueError, match=f"expected a dropout from 0 to below 1, got {dropout}"):
        build(build_frozen_tok2vec, dropout=dropout)


def test_takes_the_weights_of_one_that_learns():
    learned = build(spacy.registry.architectures.get("spacy.Tok2Vec.v2"))
    frozen = build(build_frozen_tok2vec).from_bytes(learned.to_bytes())
    for one, other in zip(learned.predict(DOCS), frozen.predict(DOCS)):
        numpy.testing.assert_array_equal(one, other)


def test_a_copy_has_weights_of_its_own():
    model = build(build_frozen_tok2vec)
    copied, before = model.copy(), model.predict(DOCS)
    for node in copied.walk():
        for name in node.param_names:
            node.set_param(name, 0 * node.get_param(name))
    assert all((rows == 0).all() for rows in embedded(copied))
    assert any((rows != 0).any() for rows in embedded(model))
    for one, other in zip(before, model.predict(DOCS)):
        numpy.testing.assert_array_equal(one, other)


def embedded(model):
    return model.layers[0].predict(DOCS)


def test_training_computes_the_features_of_a_text_once(monkeypatch):
    model = build(build_frozen_tok2vec)
    expected = model.predict(DOCS)
    seen = count_documents(monkeypatch, model)
    for docs in (DOCS[:1], DOCS, DOCS, [DOCS[1], DOCS[0], DOCS[1]]):
        features, _ = model.begin_update(docs)
        for doc, rows in zip(docs, features, strict=True):
            numpy.testing.assert_allclose(rows, expected[DOCS.index(doc)], rtol=2**-11, atol=1e-6)  # half precision
    assert seen == [1, 1]
    # Other weights have other features.
    other = build(build_frozen_tok2vec)
    for node in other.walk():
        if node.has_param("E"):
            node.set_param("E", 2 * node.get_param("E"))
    model.from_bytes(other.to_bytes())
    features, _ = model.begin_update(DOCS)
    for rows, wanted in zip(features, other.predict(DOCS)):
        numpy.testing.assert_allclose(rows, wanted, atol=1e-6)


def test_evaluations_of_a_training_compute_once(monkeypatch):
    model = build(build_frozen_tok2vec)
    seen = count_documents(monkeypatch, model)
    expected = [model.predict(DOCS) for _ in range(2)][0]
    assert seen == [len(DOCS), len(DOCS)]  # nothing is trained
    model.begin_update(DOCS[:1])
    for _ in range(3):
        for rows, wanted in zip(model.predict(DOCS), expected, strict=True):
            numpy.testing.assert_array_equal(rows, wanted)
    assert seen == [len(DOCS), len(DOCS), 1, len(DOCS)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_computes_its_own():
    model = build(build_frozen_tok2vec)
    model.begin_update(DOCS)
    expected = model.predict(DOCS)
    place = model._func.keywords["known"]._kept[False]._scratch._file.tell()
    child = os.fork()
    if not child:
        try:
            os._exit(0 if (model.predict(DOCS[:1])[0] == expected[0]).all() else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert model._func.keywords["known"]._kept[False]._scratch._file.tell() == place


def test_evaluations_keep_a_bounded_number_of_texts(monkeypatch):
    model = build(build_frozen_tok2vec)
    expected = model.predict(DOCS)
    monkeypatch.setattr(known_features, "EVALUATED_BYTES", expected[0].nbytes)
    model.begin_update(DOCS)
    seen = count_documents(monkeypatch, model)
    for _ in range(2):
        for rows, wanted in zip(model.predict(DOCS), expected, strict=True):
            numpy.testing.assert_allclose(rows, wanted, atol=1e-6)
    assert seen == [len(DOCS), len(DOCS) - 1]


def count_documents(monkeypatch, model):
    """RETURNS: a list, to which each run of the model's encoder will add its number of documents."""
    seen = []
    encode = model.layers[1]._func
    monkeypatch.setattr(
        model.layers[1], "_func", lambda layer, rows, is_train: seen.append(len(rows)) or encode(layer, rows, is_train)
    )
    return seen


def test_what_is_kept_is_bounded(monkeypatch):
    model = build(build_frozen_tok2vec)
    expected = model.predict(DOCS)
    monkeypatch.setattr(known_features, "KEPT_BYTES", expected[0].nbytes // 2)  # half precision
    for _ in range(2):
        features, _ = model.begin_update(DOCS)
        for rows, wanted in zip(features, expected, strict=True):
            numpy.testing.assert_allclose(rows, wanted, rtol=2**-11, atol=1e-6)
    scratch = model._func.keywords["known"]._kept[True]._scratch
    assert scratch._size == scratch._file.seek(0, 2) == expected[0].nbytes // 2


def test_a_full_disk_ends_no_training(monkeypatch):
    model = build(build_frozen_tok2vec)
    expected = model.predict(DOCS)
    model.begin_update(DOCS[:1])
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(model._func.keywords["known"]._kept[True]._scratch, "_file", full)
        for _ in range(2):
            features, _ = model.begin_update(DOCS[1:])
            for rows, wanted in zip(features, expected[1:], strict=True):
                numpy.testing.assert_allclose(rows, wanted, rtol=2**-11, atol=1e-6)
