"""Compiled taggers: the same scores as torch's, from every layer that can be compiled."""

import pickle

import numpy
import onnx
import pytest
import spacy
from thinc.api import Model, chain, fix_random_seed

from spacy_cner.errors import InputError
from spacy_cner.models.attention import build_bert_layer
from spacy_cner.models.compiling import compile_tagger
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.encoders import (
    build_bilstm,
    build_char_cnn,
    build_dilated_cnn,
    build_lstm,
    build_transformer,
)
from spacy_cner.models.frozen import build_frozen_tok2vec
from spacy_cner.models.jieba_network import build_jieba_network
from spacy_cner.models.onnx_tagger import build_onnx_tagger
from spacy_cner.models.shared_private import build_columns, build_embed_and_encode, build_shared_private
from spacy_cner.models.soft_lexicon import Lexicon, build_soft_lexicon_embed
from spacy_cner.models.sparse_features import build_sparse_features
from spacy_cner.models.tagger import build_crf_tagger, build_softmax_tagger, crf_parameters, set_labels
from spacy_cner.models.torch_layers import sized_shim
from spacy_cner.vectors.words import WordVectors

NLP = spacy.blank("zh")
TEXTS = ["王海在北京大学读书", "好", "", "昨天林燕去了青岛，今天回来了", "在青岛"]


def embed(widths=(6, 4), buckets=(30, 40)):
    return build_char_ngram_embed(list(widths), list(buckets))


def randomized(model: Model) -> Model:
    """Random weights for what begins with zeros, so that nothing is left out unseen."""
    random = numpy.random.default_rng(0)
    for node in model.walk():
        for name in node.param_names:
            values = random.normal(size=node.get_param(name).shape).astype("f")
            values[: node.attrs.get("positions", 1)] = 0
            node.set_param(name, values)
        if node.name == "transformer":
            for weights in sized_shim(node).require_built().parameters():
                weights.data += weights.new_tensor(random.normal(size=tuple(weights.shape), scale=0.05))
        if node.name == "soft_lexicon":
            vectors = random.normal(size=(4, 3)).astype("f")
            words = WordVectors(["北京", "大学", "海", "今天"], numpy.array([4, 3, 2, 1]), vectors)
            node.attrs["lexicon"] = Lexicon(WordVectors.from_bytes(words.to_bytes()))  # in 8 bits, as a file has it
        if node.name == "sparse_features":
            weights = sized_shim(node).require_built().weights
            weights.data[1:] = weights.new_tensor(random.normal(size=tuple(weights.shape)))[1:]
    return model


def tagger(tok2vec, encoder=None, build=build_crf_tagger, **more) -> Model:
    model = build(tok2vec, encoder, **more)
    set_labels(model, ["PER", "LOC"])
    model.initialize(X=list(NLP.pipe(TEXTS)))
    return randomized(model)


def two_features():
    shared = build_embed_and_encode(embed(), build_char_cnn(8, [2, 3]))
    return tagger(shared, chain(build_columns(2, 14), build_shared_private(build_bilstm(6), 4)))


TAGGERS = {
    "linear": lambda: tagger(embed()),
    "cnn": lambda: tagger(build_frozen_tok2vec(embed(), build_char_cnn(12, [1, 2, 5]))),
    "cnn of odd windows": lambda: tagger(chain(embed(), build_char_cnn(9, [5, 2, 4]))),
    "cnn over a cnn": lambda: tagger(chain(embed(), build_char_cnn(8, [3])), build_char_cnn(6, [2, 3])),
    "cnn over a transformer": lambda: tagger(
        chain(embed([64], [30]), build_transformer(64, layers=1, heads=2)), build_char_cnn(6, [3])
    ),
    "dilated": lambda: tagger(chain(embed(), build_dilated_cnn(8, [1, 3]))),
    "bilstm": lambda: tagger(embed(), build_bilstm(8, depth=2)),
    "transformer": lambda: tagger(chain(embed([64], [30]), build_transformer(64, layers=2, heads=2))),
    "lstm": lambda: tagger(embed(), build_lstm(7, depth=2)),
    "softmax": lambda: tagger(embed(), build_bilstm(8), build_softmax_tagger),
    "lexicon": lambda: tagger(chain(build_soft_lexicon_embed(3), build_char_cnn(4, [3]))),
    "jieba": lambda: tagger(build_jieba_network()),
    "columns": two_features,
    "features": lambda: tagger(embed(), features=build_sparse_features(["c[0]", "c[-1]c[0]"], min_count=1)),
}


