import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.terms.columns import Term, TermColumns
from spacy_cner.terms.index import TermIndex, is_inside_word
from spacy_cner.text.folding import Folding

ALPHABET = st.text(st.sampled_from("阿里山阿aA１1.,- 國国🙂"), min_size=1, max_size=5).filter(
    lambda text: bool(text.strip())
)


def naive(terms, text, folding, guard):
    """All places of all terms, one comparison after another."""
    folded = folding(text)
    keys = {folding(term) for term in terms}
    return {
        (start, end)
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if folded[start:end] in keys and not (guard and is_inside_word(folded, start, end))
    }


@given(
    st.lists(ALPHABET, max_size=8), st.text(st.sampled_from("阿里山阿aA１1.,- 國国🙂\n"), max_size=40), st.booleans(),
    st.builds(Folding, st.booleans(), st.booleans(), st.booleans()),
)  # fmt: skip
def test_it_finds_what_a_naive_search_finds(terms, text, guard, folding):
    index = TermIndex(TermColumns.of((term, "X") for term in terms), folding, guard)
    hits = list(index.find(text))
    assert {hit[:2] for hit in hits} == naive([term.strip() for term in terms], text, folding, guard)
    assert len(hits) == len({hit[:2] for hit in hits})
    for start, end, term in hits:
        assert folding(term.text) == folding(text[start:end])


@pytest.mark.parametrize(
    "text, start, end, inside",
    [
        ("MAIN", 1, 3, True),
        ("AI很好", 0, 2, False),
        ("用AI", 1, 3, False),
        ("3.14", 2, 4, True),
        ("3.14", 0, 1, True),
        ("1,000", 0, 1, True),
        ("iPhone 15", 0, 6, False),
        ("iPhone15", 0, 6, True),
        ("第14.", 1, 3, False),
        ("naïve", 0, 2, True),
        ("ＭＡＩＮ", 1, 3, True),
        ("AIＮ", 0, 2, True),
        ("用ＡＩ", 1, 3, False),
        ("小米14", 0, 2, False),  # a Chinese character is no word that goes on
        ("小米140", 0, 4, True),
    ],
)
def test_inside_a_word(text, start, end, inside):
    assert is_inside_word(text, start, end) == inside


def index_of(*terms, folding=Folding(), guard=True):
    return TermIndex(TermColumns.of(terms), folding, guard)


@pytest.mark.parametrize(
    "folding, found", [(Folding(), True), (Folding(case=False), False), (Folding(width=False), False)]
)
def test_case_and_width(folding, found):
    assert bool(list(index_of(("iPhone", "X"), folding=folding).find("我的ＩＰＨＯＮＥ"))) == found


@pytest.mark.parametrize("term, text", [("头发", "頭髮"), ("頭髮", "头发"), ("臺灣", "台湾")])
def test_script(term, text):
    assert list(index_of((term, "X")).find(text))
    assert not list(index_of((term, "X"), folding=Folding(script=False)).find(text))


def test_the_heavier_term_counts_then_the_last():
    index = index_of(("苹果", "ORG", "", 2.0), ("苹果", "水果"), ("小米", "ORG"), ("小米", "粮食", "Q1"))
    assert index.lookup("苹果") == Term("苹果", "ORG", "", 2.0)
    assert index.lookup("小米") == Term("小米", "粮食", "Q1")
    assert [(text, kept.label, other.label) for text, kept, other in index.conflicts] == [
        ("小米", "粮食", "ORG"),
        ("苹果", "ORG", "水果"),
    ]


def test_the_term_that_is_written_as_the_text_has_it_counts():
    index = index_of(("APPLE", "A", "1"), ("apple", "B", "2"), ("Apple", "C", "3"))
    assert [hit.term.kb_id for hit in index.find("apple APPLE aPPle")] == ["2", "1", "3"]
    assert not index.conflicts


@given(
    st.lists(
        st.tuples(
            st.text("aAｂ甲", min_size=1, max_size=2), st.sampled_from("XYZ"), st.just(""), st.sampled_from([1, 2])
        )
    ),
    st.text("ａaABbｂＢ甲乙", max_size=12),
)
def test_an_index_of_its_own_terms_finds_the_same(terms, text):
    index = index_of(*terms, guard=False)
    expected, columns = list(index.find(text)), index.columns()
    assert list(columns) == list(index)
    for _ in range(3):
        index = TermIndex(index.columns(), index.folding, guard=False)
        assert list(index.find(text)) == expected and not index.conflicts
        assert index.columns() == columns


def test_a_term_with_blanks_and_slashes():
    terms = [("New York", "LOC"), ("AC/DC", "ORG"), ("a\\b", "X"), ("C++", "X")]
    found = [hit.term.text for hit in index_of(*terms).find("在new york听AC/DC，写a\\b和c++")]
    assert found == ["New York", "AC/DC", "a\\b", "C++"]


def test_half_of_a_character_in_a_text():
    assert [hit[:2] for hit in index_of(("青岛", "LOC")).find("\ud83d青岛")] == [(1, 3)]


def test_no_terms():
    assert list(index_of().find("青岛")) == [] and index_of().lookup("青岛") is None


def test_pickle():
    index = pickle.loads(pickle.dumps(index_of(("青岛", "LOC", "Q1", 0.5), ("Apple", "ORG"))))
    assert list(index) == [Term("Apple", "ORG"), Term("青岛", "LOC", "Q1", 0.5)]
    assert index.lookup("青岛").kb_id == "Q1"
