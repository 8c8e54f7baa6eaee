import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from thinc.api import Model

from spacy_cner.models.gram_table import NO_ROW, GramTable, gram_keys
from spacy_cner.text.chars import normalize_char, normalize_codepoints

TEXTS = st.text(st.sampled_from("王海林燕A1，,\u3000 😀𠮷"), max_size=8)


def points(text):
    return numpy.array([ord(char) for char in text], dtype="uint32")


def test_known_grams_have_their_rows_in_order():
    table = GramTable(2, ["海林", "王海"], buckets=10)
    assert len(table) == 1 + 2 + 10
    rows = table.rows(points("王海林燕"))
    assert rows.dtype == numpy.int64
    assert rows[:2].tolist() == [2, 1]
    assert 3 <= rows[2] < 13
    assert rows[3] == NO_ROW


@given(
    texts=st.lists(TEXTS, min_size=1, max_size=4), order=st.integers(1, 3), buckets=st.integers(0, 50), data=st.data()
)
def test_rows_by_name_or_by_hash(texts, order, buckets, data):
    plain = ["".join(map(plain_char, text)) for text in texts]
    grams = sorted({text[i : i + order] for text in plain for i in range(len(text) - order + 1)})
    known = data.draw(st.lists(st.sampled_from(grams), unique=True)) if grams else []
    table = GramTable(order, known, buckets)
    hashed = {}
    for text, normal in zip(texts, plain):
        rows = table.rows(points(text)).tolist()
        assert len(rows) == len(text)
        for i, row in enumerate(rows):
            gram = normal[i : i + order]
            if len(gram) < order:
                assert row == NO_ROW
            elif gram in known:
                assert row == 1 + known.index(gram)
            elif buckets:
                assert 1 + len(known) <= row < len(table)
                assert hashed.setdefault(gram, row) == row
            else:
                assert row == NO_ROW


@given(texts=st.lists(TEXTS | st.just("\ufdd0海"), max_size=5), order=st.integers(1, 3))
def test_of_all_texts_as_of_each(texts, order):
    table = GramTable(order, ["海林燕"[:order]], 50)
    each = [row for text in texts for row in table.rows(points(text)).tolist()]
    rows = table.rows_of([points(text) for text in texts])
    assert rows.dtype == numpy.int64 and rows.tolist() == each


def plain_char(char):
    return char if char == "𠮷" else normalize_char(char)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_hashes_spread_over_the_buckets(order):
    text = numpy.random.default_rng(0).permutation(numpy.arange(0x4E00, 0x4E00 + 4000, dtype="uint32"))
    rows = GramTable(order, [], 4000).rows(text)
    # 4,000 n-grams drawn into 4,000 buckets leave 1/e of them empty.
    assert len(set(rows.tolist())) > 0.6 * 4000


POINT = st.integers(0, 0x10FFFF) | st.sampled_from([0, 1, 0xFFFF, 0x10000, 0x10FFFF])


@given(st.integers(1, 3).flatmap(lambda n: st.sets(st.tuples(*[POINT] * n), min_size=1)))
def test_keys_of_different_grams_differ(grams):
    keys = gram_keys(numpy.array(sorted(grams)))
    assert keys.dtype == numpy.uint64
    assert len(set(keys.tolist())) == len(grams)


def test_normalize_codepoints_is_normalize_char():
    plane = numpy.arange(0x10000, dtype="uint32")
    assert normalize_codepoints(plane).tolist() == [ord(normalize_char(chr(i))) for i in range(0x10000)]
    assert normalize_codepoints(points("😀𠮷👍🏽")).tolist() == points(",𠮷,,").tolist()


def test_saved_with_a_model():
    table = GramTable(2, ["王海", "海 "], 7)
    saved = Model("model", lambda *args: None, attrs={"table": table}).to_bytes()
    loaded = Model("model", lambda *args: None, attrs={"table": GramTable(1, [], 0)}).from_bytes(saved).attrs["table"]
    assert (loaded.order, loaded.known, loaded.buckets) == (2, ["王海", "海 "], 7)
    text = points("王海 林燕")
    assert loaded.rows(text).tolist() == table.rows(text).tolist()


@pytest.mark.parametrize("order", [0, 4])
def test_order_out_of_range(order):
    with pytest.raises(ValueError, match=f"order from 1 to 3, got {order}"):
        GramTable(order, [], 10)


def test_known_gram_of_another_order():
    with pytest.raises(ValueError, match="n-grams of 2 characters, got '王'"):
        GramTable(2, ["王海", "王"], 10)
