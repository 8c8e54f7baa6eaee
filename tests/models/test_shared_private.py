from functools import partial

import numpy
import pytest
import spacy
from thinc.api import Model, concatenate

from spacy_cner.errors import InputError
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.encoders import build_bilstm, build_self_attention
from spacy_cner.models.shared_private import (
    build_columns,
    build_embed_and_encode,
    build_shared_private,
    build_shortcut,
    columns,
)
from spacy_cner.models.soft_lexicon import build_soft_lexicon_embed

NLP = spacy.blank("zh")
DOCS = [NLP.make_doc(text) for text in ("林小燕来了。", "好", "", "王海在青岛。")]
LENGTHS = [len(doc) for doc in DOCS]


def embed_and_encode():
    model = build_embed_and_encode(
        build_char_ngram_embed(widths=[5], buckets=[20]), build_self_attention(build_bilstm(width=4), heads=2)
    )
    return model, model.initialize(X=DOCS)


def random_rows(width, seed=0):
    random = numpy.random.default_rng(seed)
    return [random.normal(size=(n, width)).astype("f") for n in LENGTHS]


def assert_same(rows, others):
    assert len(rows) == len(others)
    for x, y in zip(rows, others):
        numpy.testing.assert_allclose(x, y, atol=1e-6)


def test_embedding_and_encoding_side_by_side():
    model, _ = embed_and_encode()
    table = next(node for node in model.walk() if node.has_param("E"))
    table.set_param("E", numpy.random.default_rng(0).normal(size=table.get_param("E").shape).astype("f"))
    embedding = model.get_ref("embed").predict(DOCS)
    assert model.get_dim("nO") == 9
    assert_same([x[:, :5] for x in model.predict(DOCS)], embedding)
    assert_same([x[:, 5:] for x in model.predict(DOCS)], model.get_ref("encode").predict(embedding))


def test_embeddings_side_by_side():
    embed = concatenate(build_char_ngram_embed(widths=[5], buckets=[20]), build_soft_lexicon_embed(width=3))
    model = build_embed_and_encode(embed, build_bilstm(width=4))
    assert model.get_dim("nO") == 5 + 4 * 3 + 4
    model.initialize(X=DOCS)
    assert [rows.shape for rows in model.predict(DOCS)] == [(n, 21) for n in LENGTHS]


def test_an_embedding_whose_width_nobody_knows():
    with pytest.raises(ValueError, match="Cannot get dimension 'nO'"):
        build_embed_and_encode(Model("unknown", lambda *_: None, dims={"nO": None}), build_bilstm(width=4))


def test_gradients_of_both_reach_the_embedding():
    model, _ = embed_and_encode()
    table = next(node for node in model.walk() if node.has_param("E"))

    def gradient(rows):
        table.set_grad("E", table.ops.alloc2f(*table.get_param("E").shape))
        model.begin_update(DOCS)[1](rows)
        return table.get_grad("E").copy()

    rows = random_rows(9)
    both = gradient(rows)
    only_first = gradient([numpy.hstack([x[:, :5], 0 * x[:, 5:]]) for x in rows])
    only_second = gradient([numpy.hstack([0 * x[:, :5], x[:, 5:]]) for x in rows])
    assert min(abs(only_first).max(), abs(only_second).max()) > 0.01
    numpy.testing.assert_allclose(both, only_first + only_second, atol=1e-5)


def test_width_is_known_before_anything_is_initialised():
    model = build_embed_and_encode(build_char_ngram_embed(widths=[5, 3], buckets=[9, 9]), build_bilstm(width=4))
    assert model.get_dim("nO") == 12
    assert build_shared_private(build_bilstm(width=6), 4).get_dim("nO") == 10


def test_private_encoder_reads_all_but_the_shared_columns():
    private = build_bilstm(width=6)
    model = build_shared_private(private, 4)
    rows = random_rows(9)
    model.initialize(X=rows)
    outputs = model.predict(rows)
    assert_same([x[:, :6] for x in outputs], private.predict([x[:, :5] for x in rows]))
    assert_same([x[:, 6:] for x in outputs], [x[:, 5:] for x in rows])


def test_saved_and_loaded():
    model, _ = embed_and_encode()
    other = build_embed_and_encode(
        build_char_ngram_embed(widths=[5], buckets=[20]), build_self_attention(build_bilstm(width=4), heads=2)
    ).from_bytes(model.to_bytes())
    assert_same(other.predict(DOCS), model.predict(DOCS))


@pytest.mark.parametrize("start, end, taken", [(None, -2, [0, 1, 2]), (-2, None, [3, 4])])
def test_columns(start, end, taken):
    layer: Model = columns(start, end)
    rows = random_rows(5)
    output, backprop = layer.begin_update(rows)
    assert_same(output, [x[:, taken] for x in rows])
    gradients = backprop([numpy.ones_like(x) for x in output])
    expected = numpy.zeros(5)
    expected[taken] = 1
    assert_same(gradients, [numpy.tile(expected, (n, 1)) for n in LENGTHS])


def test_a_shortcut_passes_the_last_columns_on():
    model = build_shortcut(build_bilstm(width=4), width=2)
    assert model.get_dim("nO") == 6
    rows = random_rows(5)
    model.initialize(X=rows)
    results, backprop = model.begin_update(rows)
    assert_same([x[:, 4:] for x in results], [x[:, 3:] for x in rows])
    only_passed = [numpy.hstack([0 * x[:, :4], x[:, 4:]]) for x in results]
    assert_same([x[:, 3:] for x in backprop(only_passed)], [x[:, 4:] for x in results])


@pytest.mark.parametrize("build", [partial(build_shared_private, build_bilstm(width=4)), partial(build_columns, 0)])
@pytest.mark.parametrize("width", [0, -3])
def test_no_columns(build, width):
    with pytest.raises(InputError, match=f"expected (shared_)?width of at least 1, got {width}"):
        build(width)


def test_more_columns_than_there_are():
    with pytest.raises(InputError, match="expected rows of at least 9 columns to select from, got 5"):
        build_shortcut(build_bilstm(width=4), width=9).initialize(X=random_rows(5)).predict(random_rows(5))
