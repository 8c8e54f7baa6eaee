import zlib

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_cner.errors import InputError
from spacy_cner.evaluation.gold import char_doc, is_annotated, read_docs

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


def test_read_file_and_folder(tmp_path):
    DocBin(docs=[word_doc()]).to_disk(tmp_path / "a.spacy")
    DocBin(docs=[word_doc(), Doc(VOCAB, words=["好"])]).to_disk(tmp_path / "b.spacy")
    assert [doc.text for doc in read_docs(tmp_path / "a.spacy", Vocab())] == [word_doc().text]
    assert len(list(read_docs(tmp_path, Vocab()))) == 3


def test_read_nothing_there(tmp_path):
    with pytest.raises(InputError, match="none.spacy: expected a .spacy file, found nothing"):
        list(read_docs(tmp_path / "none.spacy", Vocab()))


@pytest.mark.parametrize("content", [b"", b"hello", zlib.compress(b"{}"), zlib.compress(b"\x80")])
def test_read_not_a_docbin(tmp_path, content):
    path = tmp_path / "bad.spacy"
    path.write_bytes(content)
    with pytest.raises(InputError, match="bad.spacy: expected a .spacy file"):
        list(read_docs(path, Vocab()))


def test_read_cut_docbin(tmp_path):
    path = tmp_path / "cut.spacy"
    DocBin(docs=[word_doc()]).to_disk(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cut.spacy"):
        list(read_docs(path, Vocab()))
