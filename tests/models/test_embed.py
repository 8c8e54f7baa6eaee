"""What is special to the embeddings; test_encoders.py has what they share with all layers."""

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from thinc.api import SGD

from spacy_cner.errors import InputError
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.vectors.ngrams import NgramVectors

NLP = spacy.blank("zh")
GRAMS = {1: ["海", "王", "A"], 2: ["王海", "海A"]}


@pytest.fixture
def vectors():
    numbers = numpy.random.default_rng(0).normal(2, 3, size=(3, 4))
    return NgramVectors(GRAMS, {1: numbers, 2: numbers[:2, :2]})


@pytest.fixture
def path(vectors, tmp_path):
    vectors.save(tmp_path / "vectors.npz")
    return str(tmp_path / "vectors.npz")


def embed(path, **settings):
    model = build_char_ngram_embed([4, 2], [5, 6], path, **settings)
    model.initialize(X=[NLP.make_doc("王海")])
    return model


def test_rows_are_the_vectors_with_unit_variance(path, vectors):
    rows = embed(path).predict([NLP.make_doc("王海A林"), NLP.make_doc("Ａ")])
    units = {n: vectors.vectors[n] / vectors.vectors[n].std() for n in (1, 2)}
    nothing = numpy.zeros(4), numpy.zeros(2)
    expected = [
        [units[1][1], units[2][0]],
        [units[1][0], units[2][1]],
        [units[1][2], nothing[1]],  # A林 has no vector
        [nothing[0], nothing[1]],  # 林 has none, and no bigram begins there
    ]
    numpy.testing.assert_allclose(rows[0], [numpy.concatenate(row) for row in expected], atol=5e-3)
    numpy.testing.assert_array_equal(rows[1][0, :4], rows[0][2, :4])


def test_without_vectors_all_begins_at_zero():
    assert not embed(None).predict([NLP.make_doc("王海")])[0].any()


def test_learns_known_and_unknown_grams_but_not_the_row_of_no_gram(path):
    model = embed(path)
    doc = NLP.make_doc("王林")
    before = model.predict([doc])[0].copy()
    rows, backprop = model.begin_update([doc])
    backprop([numpy.ones_like(rows[0])])
    model.finish_update(SGD(0.1, grad_clip=0))
    moved = before - model.predict([doc])[0]
    # The last position has no bigram.
    numpy.testing.assert_allclose(moved[:, :4], 0.1, atol=1e-5)
    numpy.testing.assert_allclose(moved[0, 4:], 0.1, atol=1e-5)
    assert not moved[1, 4:].any()


def test_a_gram_that_occurs_twice_gets_both_gradients():
    model = build_char_ngram_embed([3], [5])
    model.initialize(X=[NLP.make_doc("王")])
    _, backprop = model.begin_update([NLP.make_doc("王王"), NLP.make_doc("王")])
    backprop([numpy.array([[1, 2, 3], [10, 20, 30]], "f"), numpy.array([[100, 200, 300]], "f")])
    gradient = next(node for node in model.walk() if node.has_param("E")).get_grad("E")
    assert gradient.sum(axis=0).tolist() == [111, 222, 333]
    assert (gradient.any(axis=1)).sum() == 1


def test_frozen_vectors_stay(path):
    model = embed(path, trainable=False)
    doc = NLP.make_doc("王林")
    before = model.predict([doc])[0].copy()
    rows, backprop = model.begin_update([doc])
    backprop([numpy.ones_like(rows[0])])
    model.finish_update(SGD(0.1))
    numpy.testing.assert_array_equal(model.predict([doc])[0], before)


def test_loads_without_the_file_of_vectors(path, tmp_path):
    model = embed(path)
    doc = NLP.make_doc("王海A林")
    other = build_char_ngram_embed([4, 2], [5, 6], str(tmp_path / "none.npz")).from_bytes(model.to_bytes())
    numpy.testing.assert_array_equal(other.predict([doc])[0], model.predict([doc])[0])


def test_vectors_that_do_not_fit(path, tmp_path):
    for widths, buckets, message in (
        ([4, 3], [5, 5], "expected 2-grams of width 3, got 2"),
        ([4, 2, 2], [5, 5, 5], r"expected vectors of 3-grams, got orders \[1, 2\]"),
    ):
        with pytest.raises(InputError, match=f"vectors.npz: {message}"):
            build_char_ngram_embed(widths, buckets, path).initialize()
    with pytest.raises(InputError, match="none.npz: expected a file of character vectors"):
        build_char_ngram_embed([4], [5], str(tmp_path / "none.npz")).initialize()


def test_settings_that_do_not_fit():
    with pytest.raises(ValueError, match="one number of buckets for each of 2 widths, got 1"):
        build_char_ngram_embed([4, 2], [5])


def test_words_are_refused():
    doc = Doc(NLP.vocab, words=["王海", "来"], spaces=[False, False])
    with pytest.raises(InputError, match="one character per token, got the token '王海'"):
        embed(None).predict([doc])


def in_words(*texts):
    doc = NLP.make_doc("".join(texts))
    ends = numpy.cumsum([len(text) for text in texts]).tolist()
    doc.spans["words"] = [doc[start:end] for start, end in zip([0, *ends], ends)]
    return doc


def test_positions_in_words(path):
    model = embed(path, positions=2)
    doc = in_words("王海王", "王")
    (rows,) = model.predict([doc])
    assert (rows[0, :4] == rows[2, :4]).all() and (rows[0, :4] == rows[3, :4]).all()  # alike at first
    output, backprop = model.begin_update([in_words("王", "海")])
    backprop([numpy.ones_like(output[0])])
    model.finish_update(SGD(0.1, grad_clip=0))
    moved = (rows - model.predict([doc])[0])[:, :4].any(axis=1)
    # 王 has learned as the first character of its word, 海 too; here it is the second, and the last 王 of three counts
    # as one, having no row of its own.
    assert moved.tolist() == [True, False, False, True]


def test_positions_are_saved(path):
    model = embed(path, positions=3)
    again = build_char_ngram_embed([4, 2], [5, 6], positions=3).from_bytes(model.to_bytes())
    doc = in_words("王海", "王")
    assert (again.predict([doc])[0] == model.predict([doc])[0]).all()


def test_no_positions():
    with pytest.raises(ValueError, match="expected positions of at least 1, got 0"):
        build_char_ngram_embed([4], [5], positions=0)
