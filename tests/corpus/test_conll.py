import pytest

from spacy_cner.corpus.conll import read_conll
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError, InputError


def read(tmp_path, text, **options):
    source = Source(tmp_path / "a.conll", text, "utf-8")
    return [sentence for _, sentence in read_conll(source, **options)], source


IOB2 = """# newdoc id = a
# sent_id = a-1
# text = 林小燕 在 Smith Inc. 工作
1\t林\tB-PER\t-\tx
2\t小燕\tI-PER\t-\tx
3\t在\tO\t-\tx
4\tSmith\tB-ORG\t-\tx
5\tInc.\tI-ORG\t-\tx
6\t工作\tO\t-\tx

# sent_id = a-2
1\t好\tO\t-\tx
"""


def test_words_of_a_text_that_a_comment_gives(tmp_path):
    found, source = read(tmp_path, IOB2, column=2, tag_column=3)
    text = "林小燕 在 Smith Inc. 工作"
    words = [(0, 1), (1, 3), (4, 5), (6, 11), (12, 16), (17, 19)]
    assert found == [AnnotatedText(text, [(0, 3, "PER"), (6, 16, "ORG")], words), AnnotatedText("好", [])]
    assert not source.notes


@pytest.mark.parametrize(
    "text",
    [
        "1\t林\tB-PER\t\n2\t燕\tI-PER\tx\n3\t在\tO\t\t\n",
        "# text = 林燕在\t\n1\t林\tB-PER\t\n2\t燕\tI-PER\n3\t在\tO\t\n",
    ],
)
def test_a_last_column_may_be_empty(tmp_path, text):
    found, _ = read(tmp_path, text, column=2, tag_column=3)
    assert found == [AnnotatedText("林燕在", [(0, 2, "PER")])]


def test_tabs_at_the_end_alone_separate_nothing(tmp_path):
    found, _ = read(tmp_path, "# text = 林燕\t\n林 B-PER\t\n燕 I-PER\n")
    assert found == [AnnotatedText("林燕", [(0, 2, "PER")])]


def test_rows_that_are_no_words(tmp_path):
    text = "1-2\t小燕\tO\n1\t小\tB-PER\n2\t燕\tI-PER\n2.1\t的\tO\n"
    found, source = read(tmp_path, text, column=2)
    assert found == [AnnotatedText("小燕", [(0, 2, "PER")])]
    assert source.notes == {"row that is no word of its own, left out": [f"{source.path}:1", f"{source.path}:4"]}


def test_label_studio_and_comments(tmp_path):
    text = (
        "-DOCSTART- -X- O O\n\n林 -X- _ B-PER\n燕 -X- _ I-PER\n# -X- _ O\n\n# a comment of several words\n好 O\n\n# O\n"
    )
    assert read(tmp_path, text)[0] == [
        AnnotatedText("林燕#", [(0, 2, "PER")]),
        AnnotatedText("好", []),
        AnnotatedText("#", []),
    ]


def test_a_token_that_looks_like_a_comment(tmp_path):
    found, _ = read(tmp_path, "# text = 中#a=b国\n中\tB-LOC\n#a=b\tO\n国\tO\n\n# id =\t3\n好\tO\n")
    assert found == [AnnotatedText("中#a=b国", [(0, 1, "LOC")], [(0, 1), (1, 5), (5, 6)]), AnnotatedText("好", [])]


@pytest.mark.parametrize("first", ["-DOCSTART- -X- O", "-DOCSTART- -X- _ O", "-DOCSTART-"])
def test_the_line_that_begins_a_document_is_no_token(first, tmp_path):
    text = f"{first}\n林小燕 -X- _ B-PER\n去了 -X- _ O\n\n好 -X- _ O\n\n{first}\n王海 -X- _ B-PER\n"
    assert [(each.text, each.entities) for each in read(tmp_path, text)[0]] == [
        ("林小燕去了", [(0, 3, "PER")]),
        ("好", []),
        ("王海", [(0, 2, "PER")]),
    ]


def test_other_schemes_and_repaired_tags(tmp_path):
    assert read(tmp_path, "林 B-PER\n燕 E-PER\n", scheme="bioes")[0][0].entities == [(0, 2, "PER")]
    found, source = read(tmp_path, "林 I-PER\n")
    assert found[0].entities == [(0, 1, "PER")] and list(source.notes) == [
        "tag sequence that bio does not allow, repaired"
    ]
    assert "expected a legal bio sequence" in str(read(tmp_path, "林 I-PER\n", strict_tags=True)[0][0])


@pytest.mark.parametrize(
    "text, options, message",
    [
        ("林\tO\n燕\n", {}, ":2: expected 2 columns, got 1"),
        ("林\tO\n燕\tx\tO\n", {}, ":2: expected 2 columns, got 3"),
        ("1\t林\tO\n", {"column": 2, "tag_column": 5}, ":1: expected 5 columns, got 3"),
        ("林\tO\n燕\t\n", {}, ":2: expected a tag of the scheme bio (O, B-<label>, I-<label>), got ''"),
        ("林\tPER\n", {}, ":1: expected a tag of the scheme bio"),
        ("# text = 林燕\n林\tO\n海\tO\n", {}, ":2: expected '海' at 1 of the text that a comment gives, got '燕'"),
        ("# text = 林燕\n林\tO\n", {}, ":2: expected a row for '燕' of the text that a comment gives, got none"),
        ("1-2\t林\tO\n", {"column": 2}, ":1: expected rows with words, got none"),
        ("1\t\tO\n", {"column": 2}, ":1: expected a character or a word in the column 2, got none"),
    ],
)
def test_what_breaks_the_format(text, options, message, tmp_path):
    (error, good), source = read(tmp_path, text + "\n1\t好\tO\tO\tO\n", **options)
    assert isinstance(error, CorpusError) and str(error).startswith(f"{source.path}{message}")
    assert good.text in "1好"


def test_columns_that_cannot_be(tmp_path):
    for options in ({"column": 0}, {"column": 2, "tag_column": 2}, {"tag_column": -1}):
        with pytest.raises(InputError, match="expected two different columns from 1"):
            read(tmp_path, "林 O\n", **options)
