import marshal
import os
import subprocess
import sys

import numpy
import pytest
import spacy
from spacy.tokens import Doc

from spacy_cner.features.columns import pos_column, tag_column, word_column
from spacy_cner.text import words
from spacy_cner.text.char_view import CharView, token_offsets
from spacy_cner.text.words import CATEGORIES, PKU_CATEGORIES, pos_category, positions_in_words, words_of_jieba

# The base tags of the PKU corpus' manual (Yu 1999), and those it derives from them
PKU_TAGS = {*"abcdefghijklmnopqrstuvwxyz", "ag", "dg", "ng", "tg", "vg", "ad", "an", "vd", "vn"}
PKU_TAGS |= {"nr", "ns", "nt", "nx", "nz"}


@pytest.fixture(scope="module")
def nlp():
    return spacy.blank("zh")


def column(function, doc):
    return function(doc, *token_offsets(CharView(doc.vocab)(doc))).tolist()


def test_a_planted_cache_of_jieba_is_not_read(tmp_path):
    pytest.importorskip("jieba")
    # What another user of the machine may leave where jieba keeps its cache: a dictionary of one "word".
    (tmp_path / "jieba.cache").write_bytes(marshal.dumps(({"在北京大学读": 10**6}, 10**6)))
    code = "from spacy_cner.text.words import load_jieba; print(*load_jieba().cut('在北京大学读'), sep='/')"
    places = dict.fromkeys(["TMPDIR", "TEMP", "TMP"], str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **places}, capture_output=True)
    assert done.stdout.decode("utf-8").strip() == "在/北京大学/读", done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["jieba.cache"]


def test_nine_categories_hold_all_tags():
    assert len(PKU_CATEGORIES) == 9
    known = " ".join(PKU_CATEGORIES.values()).split()
    assert len(known) == len(set(known)) and set(known) >= PKU_TAGS


@pytest.mark.parametrize(
    "tag, category",
    [("n", "noun"), ("nr", "person"), ("nrt", "person"), ("ns", "place"), ("Ng", "noun"), ("vn", "verb"),
     ("VERB", "verb"), ("uj", "function word"), ("PROPN", "other name"), ("w", "other"), ("???", "other"),
     ("", "other")],
)  # fmt: skip
def test_categories(tag, category):
    assert CATEGORIES[pos_category(tag)] == category


def test_words_of_a_component_come_first(nlp):
    doc = nlp("王海 在蓝天银行。")
    doc.spans["words"] = [doc.char_span(0, 2), doc.char_span(3, 4), doc.char_span(4, 8)]
    # W: a word of one character is U(nique), what is in no word O(utside)
    assert column(word_column, doc) == [1, 3, 4, 1, 2, 2, 3, 0]


def test_words_of_a_tokenizer(nlp):
    doc = Doc(nlp.vocab, words=["王海", "在", "银行"], spaces=[False] * 3, pos=["PROPN", "ADP", "NOUN"])
    assert column(word_column, doc) == [1, 3, 4, 1, 3]
    names = [CATEGORIES[i] for i in column(pos_column, doc)]
    assert names == ["other name", "other name", "function word", "noun", "noun"]


def test_words_of_jieba(nlp):
    pytest.importorskip("jieba")
    doc = nlp("我们 在银行工作。")
    borders = column(word_column, doc)
    assert len(borders) == len(doc) and set(borders) <= {1, 2, 3, 4}
    assert borders[:2] == [1, 3]
    assert CATEGORIES[column(pos_column, doc)[0]] == "function word"


def test_words_of_long_texts_are_not_kept():
    pytest.importorskip("jieba")
    before = words._cut_once.cache_info().currsize
    found = [words._jieba_words("我们在银行工作。" * n) for n in (100, 100, 3, 3)]
    assert found[0] == found[1] and len(found[0]) == 100 * len(found[2]) // 3
    assert words._cut_once.cache_info().currsize == before + 1


def test_jieba_reads_traditional_text_as_simplified():
    pytest.importorskip("jieba")
    assert words_of_jieba("我們在銀行工作") == words_of_jieba("我们在银行工作")


def test_tags_of_entities(nlp):
    doc = nlp("王海去大连,她不去。")
    doc.ents = [doc.char_span(0, 2, "PER"), doc.char_span(3, 5, "LOC"), doc.char_span(6, 7, "PER")]
    tags = column(tag_column, doc)
    assert len(set(tags)) == 6  # B and E of two labels, S, O
    assert [tag == 0 for tag in tags] == [False, False, True, False, False, True, False, True, True, True]
    again = nlp("海王。")
    again.ents = [again.char_span(0, 2, "PER")]
    assert column(tag_column, again)[:2] == tags[:2]
    assert numpy.abs(tags).max() < 2**63


@pytest.mark.parametrize("function", [word_column, pos_column, tag_column])
def test_empty_document(nlp, function):
    assert column(function, nlp("")) == []


def test_positions_in_words(nlp):
    doc = nlp("王海  在蓝天银行。")
    assert [token.text for token in doc][2] == " "  # the first of two spaces belongs to the token before
    doc.spans["words"] = [doc[:2], doc[3:4], doc[4:8]]
    assert positions_in_words(doc).tolist() == [0, 1, 0, 0, 0, 1, 2, 3, 0]
    assert positions_in_words(nlp("")).tolist() == []
