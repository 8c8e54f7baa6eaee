import pytest
from corpus.markup_writer import to_markup
from corpus.strategies import ANY_TEXT, annotated_texts
from hypothesis import given, settings

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.markup import parse_markup, read_markup
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError, InputError


def from_markup(line):
    return AnnotatedText(*parse_markup(line))


@settings(max_examples=250, deadline=None)
@given(annotated_texts(aligned=True) | annotated_texts(ANY_TEXT, aligned=True))
def test_round_trip(annotated):
    line = to_markup(annotated)
    assert list(read_markup(Source(None, f"# comment\n\n{line}\r\n", "utf-8"))) == [(3, annotated)]


def test_words_and_entities():
    sentence = from_markup(r"[青岛 海风 电台]ORG 的 [Tom\ Lee]PER 说 ： “ \[好\] ” 。")
    assert sentence.text == "青岛海风电台的Tom Lee说：“[好]”。"
    assert sentence.entities == [(0, 6, "ORG"), (7, 14, "PER")]
    words = [sentence.text[start:end] for start, end in sentence.words]
    assert words == ["青岛", "海风", "电台", "的", "Tom Lee", "说", "：", "“", "[好]", "”", "。"]


def test_the_way_it_is_written():
    sentence = AnnotatedText("王海在大连", [(0, 2, "PER"), (3, 5, "LOC.NAM")], [(0, 1), (1, 2), (2, 3), (3, 5)])
    assert to_markup(sentence) == "[王 海]PER 在 [大连]LOC.NAM"
    assert to_markup(AnnotatedText(sentence.text, sentence.entities)) == "[王海]PER在[大连]LOC.NAM"


@pytest.mark.parametrize(
    "line, text, words",
    [
        ("王海去", "王海去", None),
        ("[王海]PER去", "王海去", None),
        ("[王海]PER去 大连", "王海去大连", [(0, 2), (2, 3), (3, 5)]),
        ("王海 ", "王海", [(0, 2)]),
        ("王  海", "王海", [(0, 1), (1, 2)]),
        (r"王\ 海", "王 海", None),
        (r"王 \  海", "王 海", [(0, 1), (2, 3)]),
        (r"王\n海 去", "王\n海去", [(0, 3), (3, 4)]),
        (r"\# 去", "#去", [(0, 1), (1, 2)]),
        (r"[王海]PER\u0041", "王海A", None),
    ],
)
def test_where_words_come_from(line, text, words):
    sentence = from_markup(line)
    assert (sentence.text, sentence.words) == (text, words)


@pytest.mark.parametrize(
    "line, message",
    [
        ("[王 [海]PER]PER", "not nested, got a second [ at 3"),
        ("[王海 去", "expected a ] after each ["),
        ("王海]PER", "expected a [ before ]PER"),
        ("[王海] 去", "expected a label of ASCII letters, digits and _.- after ] at 3, got '] 去'"),
        ("[王海]人 去", "expected a label of ASCII letters, digits and _.- after ]"),
        ("[]PER 去", "entities inside of"),
        (r"王\海", r"expected \[, \], \\, \#, \n"),
        ("王海\\", r"expected \[, \], \\, \#, \n"),
        (r"王\u12", r"expected \[, \], \\, \#, \n"),
        (r"\ud83d", "half a surrogate pair"),
    ],
)
def test_lines_that_break_the_format(line, message, tmp_path):
    ((_, good), (_, error)) = read_markup(Source(tmp_path / "c.txt", f"好\n{line}\n", "utf-8"))
    assert good.text == "好"
    assert isinstance(error, CorpusError)
    assert str(error).startswith(f"{tmp_path}/c.txt:2: ") and message in str(error)


@pytest.mark.parametrize(
    "sentence, message",
    [
        (AnnotatedText("王海", None), "expected annotated entities"),
        (AnnotatedText("王海", [(0, 2, "人")]), "expected a label of ASCII"),
        (AnnotatedText("王海", [(0, 1, "PER")], [(0, 2)]), "begin and end with words"),
    ],
)
def test_what_the_markup_cannot_say(sentence, message):
    with pytest.raises(InputError, match=message):
        to_markup(sentence)


def test_white_space_at_the_ends_of_entities_is_trimmed_and_noted(tmp_path):
    source = Source(tmp_path / "c.txt", r"[\ 王海\ ]PER来了", "utf-8")
    ((_, sentence),) = read_markup(source)
    assert sentence == AnnotatedText(" 王海 来了", [(1, 3, "PER")])
    assert list(source.notes) == ["entity with white space at its ends, which was trimmed"]


def test_labels_that_may_have_swallowed_digits_are_noted(tmp_path):
    source = Source(tmp_path / "c.txt", "[大连]LOC2024年\n[大连]LOC1\n[王海]x_1-y来\n[王海]PER2 来", "utf-8")
    assert len(list(read_markup(source))) == 4
    assert dict(source.notes) == {
        "label LOC2024 with text at once after its digits, which are not text": [f"{source.path}:1"]
    }


def test_what_blanks_and_labels_may_have_swallowed_is_noted(tmp_path):
    lines = ["[天猫]ORG 卖", "[淘宝]ORGiPhone", "[iPhone 15]PROD 来", "[iPhone\\ 15]PROD 来", "[王 小明]PER 买 A 股"]
    source = Source(tmp_path / "c.txt", "\n".join(["[京东]ORG 来", *lines]), "utf-8")
    assert len([sentence for _, sentence in read_markup(source)]) == 6
    assert dict(source.notes) == {
        r"blank between Latin words, which is not text; write '\ ' for one that is": [f"{source.path}:4"],
        "label ORGiPhone, which may be ORG and text behind it without a blank": [f"{source.path}:3"],
    }
