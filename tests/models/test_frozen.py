import numpy
import spacy
from thinc.api import Adam

from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.encoders import build_bilstm
from spacy_cner.models.frozen import build_frozen_tok2vec

DOCS = [spacy.blank("zh").make_doc(text) for text in ("王海去了青岛。", "林小燕在看海。")]


def build(architecture):
    model = architecture(build_char_ngram_embed([4, 2], [20, 20]), build_bilstm(6))
    model.initialize(X=DOCS)
    embed = next(node for node in model.walk() if node.has_param("E"))
    embed.set_param("E", numpy.random.default_rng(0).normal(size=embed.get_param("E").shape).astype("f"))
    return model


def test_training_changes_nothing():
    model = build(build_frozen_tok2vec)
    before, optimizer = model.predict(DOCS), Adam(0.1, L2=0.1)
    features, backprop = model.begin_update(DOCS)
    assert backprop([numpy.ones_like(rows) for rows in features]) == []
    model.finish_update(optimizer)
    for one, other, features_of_doc in zip(before, model.predict(DOCS), features):
        numpy.testing.assert_array_equal(one, other)
        numpy.testing.assert_array_equal(one, features_of_doc)


def test_takes_the_weights_of_one_that_learns():
    learned = build(spacy.registry.architectures.get("spacy.Tok2Vec.v2"))
    frozen = build(build_frozen_tok2vec).from_bytes(learned.to_bytes())
    for one, other in zip(learned.predict(DOCS), frozen.predict(DOCS)):
        numpy.testing.assert_array_equal(one, other)
