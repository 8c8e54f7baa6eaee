import pytest

from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.enamex import read_enamex
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError, InputError

TEXT = """<DOC DOCNO="one">
<ENAMEX TYPE="PERSON">王 海</ENAMEX> 住 在 <ENAMEX TYPE="GPE" S_OFF="1">大连</ENAMEX> 。

<ENAMEX TYPE="DATE">今天</ENAMEX> A&amp;B <ENAMEX TYPE="ORG">银行</ENAMEX><ENAMEX TYPE="LOC">东岸</ENAMEX>
没有 谁
</DOC>
"""


def read(tmp_path, text):
    (tmp_path / "a.name").write_text(text, encoding="utf-8")
    source = Source.read(tmp_path / "a.name")
    return source, list(read_enamex(source))


def test_names_and_words(tmp_path):
    source, sentences = read(tmp_path, TEXT)
    assert sentences == [
        (2, AnnotatedText("王海住在大连。", [(0, 2, "PER"), (4, 6, "GPE")],
                          [(0, 1), (1, 2), (2, 3), (3, 4), (4, 6), (6, 7)])),
        (4, AnnotatedText("今天A&B银行东岸", [(5, 7, "ORG"), (7, 9, "LOC")], [(0, 2), (2, 5), (5, 7), (7, 9)])),
        (5, AnnotatedText("没有谁", [], [(0, 2), (2, 3)])),
    ]  # fmt: skip
    assert source.notes == {
        "name with S_OFF or E_OFF (a part of a word), read as whole words": [f"{tmp_path / 'a.name'}:2"],
        "name of the type DATE read as plain text": [f"{tmp_path / 'a.name'}:4"],
    }


@pytest.mark.parametrize(
    "line, text",
    [
        ("R&notice &section=2 &nbsp;", "R&notice&section=2&nbsp;"),
        ("A&amp;lt; &lt; &#26472; &#x6768; &quot;&apos;", "A&lt;<杨杨\"'"),
        ("<" + "王" * 5, "<王王王王王"),
    ],
)
def test_text_is_what_xml_says(tmp_path, line, text):
    ((_, sentence),) = read(tmp_path, line)[1]
    assert sentence.text == text


def test_long_words_after_an_open_bracket_take_linear_time(tmp_path):
    ((_, sentence),) = read(tmp_path, "<" + "王" * 200_000)[1]
    assert len(sentence.text) == 200_001


@pytest.mark.parametrize(
    "line, message",
    [
        ("<ENAMEX>王</ENAMEX>", "an ENAMEX element with TYPE=\"...\", got '<ENAMEX>'"),
        ('<ENAMEX TYPE="ORG">王', "an </ENAMEX> for each ENAMEX, got none for the last, of the type ORG"),
        ("王</ENAMEX>", "ENAMEX elements that do not overlap, got '</ENAMEX>'"),
        ('<ENAMEX TYPE="ORG"><ENAMEX TYPE="LOC">王</ENAMEX></ENAMEX>', "elements that do not overlap"),
        ("&#1; 王", "expected a reference to a character, got '&#1;'"),
        ("&#xD800; 王", "expected a reference to a character, got '&#xD800;'"),
        (f"&#{'9' * 5000}; 王", "expected a reference to a character"),
        ("<NUMEX>王</NUMEX>", "expected no elements but ENAMEX, got '<NUMEX>'"),
    ],
)
def test_what_breaks_the_format(tmp_path, line, message):
    ((number, error),) = read(tmp_path, line)[1]
    assert number == 1
    assert isinstance(error, CorpusError)
    assert message in str(error)


def test_folder(tmp_path):
    (tmp_path / "nw" / "00").mkdir(parents=True)
    for place in ("nw/a.name", "nw/00/b.name", "nw/00/b.parse"):
        (tmp_path / place).write_text(TEXT if place.endswith("name") else "(IP", encoding="utf-8")
    docs, report = convert(tmp_path, "enamex")
    assert report.sentences == len(list(docs.get_docs(chinese_vocab()))) == 6
    with pytest.raises(InputError, match="expected a folder with .name files, found none"):
        (tmp_path / "none").mkdir()
        convert(tmp_path / "none", "enamex")
