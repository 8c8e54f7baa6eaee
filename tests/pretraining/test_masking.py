import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import fix_random_seed

from spacy_cner.models.gram_table import NO_ROW, GramTable
from spacy_cner.pretraining.masking import draw_spans, draw_words, mask_docs
from spacy_cner.pretraining.shares import MASKED_SHARE
from spacy_cner.text.chars import MASK, codepoints

NLP = spacy.blank("zh")
TEXTS = st.lists(st.text(st.sampled_from("王海在青岛看，A1 \n😀"), max_size=12), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.integers(0, 99), st.integers(1, 3), st.integers(1, 3), st.data())
def test_no_ngram_reveals_a_masked_character(texts, seed, max_span, order, data):
    docs = [NLP.make_doc(text) for text in texts]
    fix_random_seed(seed)
    masked, _ = mask_docs(docs, 0.4, max_span)
    texts = ["".join(map(chr, codepoints(doc))) for doc in [*docs, *masked]]
    grams = sorted({text[i : i + order] for text in texts for i in range(len(text) - order + 1)})
    known = data.draw(st.lists(st.sampled_from(grams), unique=True)) if grams else []
    table = GramTable(order, known, data.draw(st.integers(0, 50)))
    for doc in masked:
        rows = table.rows(codepoints(doc))
        for i, token in enumerate(doc):
            if token.text == MASK:
                # Each n-gram with the masked character has the row that is always zero.
                assert (rows[max(0, i - order + 1) : i + 1] == NO_ROW).all()


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.integers(0, 99), st.integers(1, 3))
def test_only_the_drawn_positions_change(texts, seed, max_span):
    docs = [NLP.make_doc(text) for text in texts]
    fix_random_seed(seed)
    masked, positions = mask_docs(docs, 0.4, max_span)
    before, after = ([token.text for doc in each for token in doc] for each in (docs, masked))
    assert [len(doc) for doc in masked] == [len(doc) for doc in docs]
    assert [[t.whitespace_ for t in doc] for doc in masked] == [[t.whitespace_ for t in doc] for doc in docs]
    assert positions.tolist() == sorted(set(positions.tolist()))
    assert {i for i, (old, new) in enumerate(zip(before, after)) if old != new} <= set(positions.tolist())
    assert set(after) <= set(before) | {MASK}
    assert [doc.text for doc in docs] == texts


def test_shares():
    docs = [NLP.make_doc("王海在青岛看海的人很多" * 20)] * 100
    fix_random_seed(0)
    masked, positions = mask_docs(docs, 0.15)
    total = sum(map(len, docs))
    after = [token.text for doc in masked for token in doc]
    assert len(positions) / total == pytest.approx(0.15, rel=0.1)
    assert after.count(MASK) / len(positions) == pytest.approx(MASKED_SHARE, rel=0.1)
    kept = sum(after[i] == docs[0][i % len(docs[0])].text for i in positions)
    # A tenth stays, and some are replaced by what they are.
    assert 0.1 <= kept / len(positions) < 0.15


def test_spans():
    fix_random_seed(0)
    lengths = [7] * 3000
    positions, rolls = draw_spans(lengths, 0.15, 3)
    assert len(positions) / sum(lengths) == pytest.approx(0.14, abs=0.02)
    runs = numpy.split(positions, numpy.flatnonzero((numpy.diff(positions) > 1) | (numpy.diff(rolls) != 0)) + 1)
    sizes = [len(run) for run in runs]
    assert set(sizes) == {1, 2, 3}
    assert all(run[0] // 7 == run[-1] // 7 for run in runs)


def test_nothing_to_mask():
    masked, positions = mask_docs([NLP.make_doc("")], 0.5)
    assert [len(doc) for doc in masked] == [0]
    assert positions.tolist() == []


def test_the_mask_survives_the_vocabulary_and_is_a_character():
    doc = mask_docs([NLP.make_doc("海" * 200)], 0.9)[0][0]
    loaded = spacy.tokens.Doc(NLP.vocab).from_bytes(doc.to_bytes())
    assert MASK in doc.text
    assert loaded.text == doc.text
    assert codepoints(loaded).tolist() == [ord(char) for char in doc.text]
    assert [token.text for token in NLP.make_doc(doc.text)] == list(doc.text)


def test_words_are_masked_whole():
    docs = [NLP.make_doc(text) for text in ("王海在青岛看海。", "", "林小燕 来了")]
    words_of = [[(0, 2), (2, 3), (3, 5), (5, 7)], [], [(0, 3), (3, 5)]]
    fix_random_seed(0)
    seen = set()
    for _ in range(30):
        masked, positions = mask_docs(docs, 0.4, words_of=words_of)
        drawn = set(positions.tolist())
        for first, words in ((0, words_of[0]), (8, words_of[2])):
            for start, end in words:
                assert drawn & set(range(first + start, first + end)) in (set(), set(range(first + start, first + end)))
        assert 7 not in drawn  # of no word
        assert [len(doc) for doc in masked] == [len(doc) for doc in docs]
        assert positions.tolist() == sorted(drawn)
        seen |= drawn
    assert seen == set(range(13)) - {7}


def test_share_of_words():
    fix_random_seed(0)
    positions, rolls = draw_words([20000], 0.2, [[(i, i + 2) for i in range(0, 20000, 2)]])
    assert 0.18 < len(positions) / 20000 < 0.22
    assert (rolls[::2] == rolls[1::2]).all()
