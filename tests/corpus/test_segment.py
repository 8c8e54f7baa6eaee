import sys
from types import SimpleNamespace

import pytest
import spacy
from corpus.strategies import ANY_TEXT, AWKWARD_TEXT, annotated_texts
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from spacy_cner.corpus.document import AnnotatedText, trim
from spacy_cner.corpus.segment import add_words, cut_words, has_words, load_segmenter, word_offsets
from spacy_cner.errors import CorpusError, InputError
from spacy_cner.text.words import WORDS_KEY

TEXT = "小周在苏州银行 用iPhone X"


class PairTokenizer:
    """Words of two characters, white space or not."""

    def __init__(self, vocab):
        self.vocab = vocab

    def __call__(self, text):
        words = [text[i : i + 2] for i in range(0, len(text), 2)]
        return Doc(self.vocab, words=words, spaces=[False] * len(words))


class EachCharacter:
    """A component that sets words, each of one character; `change` makes them wrong."""

    def __init__(self, change=list):
        self.change = change

    def __call__(self, doc):
        doc.spans[WORDS_KEY] = self.change([doc[i : i + 1] for i in range(len(doc))])
        return doc


@Language.factory("each_character_for_test")
def make_each_character(nlp, name):
    return EachCharacter()


@pytest.fixture(scope="module")
def pairs():
    nlp = spacy.blank("zh")
    nlp.tokenizer = PairTokenizer(nlp.vocab)
    return nlp


@pytest.fixture(scope="module")
def jieba():
    return load_segmenter("jieba")


def make_doc(nlp, text=TEXT, entities=(), words=None):
    return AnnotatedText(text, list(entities), words).to_doc(nlp.vocab)


def texts_of(doc):
    return [span.text for span in doc.spans[WORDS_KEY]]


def test_words_by_hand(pairs):
    (doc,) = add_words(pairs, [make_doc(pairs)])
    assert texts_of(doc) == ["小周", "在苏", "州银", "行", "用i", "Ph", "on", "e", "X"]


def test_words_are_cut_at_entities(pairs):
    entities = [(0, 2, "PER"), (3, 7, "ORG"), (9, 17, "ITEM")]
    (doc,) = add_words(pairs, [make_doc(pairs, entities=entities)])
    assert texts_of(doc) == ["小周", "在", "苏", "州银", "行", "用", "i", "Ph", "on", "e", "X"]
    assert AnnotatedText.from_doc(doc).entities == entities
    (uncut,) = add_words(pairs, [make_doc(pairs, entities=entities)], entity_borders=False)
    assert texts_of(uncut)[:4] == ["小周", "在苏", "州银", "行"]


def test_word_offsets_a_component_go_before_tokens(pairs):
    nlp = spacy.blank("zh")
    nlp.add_pipe("each_character_for_test")
    (doc,) = add_words(nlp, [make_doc(nlp)])
    assert texts_of(doc) == [char for char in TEXT if char != " "]


def test_gold_words_stay(pairs):
    gold = make_doc(pairs, "小周来了", [(0, 2, "PER")], [(0, 1), (1, 4)])
    bare = make_doc(pairs, "小吴走")
    kept, added = add_words(pairs, [gold, bare])
    assert (texts_of(kept), texts_of(added)) == (["小", "周来了"], ["小吴", "走"])
    (new,) = add_words(pairs, [gold], overwrite=True)
    assert texts_of(new) == ["小周", "来了"]


def test_the_rest_of_a_character_doc_stays(pairs):
    doc = make_doc(pairs, "小周走")
    doc.cats, doc.spans["other"] = {"short": 1.0}, [doc[0:1]]
    doc.set_ents([], missing=[doc[1:2]], default="outside")
    (done,) = add_words(pairs, [doc])
    assert done is doc
    assert (done.cats, len(done.spans["other"]), done[1].ent_iob) == ({"short": 1.0}, 1, 0)


def test_a_doc_of_words_becomes_one_of_characters(pairs):
    words = Doc(pairs.vocab, words=["小周在", "苏州", "iPhone"], spaces=[False, True, False])
    words.ents = [words.char_span(3, 5, label="LOC")]
    (doc,) = add_words(pairs, [words])
    assert (doc.text, texts_of(doc)) == (words.text, ["小周", "在", "苏", "州", "iP", "ho", "ne"])
    assert AnnotatedText.from_doc(doc).entities == [(3, 5, "LOC")]


def test_missing_entities_stay_missing(pairs):
    (doc,) = add_words(pairs, [AnnotatedText("小周走").to_doc(pairs.vocab)])
    assert not doc.has_annotation("ENT_IOB") and has_words(doc)


