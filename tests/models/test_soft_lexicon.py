import numpy
import pytest
import spacy

from spacy_cner.errors import InputError
from spacy_cner.models.soft_lexicon import build_soft_lexicon_embed
from spacy_cner.vectors.words import WordVectors

WORDS = ["青岛", "岛", "青岛人"]
COUNTS = [6, 3, 1]
VECTORS = numpy.array([[1, 0], [0, 1], [-2, 3]], dtype="f")


@pytest.fixture
def path(tmp_path):
    WordVectors(WORDS, numpy.array(COUNTS), VECTORS).save(tmp_path / "words.npz")
    return tmp_path / "words.npz"


def build(path, width=2):
    model = build_soft_lexicon_embed(width=width, lexicon=str(path) if path else None)
    model.initialize()
    return model


def docs(*texts):
    return list(map(spacy.blank("zh"), texts))


def test_rows_average_the_words_of_each_set(path):
    table = WordVectors.load(path).vectors
    table /= table.std()
    (rows,) = build(path).predict(docs("青岛人"))
    expected = numpy.zeros((3, 4, 2), dtype="f")
    for place, kind, word, share in [
        (0, "B", 0, 6 / 7),
        (0, "B", 2, 1 / 7),
        (1, "E", 0, 6 / 10),
        (1, "S", 1, 3 / 10),
        (1, "M", 2, 1 / 10),
        (2, "E", 2, 1),
    ]:
        expected[place, "BMES".index(kind)] += 4 * share * table[word]
    numpy.testing.assert_allclose(rows, expected.reshape(3, 8), rtol=1e-5)


def test_a_text_says_the_same_alone_and_among_others(path):
    model = build(path)
    texts = docs("我去青岛。", "", "岛上有青岛人", "大连")
    together = model.predict(texts)
    for doc, rows in zip(texts, together):
        assert rows.shape == (len(doc), 8)
        numpy.testing.assert_array_equal(rows, model.predict([doc])[0])
    assert not together[3].any()


def test_without_words_all_rows_are_zeros():
    assert not build(None).predict(docs("我去青岛。"))[0].any()


def test_no_width():
    with pytest.raises(InputError, match="expected a width of at least 1, got 0; to have no lexicon, leave this"):
        build(None, width=0)


def test_reads_nothing_but_what_was_saved_with_it(path):
    model = build(path)
    data = model.to_bytes()
    expected = model.predict(docs("我去青岛。"))[0]
    path.unlink()
    read = build_soft_lexicon_embed(width=2, lexicon=str(path)).from_bytes(data)
    numpy.testing.assert_array_equal(read.predict(docs("我去青岛。"))[0], expected)


def test_training_does_not_change_the_vectors(path):
    model = build(path)
    rows, backprop = model.begin_update(docs("青岛"))
    backprop(rows)
    assert not any(node.has_grad("E") for node in model.walk() if node.has_param("E"))


def test_another_width_is_an_error(path):
    with pytest.raises(InputError, match="words.npz: expected word vectors of width 3, got 2"):
        build(path, width=3)