def predictor(model, **settings) -> Model:
    compiled = build_onnx_tagger()
    compiled.attrs["compiled"] = compile_tagger(model, **settings)
    return compiled


@pytest.mark.parametrize("name", TAGGERS)
def test_scores_are_those_of_torch(name):
    model, docs = TAGGERS[name](), list(NLP.pipe(TEXTS))
    compiled = predictor(model, int8=False)
    # A batch of its own for each document, and after it went through bytes
    other = build_onnx_tagger().from_bytes(pickle.loads(pickle.dumps(compiled)).to_bytes())
    expected = model.predict(docs)
    for got in (compiled.predict(docs), [other.predict([doc])[0] for doc in docs]):
        assert [len(rows) for rows in got] == [len(doc) for doc in docs]
        for rows, wanted in zip(got, expected):
            numpy.testing.assert_allclose(rows, wanted, atol=1e-5)
    for array, wanted in zip(compiled.attrs["compiled"].crf, crf_parameters(model)):
        numpy.testing.assert_array_equal(array, wanted)


def test_a_transformer_reads_windows_of_any_size():
    model = TAGGERS["transformer"]()
    docs = [NLP.make_doc(TEXTS[0] * 100), NLP.make_doc(TEXTS[3])]
    for rows, wanted in zip(predictor(model, int8=False).predict(docs), model.predict(docs), strict=True):
        numpy.testing.assert_allclose(rows, wanted, atol=5e-5)
    int8 = predictor(model, int8=True).predict(docs)
    assert [len(rows) for rows in int8] == [len(doc) for doc in docs]


@pytest.mark.parametrize("name, operations", [
    ("cnn", {"MatMul"}), ("dilated", {"MatMul"}), ("bilstm", {"MatMul", "LSTM"}), ("transformer", set()),
    ("jieba", {"MatMul"}),
])  # fmt: skip
def test_8_bits_are_near(name, operations):
    fix_random_seed(0)  # how near depends on the weights
    model, docs = TAGGERS[name](), list(NLP.pipe(TEXTS))
    compiled = predictor(model, int8=True)
    kinds = {node.op_type for node in onnx.load_from_string(compiled.attrs["compiled"].graph).graph.node}
    assert not kinds & operations
    expected = numpy.concatenate(model.predict(docs))
    numpy.testing.assert_allclose(numpy.concatenate(compiled.predict(docs)), expected, atol=0.1 * expected.std())


def test_equal_tables_are_kept_once():
    model = tagger(chain(embed(), build_char_cnn(4, [3])))
    twice = build_crf_tagger(build_frozen_tok2vec(embed(), build_char_cnn(4, [3])), features=None)
    compiled = compile_tagger(model, int8=False)
    assert len(compiled.inputs.tables) == 2 and twice.name == "crf_tagger"


def test_a_layer_that_cannot_be_compiled():
    model = tagger(chain(embed(), build_bert_layer(2, 6, 0.0)))
    with pytest.raises(InputError, match="expected layers that can be compiled, got"):
        compile_tagger(model, int8=False)


def test_it_is_not_trained_and_must_be_loaded():
    model, docs = build_onnx_tagger(), list(NLP.pipe(TEXTS))
    with pytest.raises(InputError, match="expected a compiled pipeline that was loaded"):
        model.predict(docs)
    with pytest.raises(InputError, match="expected a pipeline that can be trained, got a compiled one"):
        predictor(TAGGERS["linear"](), int8=False).begin_update(docs)
    with pytest.raises(InputError, match="expected a tag scheme"):
        build_onnx_tagger(tag_scheme="bieo")
