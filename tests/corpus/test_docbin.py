import zlib

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_cner.corpus.docbin import chinese_vocab, load, read_docs, save
from spacy_cner.errors import InputError


def test_round_trip(tmp_path):
    path = tmp_path / "new" / "a.spacy"
    save(DocBin(docs=[spacy.blank("zh")("你好")]), path)
    assert [doc.text for doc in read_docs(path)] == ["你好"]


def test_vocabulary_is_that_of_spacy():
    ours, spacys = chinese_vocab(), spacy.blank("zh").vocab
    for word in ["京", "，", "3", "A", " "]:
        for flag in ["is_alpha", "is_punct", "like_num", "is_space", "is_stop", "norm_", "shape_"]:
            assert getattr(ours[word], flag) == getattr(spacys[word], flag)


@pytest.mark.parametrize("data", [b"", b"abc", zlib.compress(b"abc"), zlib.compress(b"\x93"), zlib.compress(b"\x80")])
def test_not_a_docbin(data, tmp_path):
    path = tmp_path / "a.spacy"
    path.write_bytes(data)
    with pytest.raises(InputError, match="a.spacy: expected a .spacy file"):
        load(path)


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="a.spacy: expected a .spacy file, got No such file"):
        load(tmp_path / "a.spacy")
