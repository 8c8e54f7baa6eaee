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
    "conll": (True, True, "# text = 王海去大连\n1\t王海\tB-PER\t-\n2\t去\tO\t-\n3\t大连\tB-LOC\t-\n"),
    "segmented": (False, True, "王海  去  大连\n"),
    "tagged": (True, True, "王海/nr 去/v 大连/ns\n"),
    "cluener": (True, False, '{"text": "王海去大连", "label": {"PER": {"王海": [[0, 1]]}, "LOC": {"大连": [[3, 4]]}}}'),
    "doccano": (True, False, '{"text": "王海去大连", "label": [[0, 2, "PER"], [3, 5, "LOC"]]}\n'),
    "prodigy": (
        True,
        False,
        '{"text": "王海去大连", "spans": [{"start": 0, "end": 2, "label": "PER"}, '
        '{"start": 3, "end": 5, "label": "LOC"}]}',
    ),
    "label-studio": (
        True,
        False,
        '[{"data": {"text": "王海去大连"}, "annotations": [{"result": ['
        '{"value": {"start": 0, "end": 2, "text": "王海", "labels": ["PER"]}, "type": "labels"},'
        '{"value": {"start": 3, "end": 5, "text": "大连", "labels": ["LOC"]}, "type": "labels"}]}]}]',
    ),
    "train-data": (True, False, '[["王海去大连", {"entities": [[0, 2, "PER"], [3, 5, "LOC"]]}]]'),
    "brat": (True, False, "王海去大连\n"),
    "enamex": (True, True, '<ENAMEX TYPE="PERSON">王海</ENAMEX> 去 <ENAMEX TYPE="LOC">大连</ENAMEX>\n'),
    "markup": (True, True, "[王海]PER 去 [大连]LOC\n"),
}
ANN = "T1\tPER 0 2\t王海\nT2\tLOC 3 5\t大连\n"
OPTIONS = {"conll": {"column": 2, "tag_column": 3}}
# One sentence that breaks the format, with the line it stands on.
BROKEN = {
    "bio": ("王 O\n\n海\n\n去 O\n", 3),
    "bioes": ("王 O\n\n海 M-PER\n\n去 O\n", 3),
    "bmes": ("王 O\n\n海 I-PER\n\n去 O\n", 3),
    "weibo": ("王0 O\n\n海 O\n\n去0 O\n", 3),
    "conll": ("王 O\n\n海 N\n\n去 O\n", 3),
    "segmented": (b"\xe5\x8e\xbb\n\xed\xa0\xbd\n\xe5\x8e\xbb\n", 2),
    "tagged": ("王/nr\n海\n去/v\n", 2),
    "cluener": ('{"text": "王", "label": {}}\n{"text": "海"\n{"text": "去", "label": {}}\n', 2),
    "doccano": ('{"text": "王", "label": []}\n{"text": "海", "label": [[0, 2, "A"]]}\n{"text": "去", "label": []}', 2),
    "prodigy": ('{"text": "王", "spans": []}\n{"text": "海", "spans": [{"start": 0}]}\n{"text": "去", "spans": []}', 2),
    "label-studio": ('[{"text": "王", "label": []},\n{"text": 1},\n{"text": "去", "label": []}]', 2),
    "train-data": ('[["王", {"entities": []}],\n["海"],\n["去", {"entities": []}]]', 2),
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
    docs, report = convert(write(tmp_path / "a.txt", content, ANN), format, **OPTIONS.get(format, {}))
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
    with pytest.raises(InputError, match="expected a format out of bio, bioes, .*, got 'conllx'"):
        convert(tmp_path, "conllx")


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
    with pytest.raises(InputError, match="3.ann: expected a .txt file next to it"):
        convert(tmp_path, "brat")


def test_options_that_a_format_does_not_have(tmp_path):
    with pytest.raises(
        InputError, match="expected --offsets with the format cluener or doccano or .*, got it with 'bio'"
    ):
        convert(tmp_path, "bio", offsets="utf16")


def test_empty_files_of_a_folder_are_left_out_and_noted(tmp_path):
    write(tmp_path / "1.txt", "", "")
    write(tmp_path / "2.txt", "王海\n", "T1\tPER 0 2\t王海\n")
    docs, report = convert(tmp_path, "brat")
    assert texts(docs) == [AnnotatedText("王海", [(0, 2, "PER")])]
    assert report.notes == {"file without text, left out": [f"{tmp_path}/1.txt"]}


def test_files_of_a_folder_that_are_no_text(tmp_path):
    write(tmp_path / "1.txt", "", "T1\tPER 0 2\t王海\n")
    write(tmp_path / "2.txt", b"\x89PNG\0\xff", "")
    write(tmp_path / "3.txt", "王海\n", "T1\tPER 0 2\t王海\n")
    with pytest.raises(CorpusError, match="1.txt: expected text, the file is empty"):
        convert(tmp_path, "brat")
    docs, report = convert(tmp_path, "brat", lenient=True)
    assert texts(docs) == [AnnotatedText("王海", [(0, 2, "PER")])]
    assert [str(error).split(": ")[0] for error in report.skipped] == [f"{tmp_path}/1.txt", f"{tmp_path}/2.txt:1"]


@pytest.mark.parametrize(
    "format, line", [("segmented", "王海 来了"), ("tagged", "王海/nr 来/v"), ("markup", "[王海]PER来")]
)
def test_lines_that_end_in_carriage_returns_alone(format, line, tmp_path):
    path = write(tmp_path / "a.txt", f"{line}\r{line}\r\r{line}\r")
    _, report = convert(path, format)
    assert report.sentences == 3
    assert list(report.notes) == ["file whose lines end in carriage returns alone, read as line ends"]


def test_carriage_returns_inside_of_lines_are_noted(tmp_path):
    _, report = convert(write(tmp_path / "a.txt", "王海 来\r了 吗\r\n好\r\r\n"), "segmented")
    assert report.sentences == 2
    assert report.notes == {"carriage return inside of a line, not read as a line end": [f"{tmp_path}/a.txt:1"]}


def test_private_use_characters_of_a_recognised_encoding_are_noted(tmp_path):
    text = "林小燕 昨天 去 了 大连 ， 在 那里 工作 。\n" * 20 + "有 \ue000 的 一 行\n"
    _, report = convert(write(tmp_path / "a.txt", text.encode("gb18030")), "segmented")
    assert report.notes == {"line with private-use characters; is the file in gb18030?": [f"{tmp_path}/a.txt:21"]}
    assert not convert(tmp_path / "a.txt", "segmented", encoding="gb18030")[1].notes


@pytest.mark.parametrize("label", ["\\ud83d", "PER ", " PER", "P\\u0000R", " "])
def test_labels_are_clean_text(label, tmp_path):
    path = write(tmp_path / "a.txt", f'{{"text": "王海", "label": [[0, 2, "{label}"]]}}')
    with pytest.raises(CorpusError, match="a.txt:1: expected labels"):
        convert(path, "doccano")
