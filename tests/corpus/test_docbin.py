import zlib

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_cner.corpus.docbin import check_output, chinese_vocab, load, read_docs, save
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


def a_doc():
    return Doc(chinese_vocab(), words=["小", "周"], spaces=[False, False])


def test_read_file_and_folder(tmp_path):
    DocBin(docs=[a_doc()]).to_disk(tmp_path / "a.spacy")
    DocBin(docs=[a_doc(), a_doc()]).to_disk(tmp_path / "b.spacy")
    assert [doc.text for doc in read_docs(tmp_path / "a.spacy")] == ["小周"]
    assert len(list(read_docs(tmp_path))) == 3


def test_read_nothing_there(tmp_path):
    with pytest.raises(InputError, match="none.spacy: expected a .spacy file, got"):
        list(read_docs(tmp_path / "none.spacy"))


@pytest.mark.parametrize("content", [b"", b"hello", zlib.compress(b"{}"), zlib.compress(b"\x80")])
def test_read_not_a_docbin(tmp_path, content):
    path = tmp_path / "bad.spacy"
    path.write_bytes(content)
    with pytest.raises(InputError, match="bad.spacy: expected a .spacy file"):
        list(read_docs(path))


def test_read_cut_docbin(tmp_path):
    path = tmp_path / "cut.spacy"
    DocBin(docs=[a_doc()]).to_disk(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cut.spacy"):
        list(read_docs(path))


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a", "a.spacy.gz", ".spacy"])
def test_only_names_of_spacy_files_are_written(name, tmp_path):
    with pytest.raises(InputError, match="expected the name of a .spacy file to write"):
        save(DocBin(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_not_written_over(tmp_path):
    (tmp_path / "a.spacy").mkdir()
    with pytest.raises(InputError, match="expected the name of a file to write, got a folder"):
        check_output(tmp_path / "a.spacy")
