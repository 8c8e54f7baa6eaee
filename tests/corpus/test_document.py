import pytest
import spacy
from corpus.strategies import annotated_texts
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin

from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText, join_words
from spacy_cner.errors import CorpusError
from spacy_cner.text.words import WORDS_KEY

VOCAB = chinese_vocab()


@settings(max_examples=150, deadline=None)
@given(annotated_texts(), st.booleans())
def test_doc_and_back(annotated, has_entities):
    if not has_entities:
        annotated = AnnotatedText(annotated.text, None, annotated.words)
    doc = annotated.to_doc(VOCAB)
    assert AnnotatedText.from_doc(doc) == annotated
    bytes_data = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[doc]).to_bytes()
    (read,) = DocBin().from_bytes(bytes_data).get_docs(VOCAB)
    assert AnnotatedText.from_doc(read) == annotated


@pytest.mark.parametrize("text", ["王海去大连。", "  两个  空格 和\t制表\n", "Tom Lee 来", "　", "👨\u200d👩 e\u0301"])
def test_tokens_are_those_of_the_char_segmenter(text):
    doc = AnnotatedText(text).to_doc(VOCAB)
    expected = spacy.blank("zh")(text)
    assert [(t.text, t.whitespace_) for t in doc] == [(t.text, t.whitespace_) for t in expected]


def test_missing_is_not_empty():
    missing = AnnotatedText("你好").to_doc(VOCAB)
    empty = AnnotatedText("你好", [], [(0, 2)]).to_doc(VOCAB)
    assert not missing.has_annotation("ENT_IOB") and WORDS_KEY not in missing.spans
    assert empty.has_annotation("ENT_IOB") and [word.text for word in empty.spans[WORDS_KEY]] == ["你好"]


def test_entities_and_words_of_a_doc():
    words = [(0, 3), (4, 7), (9, 10), (10, 12)]
    doc = AnnotatedText("Tom Lee  去大连", [(0, 7, "PER"), (10, 12, "LOC")], words).to_doc(VOCAB)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Tom Lee", "PER"), ("大连", "LOC")]
    assert [word.text for word in doc.spans[WORDS_KEY]] == ["Tom", "Lee", "去", "大连"]


def test_parts_of_speech_are_the_labels_of_words():
    annotated = AnnotatedText("王海 去大连", None, [(0, 2), (3, 4), (4, 6)], ["nr", "v", "ns"])
    doc = annotated.to_doc(VOCAB)
    assert [word.label_ for word in doc.spans[WORDS_KEY]] == ["nr", "v", "ns"]
    assert AnnotatedText.from_doc(doc) == annotated
    with pytest.raises(CorpusError, match="a part of speech for each of 3 words, got 2"):
        AnnotatedText("王海 去大连", None, [(0, 2), (3, 4), (4, 6)], ["nr", "v"])


@pytest.mark.parametrize(
    "entities, words, message",
    [
        ([(0, 9, "PER")], None, "entities inside of 0-5, got '王海 大连' (0-9 PER)"),
        ([(-1, 2, "PER")], None, "entities inside of 0-5"),
        ([(2, 2, "PER")], None, "entities inside of 0-5, got '' (2-2 PER)"),
        ([(0, 2, "PER"), (1, 2, "LOC")], None, "do not overlap, got '海' (1-2 LOC) after one that ends at 2"),
        ([(3, 5, "LOC"), (0, 2, "PER")], None, "entities that do not overlap"),
        ([(0, 3, "PER")], None, "entities without white space at their ends, got '王海 ' (0-3 PER)"),
        ([(2, 5, "LOC")], None, "entities without white space at their ends"),
        ([(0, 2, "")], None, "empty label"),
        (None, [(0, 2)], "every character in a word, got ' 大连' (2-5) in none"),
        (None, [(0, 2), (1, 5)], "words that do not overlap"),
        (None, [(0, 3), (3, 5)], "words without white space"),
    ],
)
def test_annotation_that_does_not_fit(entities, words, message):
    with pytest.raises(CorpusError) as error:
        AnnotatedText("王海 大连", entities, words)
    assert message in str(error.value) and "in '王海 大连'" in str(error.value)


def test_text_that_is_none():
    with pytest.raises(CorpusError, match="empty"):
        AnnotatedText("")
    with pytest.raises(CorpusError, match=r"half a surrogate pair \(U\+D83D at 1\)"):
        AnnotatedText("你\ud83d")


def test_entities_in_a_part_of_a_doc():
    doc = AnnotatedText("王海来了").to_doc(VOCAB)
    doc.set_ents([doc[0:2].char_span(0, 2, label="PER")], default="missing")
    with pytest.raises(CorpusError, match="a part only"):
        AnnotatedText.from_doc(doc)


def test_join_words():
    assert join_words(["王海", " ", "来 ", "了"]) == ("王海 来 了", [(0, 2), (3, 4), (5, 6)])
