import pytest

from spacy_cner.corpus.convert import FORMATS, convert
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.errors import CorpusError, InputError

# The same sentence in every format: whether it keeps entities and words there, and the file.
FILES = {
    "bio": (True, False, "王\tB-PER\n海\tI-PER\n去\tO\n大\tB-LOC\n连\tI-LOC\n"),
    "bioes": (True, False, "王 B-PER\n海 E-PER\n去 O\n大 B-LOC\n连 E-LOC\n"),
    "bmes": (True, False, "王 B-PER\n海 E-PER\n去 O\n大 B-LOC\n连 E-LOC\n"),
    "weibo": (True, True, "王0\tB-PER\n海1\tI-PER\n去0\tO\n大0\tB-LOC\n连1\tI-LOC\n"),
    "segmented": (False, True, "王海  去  大连\n"),
    "tagged": (True, True, "王海/nr 去/v 大连/ns\n"),
    "cluener": (True, False, '{"text": "王海去大连", "label": {"PER": {"王海": [[0, 1]]}, "LOC": {"大连": [[3, 4]]}}}'),
    "doccano": (True, False, '{"text": "王海去大连", "label": [[0, 2, "PER"], [3, 5, "LOC"]]}\n'),
    "brat": (True, False, "王海去大连\n"),
    "enamex": (True, True, '<ENAMEX TYPE="PERSON">王海</ENAMEX> 去 <ENAMEX TYPE="LOC">大连</ENAMEX>\n'),
    "markup": (True, True, "[王海]PER 去 [大连]LOC\n"),
}
ANN = "T1\tPER 0 2\t王海\nT2\tLOC 3 5\t大连\n"
# One sentence that breaks the format, with the line it stands on.
BROKEN = {
    "bio": ("王 O\n\n海\n\n去 O\n", 3),
    "bioes": ("王 O\n\n海 M-PER\n\n去 O\n", 3),
    "bmes": ("王 O\n\n海 I-PER\n\n去 O\n", 3),
    "weibo": ("王0 O\n\n海 O\n\n去0 O\n", 3),
    "segmented": (b"\xe5\x8e\xbb\n\xed\xa0\xbd\n\xe5\x8e\xbb\n", 2),
    "tagged": ("王/nr\n海\n去/v\n", 2),
    "cluener": ('{"text": "王", "label": {}}\n{"text": "海"\n{"text": "去", "label": {}}\n', 2),
    "doccano": ('{"text": "王", "label": []}\n{"text": "海", "label": [[0, 2, "A"]]}\n{"text": "去", "label": []}', 2),
    "brat": ("王\n海\n去\n", 2),
    "enamex": ("王\n<ENAMEX>海</ENAMEX>\n去\n", 2),
    "markup": ("王\n[海\n去\n", 2),
}


def write(path, content, annotations=None):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if annotations is not None:
        path.with_suffix(".ann").write_text(annotations, encoding="utf-8")
    return path


def texts(docs):
    return [AnnotatedText.from_doc(doc) for doc in docs.get_docs(chinese_vocab())]


def test_every_format_is_tested():
    assert set(FILES) == set(BROKEN) == set(FORMATS)


@pytest.mark.parametrize("format", FORMATS)
def test_formats(format, tmp_path):
    has_entities, has_words, content = FILES[format]
    docs, report = convert(write(tmp_path / "a.txt", content, ANN), format)
    expected = AnnotatedText(
        "王海去大连",
        [(0, 2, "PER"), (3, 5, "LOC")] if has_entities else None,
        [(0, 2), (2, 3), (3, 5)] if has_words else None,
        ["nr", "v", "ns"] if format == "tagged" else None,
    )
    assert texts(docs) == [expected]
    assert (report.sentences, report.characters) == (1, 5)
    assert (report.entities, report.words) == (2 * has_entities, 3 * has_words)
    assert report.encodings == {"utf-8"} and not report.skipped and not report.notes


@pytest.mark.parametrize("format", FORMATS)
def test_sentences_that_break_the_format(format, tmp_path):
    content, line = BROKEN[format]
    path = write(tmp_path / "a.txt", content, "T1\tPER 2 3\t王\n")
    with pytest.raises(CorpusError) as error:
        convert(path, format)
    assert str(error.value).startswith(f"{path}:{line}: ")
    docs, report = convert(path, format, lenient=True)
    assert len(texts(docs)) == report.sentences == 2
    assert [str(skipped) for skipped in report.skipped] == [str(error.value)]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("content, message", [(b"", "the file is empty"), (b"\x89PNG\r\n\0\0", "binary")])
def test_files_that_are_no_text(format, content, message, tmp_path):
    path = write(tmp_path / "a.txt", content, ANN)
    with pytest.raises(CorpusError, match=message) as error:
        convert(path, format, lenient=True)
    assert str(error.value).startswith(str(path))


def test_unknown_format(tmp_path):
    with pytest.raises(InputError, match="expected a format out of bio, bioes, .*, got 'conll'"):
        convert(tmp_path, "conll")


def test_nothing_there(tmp_path):
    with pytest.raises(CorpusError, match="a.txt: expected a readable file"):
        convert(tmp_path / "a.txt", "bio")
    with pytest.raises(InputError, match="expected a file for the format bio, got a folder"):
        convert(tmp_path, "bio")
    with pytest.raises(InputError, match="expected a folder with .txt files"):
        convert(tmp_path, "brat")


def test_nothing_left(tmp_path):
    path = write(tmp_path / "a.txt", "王\n海\n")
    with pytest.raises(CorpusError, match=r"got none; the first of 1 skipped: .*a.txt:1: expected a character"):
        convert(path, "bio", lenient=True)
    with pytest.raises(CorpusError, match="at least one sentence, got none"):
        convert(write(path, "# only a comment\n"), "markup")


def test_brat_folder(tmp_path):
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "2.txt", "大连".encode("gb18030"), "")
    write(tmp_path / "1.txt", "王海\n", "T1\tPER 0 2\t王海\nR1\tx\n")
    docs, report = convert(tmp_path, "brat")
    assert texts(docs) == [AnnotatedText("王海", [(0, 2, "PER")]), AnnotatedText("大连", [])]
    assert report.encodings == {"gb18030", "utf-8"}
    assert report.notes == {"annotation of the kind R, not converted": [f"{tmp_path}/1.ann:2"]}
    (tmp_path / "3.ann").touch()
    with pytest.raises(InputError, match="3.ann: expected a .txt file beside it"):
        convert(tmp_path, "brat")
