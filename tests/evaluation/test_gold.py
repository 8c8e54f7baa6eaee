import spacy
from spacy.tokens import Doc, Span

from spacy_cner.evaluation.gold import char_doc, is_annotated

VOCAB = spacy.blank("zh").vocab


def word_doc():
    doc = Doc(VOCAB, words=["小周", "买", "iPhone", "X", "，", "找", "老吴"], spaces=[0, 0, 1, 0, 0, 0, 0])
    doc.set_ents([Span(doc, 0, 1, label="PER"), Span(doc, 2, 4, label="ITEM")], missing=[doc[6:7]], default="outside")
    return doc


def test_char_doc_keeps_text_entities_and_what_is_missing():
    words = word_doc()
    chars = char_doc(words)
    assert chars.text == words.text
    assert [token.text for token in chars] == list(words.text)
    found = [(ent.text, ent.start_char, ent.label_) for ent in chars.ents]
    assert found == [("小周", 0, "PER"), ("iPhone X", 3, "ITEM")]
    assert [token.text for token in chars if token.ent_iob == 0] == ["老", "吴"]


def test_char_doc_returns_characters_as_they_are():
    doc = spacy.blank("zh").make_doc("小周 在  苏州")
    assert char_doc(doc) is doc


def test_is_annotated():
    doc = Doc(VOCAB, words=["小", "周"])
    assert not is_annotated(doc)
    doc.ents = []
    assert is_annotated(doc)
    assert not is_annotated(Doc(VOCAB))
