import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from spacy.tokens import DocBin

from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.split import WAYS, assign, sample, sizes, split
from spacy_cner.errors import InputError

VOCAB = chinese_vocab()
SENTENCES = [AnnotatedText(f"第{i}句", [(1, 2, "N")] if i % 2 else None, [(0, 3)]) for i in range(10)]


def corpus():
    return DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[sentence.to_doc(VOCAB) for sentence in SENTENCES])


def read(docs):
    return [AnnotatedText.from_doc(doc) for doc in docs.get_docs(VOCAB)]


@given(st.integers(3, 200), st.lists(st.integers(1, 20), min_size=1, max_size=3))
def test_sizes(count, ratio):
    assume(count * min(ratio) >= sum(ratio))
    parts = sizes(count, ratio)
    assert sum(parts) == count
    assert all(abs(size - count * share / sum(ratio)) < 1 for size, share in zip(parts, ratio, strict=True))


@pytest.mark.parametrize("by", WAYS)
def test_nothing_is_lost(by):
    parts = split(corpus(), [8, 1, 1], by=by, seed=3)
    assert [len(part) for part in parts] == [8, 1, 1]
    read_parts = [read(part) for part in parts]
    for part in read_parts:
        assert part == [sentence for sentence in SENTENCES if sentence in part]  # in the corpus' order
    assert sorted(sentence.text for part in read_parts for sentence in part) == [s.text for s in SENTENCES]


def test_order():
    assert assign(6, [3, 2, 1], by="order") == [0, 0, 0, 1, 1, 2]


@given(st.integers(10, 100))
def test_stratified_parts_come_from_all_over(count):
    parts = assign(count, [8, 1, 1], by="stratified")
    for part, share in enumerate([0.8, 0.1, 0.1]):
        size = parts.count(part)
        for end in range(count + 1):
            assert abs(parts[:end].count(part) - size * end / count) < 1.5, (part, share, end)


def test_random_follows_the_seed():
    ratio = [8, 1, 1]
    assert assign(100, ratio, seed=1) == assign(100, ratio, seed=1) != assign(100, ratio, seed=2)
    assert sorted(assign(100, ratio, seed=1)) == assign(100, ratio, by="order")


def test_samples_of_one_seed_are_nested():
    small, large = (read(sample(corpus(), fraction, seed=5)) for fraction in (0.2, 0.5))
    assert (len(small), len(large)) == (2, 5) and all(sentence in large for sentence in small)


def test_user_data_is_kept():
    doc = SENTENCES[0].to_doc(VOCAB)
    doc.user_data["source"] = "a"
    parts = split(DocBin(store_user_data=True, docs=[doc, doc]), [1, 1])
    assert [next(part.get_docs(VOCAB)).user_data["source"] for part in parts] == ["a", "a"]


@pytest.mark.parametrize(
    "ratio, by, message",
    [
        ([8, 1, 0], "random", "positive numbers, got 8:1:0"),
        ([8, -1], "random", "positive numbers"),
        ([float("nan"), 1], "random", "positive numbers"),
        ([], "random", "positive numbers"),
        ([99, 1], "random", "enough documents for a ratio of 99:1, got 10"),
        ([1e308] * 3, "random", r"a ratio of smaller numbers, got 1e\+308:1e\+308:1e\+308"),
        ([1.5e308, 1], "random", r"a ratio of smaller numbers, got 1.5e\+308:1"),
        ([8, 2], "sorted", "random, order, stratified, got 'sorted'"),
    ],
)
def test_what_cannot_be_split(ratio, by, message):
    with pytest.raises(InputError, match=message):
        split(corpus(), ratio, by=by)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_fractions(fraction):
    with pytest.raises(InputError, match="between 0 and 1"):
        sample(corpus(), fraction)
