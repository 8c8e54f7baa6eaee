import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.features.dictionary import NO_ROW, Dictionary, leading

EDGES = [0, 1, 2**63, 2**64 - 2, 2**64 - 1]
KEYS = st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1), st.integers(0, 50), st.integers(2**40, 2**40 + 50))


@given(st.sets(KEYS, max_size=60), st.lists(KEYS, max_size=60))
@settings(max_examples=200, deadline=None)
def test_finds_what_it_knows_and_nothing_else(known, asked):
    asked = [*asked, *sorted(known)]
    dictionary = Dictionary(numpy.array(sorted(known), dtype="uint64"))
    rows = dictionary.rows(numpy.array(asked, dtype="uint64"))
    expected = {key: row for row, key in enumerate(sorted(known), start=1)}
    assert rows.tolist() == [expected.get(key, NO_ROW) for key in asked]
    assert len(dictionary) == 1 + len(known)


def test_many_keys_of_any_shape():
    random = numpy.random.default_rng(0)
    known = numpy.unique(random.integers(0, 2**64 - 1, 5000, dtype="uint64"))
    dictionary = Dictionary(known)
    assert (dictionary.rows(known.reshape(-1, 1))[:, 0] == numpy.arange(1, 1 + len(known))).all()
    assert not dictionary.rows(random.integers(0, 2**64 - 1, (50, 40), dtype="uint64")).any()


def test_shortened_keys_keep_their_rows():
    random = numpy.random.default_rng(1)
    known = numpy.unique(random.integers(0, 2**64 - 1, 5000, dtype="uint64"))
    short = Dictionary(known).shortened(40)
    assert (short.rows(known) == numpy.arange(1, 1 + len(known))).all()
    assert (short.rows(known ^ numpy.uint64(1)) == numpy.arange(1, 1 + len(known))).all()
    assert not short.rows(known ^ numpy.uint64(1 << 30)).any()


@pytest.mark.parametrize("min_count, expected", [(1, [3, 5, 9]), (2, [5, 9]), (3, [9]), (4, [])])
def test_cut_off(min_count, expected):
    keys = numpy.array([[9, 5, 9], [5, 9, 3]], dtype="uint64")
    assert Dictionary.from_counts(keys, min_count).keys.tolist() == expected


@given(st.sets(st.integers(0, 2**64 - 1), max_size=50), st.sampled_from([40, 64]))
@settings(max_examples=100)
def test_saved_keys(keys, bits):
    dictionary = Dictionary(numpy.unique(leading(numpy.array(list(keys), dtype="uint64"), bits)), bits)
    loaded = Dictionary.from_dict(dictionary.to_dict())
    assert (loaded.keys.tolist(), loaded.bits) == (dictionary.keys.tolist(), bits)


def test_many_short_keys_take_four_bytes():
    keys = numpy.unique(numpy.random.default_rng(0).integers(0, 2**64 - 1, 100_000, dtype="uint64"))
    assert Dictionary(keys).shortened(40).to_dict()["planes"].nbytes <= 4 * len(keys)
