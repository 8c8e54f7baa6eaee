"""The extractor against one that builds each feature as a readable text, character by character."""

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.errors import InputError
from spacy_cner.features.classes import char_class
from spacy_cner.features.extract import Extractor
from spacy_cner.features.template import parse_template
from spacy_cner.features.word_list import WordList
from spacy_cner.text.chars import normalize_char

NLP = spacy.blank("zh")
LISTS = {"surname": WordList(["王", "林"]), "place": WordList(["大连", "大连湾"])}
TEMPLATES = [
    *("c[0]", "c[-1]c[0]", "c[1]c[-2]", "class[-3]class[0]", "surname[1]", "place[0]c[1]"),
    *("B:c[0]", "B:class[-1]"),
]


def by_hand(text_of_template, doc):
    """For each character a text that stands for its feature."""
    template = parse_template(text_of_template)
    chars = [normalize_char(token.text[0]) for token in doc]
    columns = {
        "c": chars,
        "class": [char_class(char) for char in chars],
        "surname": [char in "王林" for char in chars],
        "place": LISTS["place"].match(numpy.array([ord(char) for char in chars], dtype="int64")).tolist(),
    }
    return [
        str((template.parts, [columns[name][i + k] if 0 <= i + k < len(doc) else None for name, k in template.parts]))
        for i in range(len(doc))
    ]


@given(st.lists(st.text("王林大连湾a1 。😀\u3000\n", max_size=12), max_size=5))
@settings(max_examples=100, deadline=None)
def test_features_are_the_same_where_they_read_the_same(texts):
    docs = [NLP(text) for text in texts]
    features = Extractor(TEMPLATES, LISTS)(docs, docs)
    for kind, keys in (("B:", features.bigram), ("", features.plain)):
        templates = [template for template in TEMPLATES if template.startswith("B:") == (kind == "B:")]
        assert keys.shape == (len(templates), sum(map(len, docs)))
        for template, column in zip(templates, keys.tolist(), strict=True):
            names = [name for doc in docs for name in by_hand(template, doc)]
            # One number for each name, and one name for each number
            assert len(set(zip(names, column))) == len(set(names)) == len(set(column))


@given(st.lists(st.text("王林大连a ", max_size=8), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_batch_is_its_documents(texts):
    docs = [NLP(text) for text in texts]
    extract = Extractor(TEMPLATES, LISTS)
    together = extract(docs, docs)
    alone = [extract([doc], [doc]) for doc in docs]
    for kind in ("plain", "bigram"):
        expected = numpy.concatenate([getattr(features, kind) for features in alone], axis=1)
        numpy.testing.assert_array_equal(getattr(together, kind), expected)


def test_templates_do_not_share_features():
    doc = NLP("王王王王")
    keys = Extractor(["c[0]", "c[1]", "c[-1]", "c[0]c[1]", "class[0]"], {})([doc], [doc]).plain
    assert len(set(keys[:, 1].tolist())) == 5


def test_no_documents():
    features = Extractor(TEMPLATES, LISTS)([], [])
    assert features.plain.shape == (6, 0) and features.bigram.shape == (2, 0)


def test_unknown_column_and_list_with_the_name_of_a_column():
    with pytest.raises(InputError, match="expected a column out of c, .*, tag, known, place, surname.*'surnam'"):
        Extractor(["surnam[0]"], {"place": LISTS["place"], "surname": LISTS["surname"]})
    with pytest.raises(InputError, match="a name of its own, got 'word'"):
        Extractor(["c[0]"], {"word": LISTS["place"]})
