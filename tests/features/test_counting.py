import numpy
import pytest

from spacy_cner.features import counting
from spacy_cner.features.counting import KeyCounts


@pytest.mark.parametrize("pending", [1, 100, 10**6])
def test_counts_equal_those_of_all_keys_at_once(monkeypatch, pending):
    monkeypatch.setattr(counting, "PENDING", pending)
    random = numpy.random.default_rng(0)
    edges = numpy.array([0, 2**64 - 1, 2**60 - 1, 2**60], dtype="uint64")
    few = numpy.concatenate([random.integers(0, 2**64 - 1, 300, dtype="uint64"), edges])
    arrays = [random.choice(few, size=(3, n)) for n in (40, 0, 1, 200)]
    counts = KeyCounts()
    for each in arrays:
        counts.add(each)
    found, numbers = numpy.unique(numpy.concatenate([each.ravel() for each in arrays]), return_counts=True)
    for min_count in (1, 2, 4, 100):
        numpy.testing.assert_array_equal(counts.frequent(min_count), found[numbers >= min_count])


def test_nothing_was_counted():
    assert KeyCounts().frequent(1).tolist() == []
