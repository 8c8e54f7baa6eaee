import pytest
from conftest import SENTENCES

from spacy_cner.evaluation.audit.copies import copies
from spacy_cner.evaluation.audit.finding import Annotated, Finding, around
from spacy_cner.evaluation.audit.page import page
from spacy_cner.evaluation.audit.places import borders, empty, encoding, labels
from spacy_cner.evaluation.audit.run import audit, count, ordered
from spacy_cner.evaluation.audit.strings import inconsistent


def docs(*texts):
    return [Annotated(text, []) for text in texts]


def found(check, files):
    return [(each.kind, each.file, each.document) for each in check(files)]


LONG = "林小燕昨天去了青岛，今天又和王海一起坐车到大连去看海。"


def test_copies():
    files = {"train": docs(LONG, "青岛", LONG), "test": docs("今天", f" {LONG}")}
    assert found(copies, files) == [("duplicate", "train", 3), ("in two files", "test", 2)]


def test_a_copy_may_be_traditional_or_full_width():
    files = {"train": docs("他在台湾用ＩＢＭ"), "test": docs("他在臺灣用IBM")}
    assert found(copies, files) == [("in two files", "test", 1)]


def test_a_copy_with_other_entities():
    files = {"train": [Annotated("王海在青岛", [(0, 2, "PER")]), Annotated("王海在青岛", [(3, 5, "LOC")])]}
    duplicate, other = copies(files)
    assert (duplicate.kind, other.kind) == ("duplicate", "annotated in two ways")
    assert other.said == "as document 1, there 王海 PER, here 青岛 LOC"


def test_texts_with_other_emoji_are_no_copies():
    assert found(copies, {"train": docs("王海今天来了😀", "王海今天来了😭", "王海今天来了，", "王海今天来了😭")}) == [
        ("duplicate", "train", 4)
    ]


def test_a_sentence_in_two_files():
    sentence = "林小燕和王海都住在大连"
    files = {"train": docs(f"天气真好。{sentence}。"), "test": docs(f"你知道吗？{sentence}！", "天气真好。别的话")}
    (each,) = copies(files)
    assert (each.kind, each.document, each.text, each.said) == (
        "in two files", 1, sentence, "a sentence of document 1 of train",
    )  # fmt: skip
    assert files["test"][0].text[each.start : each.end] == sentence


@pytest.mark.parametrize("end", ["\n", "\r\n", "。\n"])
def test_lines_are_sentences_too(end):
    sentence = "林小燕和王海都住在大连"
    files = {"train": docs(f"天气真好{end}{sentence}"), "test": docs(f"你知道吗{end}{sentence}{end}再见")}
    (each,) = copies(files)
    assert files["test"][0].text[each.start : each.end] == each.text == sentence


def test_near_duplicates():
    files = {
        "train": docs(LONG),
        "test": docs(LONG[:-1] + "啦", LONG[:12] + "别的人在做别的事情，谁也不知道"),
    }
    (each,) = copies(files)
    assert (each.kind, each.file, each.document) == ("near-duplicate", "test", 1)
    assert each.said.endswith("% as document 1 of train")


def test_inconsistent_strings():
    usual = [Annotated(f"第{i}天王海来了", [(3, 5, "PER")]) for i in range(8)]
    other = [Annotated("王海银行", [(0, 4, "ORG")]), Annotated("找王海", []), Annotated("王海", [(0, 2, "ORG")])]
    said = [(each.document, each.text, each.said) for each in inconsistent({"train": usual + other})]
    assert said == [
        (10, "找[王海]", "no entity; elsewhere PER, 8 of 10 times"),
        (11, "[王海]", "ORG; elsewhere PER, 8 of 10 times"),
    ]
    assert not list(inconsistent({"train": usual[:4] + other}))  # too few to say what is usual


@pytest.mark.parametrize(
    "text, start, end, kind",
    [
        ("王海，在", 0, 3, "border"),
        (" 王海", 0, 3, "border"),
        ("《红楼梦》好", 0, 5, None),
        ("红楼梦》好", 0, 4, "border"),
        ('"红楼梦"杂志社', 0, 8, None),
        ('"红楼梦杂志社', 0, 7, "border"),
        ("在Bel Inc.工作", 1, 9, None),
        ("找frank123", 1, 4, "half"),
        ("找frank123", 1, 6, None),
        ("12345号", 0, 3, "half"),
    ],
)
def test_borders(text, start, end, kind):
    assert [each.kind for each in borders({"train": [Annotated(text, [(start, end, "X")])]})] == (
        [kind] if kind else []
    )


def test_what_a_cut_is_of():
    (each,) = borders({"train": [Annotated("找frank123", [(1, 4, "PER")])]})
    assert each.said == "PER cuts 'frank'" and each.text == "找[fra]nk123"


def test_empty_files_and_documents():
    files = {"train": [Annotated("王海", [(0, 2, "PER")]), Annotated(" ", [])], "dev": docs("今天"), "test": []}
    files["train"].append(Annotated("没有标注", None))
    assert found(empty, files) == [
        ("no annotation", "train", 2),
        ("no annotation", "train", 3),
        ("empty file", "dev", 0),
        ("empty file", "test", 0),
    ]


def test_labels():
    pair = Annotated("王海在青岛", [(0, 2, "PER"), (3, 5, "LOC")])
    files = {"train": [pair, pair, Annotated("王海", [(0, 2, "per")])], "dev": [Annotated("王海", [(0, 2, "PER")])]}
    said = [(each.file, each.text, each.said) for each in labels(files)]
    assert ("dev", "LOC", "missing here; 2 in train") in said
    assert ("train", "per", "seen once") in said
    assert ("train", "PER, per", "one label written in two ways") in said


@pytest.mark.parametrize(
    "text, bad",
    [
        ("好\ufffd", True),
        ("锟斤拷", True),
        ("ä½ å¥½", True),
        ("滚烫烫的", False),
        ("好😀", False),
        ("José·马丁说«你好é»", False),
        ("JosÃ©Â·马丁", True),
        ("中Â·外", True),
    ],
)
def test_encoding(text, bad):
    assert bool(list(encoding({"train": docs(text)}))) is bad


def test_clean_data_has_no_findings():
    assert audit({"train": [Annotated(text, entities) for text, entities in SENTENCES]}) == []


def test_order_and_counts():
    files = {"train": docs(LONG, LONG, "坏\ufffd"), "dev": docs("今天")}
    every = audit(files)
    assert count(every) == {"empty file": 2, "duplicate": 1, "encoding": 1}
    assert [each.kind for each in ordered(every[::-1])] == ["empty file", "empty file", "duplicate", "encoding"]


def test_the_page_marks_the_entity_and_no_other_brackets():
    text = "[转发]王海，在青岛[笑]"
    found = [
        Finding("duplicate", "a", 1, 0, len(text), text, "as document 2", 1.0),
        Finding("border", "a", 1, 4, 7, around(text, 4, 7), "punctuation", 1.0),
    ]
    html = page(found, "audit")
    assert f"<td>{text}</td>" in html and "<td>[转发]<mark>王海，</mark>在青岛[笑]</td>" in html
