import numpy
import pytest

from spacy_cner.errors import InputError
from spacy_cner.features.clusters import cluster_lists, k_means
from spacy_cner.vectors.words import WordVectors

PLACES, PEOPLE = ["青岛", "大连", "烟台", "臺灣"], ["王海", "林小燕", "老师"]


@pytest.fixture
def lexicon(tmp_path):
    """Two bundles of vectors, of places and of people."""
    words = [*PLACES, *PEOPLE]
    directions = numpy.repeat([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], [len(PLACES), len(PEOPLE)], axis=0)
    vectors = (directions + numpy.random.default_rng(0).normal(scale=0.05, size=directions.shape)).astype("float32")
    path = tmp_path / "words.npz"
    WordVectors(words, numpy.arange(len(words), 0, -1), vectors).save(path)
    return path


def test_words_with_similar_vectors_share_a_cluster(lexicon):
    lists = cluster_lists(lexicon, {"kind": 2, "word": 7})
    kind = lists["kind"]
    of = dict(zip(kind.entries, kind.classes))
    assert {of[word] for word in PLACES[:3]} == {of["台湾"]} != {of[word] for word in PEOPLE} == {of["王海"]}
    assert len(lists["word"].entries) == 7 and len(set(lists["word"].classes)) == 7


def test_more_clusters_than_words(lexicon):
    with pytest.raises(InputError, match="words.npz: expected 1 to 7 clusters 'kind' of its words, got 8"):
        cluster_lists(lexicon, {"kind": 8})


def test_clusters_without_a_lexicon():
    assert cluster_lists(None, {}) == {}
    with pytest.raises(InputError, match="expected the path of a lexicon, whose words make .* kind, got none"):
        cluster_lists(None, {"kind": 2})


def test_k_means_is_deterministic_and_accepts_equal_vectors():
    vectors = numpy.random.default_rng(1).normal(size=(50, 4)).astype("float32")
    first = k_means(vectors, 5)
    assert (first == k_means(vectors, 5)).all()
    assert first.min() >= 0 and first.max() < 5
    assert k_means(numpy.ones((6, 3), dtype="float32"), 3).shape == (6,)