def test_docs_without_text_and_of_white_space(pairs):
    empty, blank = add_words(pairs, [Doc(pairs.vocab), pairs.tokenizer(" \n")])
    assert not has_words(empty)
    assert texts_of(blank) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(annotated_texts(), min_size=1, max_size=3), st.booleans())
def test_text_and_entities_survive(pairs, jieba, texts, by_jieba):
    nlp = jieba if by_jieba else pairs
    done = list(add_words(nlp, [text.to_doc(nlp.vocab) for text in texts]))
    for before, doc in zip(texts, done, strict=True):
        after = AnnotatedText.from_doc(doc)
        assert (after.text, after.entities) == (before.text, before.entities)
        assert after.words is not None
        if before.words is not None:
            assert after.words == before.words
        else:
            begins, ends = ({word[i] for word in after.words} for i in (0, 1))
            assert all(start in begins and end in ends for start, end, _ in before.entities)


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT | AWKWARD_TEXT)
def test_jieba_takes_any_text(jieba, text):
    (doc,) = add_words(jieba, [AnnotatedText(text).to_doc(jieba.vocab)])
    words = AnnotatedText.from_doc(doc).words
    assert "".join("".join(text[start:end] for start, end in words).split()) == "".join(text.split())


@given(annotated_texts(), st.sets(st.integers(0, 14)))
def test_cut_words_adds_the_borders_and_no_other(text, borders):
    words = text.words or trim(text.text, [(0, len(text.text))])
    cut = cut_words(words, borders)
    inside = {b for b in borders if any(start < b < end for start, end in words)}
    assert {edge for word in cut for edge in word} == {edge for word in words for edge in word} | inside
    assert all(start < end for start, end in cut)


def test_word_offsets_tokens_and_of_spans(pairs):
    doc = Doc(pairs.vocab, words=["小周", "\u3000", "来了"], spaces=[False, False, False])
    assert word_offsets(doc) == [(0, 2), (3, 5)]
    doc.spans[WORDS_KEY] = [doc[0:2]]
    assert word_offsets(doc) == [(0, 2)]


def test_jieba(jieba):
    (doc,) = add_words(jieba, [make_doc(jieba, "他们在北京大学上课")])
    assert texts_of(doc) == ["他们", "在", "北京大学", "上课"]


class FakePkuseg:
    def __init__(self, model, user_dict):
        assert (model, user_dict) == ("spacy_ontonotes", "default")

    def cut(self, text):
        return [text[i : i + 3] for i in range(0, len(text), 3)]


def test_pkuseg(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy_pkuseg", SimpleNamespace(pkuseg=FakePkuseg))
    nlp = load_segmenter("pkuseg")
    (doc,) = add_words(nlp, [make_doc(nlp, "他们在北京")])
    assert texts_of(doc) == ["他们在", "北京"]


@pytest.mark.parametrize(
    "name, module, extra", [("pkuseg", "spacy_pkuseg", "spacy_cner[pkuseg]"), ("jieba", "jieba", "spacy_cner[words]")]
)
def test_segmenter_that_is_not_installed(monkeypatch, name, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=f"expected {name} to be installed") as error:
        load_segmenter(name)
    assert extra in str(error.value)


def test_pkuseg_without_its_model(monkeypatch):
    def offline(model, user_dict):
        raise ConnectionError("no network")

    monkeypatch.setitem(sys.modules, "spacy_pkuseg", SimpleNamespace(pkuseg=offline))
    with pytest.raises(InputError, match="expected a model of pkuseg .*no network"):
        load_segmenter("pkuseg")


def test_characters_are_no_words():
    nlp = spacy.blank("zh")
    with pytest.raises(InputError, match="got one whose tokens are characters"):
        list(add_words(nlp, [make_doc(nlp)]))


def test_unknown_spaces(pairs):
    with pytest.raises(InputError, match="expected documents that say where their text has spaces"):
        list(add_words(pairs, [Doc(pairs.vocab, words=["小", "周"])]))


@pytest.mark.parametrize("change, message", [(lambda w: w[1:], "in none"), (lambda w: [w[0], *w], "overlap")])
def test_words_that_cannot_be(change, message):
    nlp = spacy.blank("zh")
    nlp._components = [("broken", EachCharacter(change))]
    with pytest.raises(CorpusError, match=message):
        list(add_words(nlp, [make_doc(nlp)]))


def test_text_that_the_pipeline_changes(pairs):
    nlp = spacy.blank("zh")
    nlp.tokenizer = lambda text: pairs.tokenizer(text + "。")
    with pytest.raises(InputError, match="leaves the text as it is"):
        list(add_words(nlp, [make_doc(nlp)]))
