import json
import random
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.values.find import LABELS, find_values

FOLDER = Path(__file__).parents[2] / "assets" / "values"
NOW = datetime(2026, 11, 26, 10)
PIECES = (
    "零一二两三四五六七八九十百千万亿半第几多来年月日号周点时分秒"
    "元块角毛个上下今明昨前后初底至到-~:/.,%￥$0123456789 ㎡AaK@年正腊公民国世纪代岁斤里米度"
)


def rows(part):
    return [json.loads(line) for line in (FOLDER / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]


def f1(part):
    """F1 of spans with their labels, and of these with their values."""
    counts = [0, 0, 0, 0]
    for row in rows(part):
        gold = {tuple(value) for value in row["values"]}
        found = {tuple(value) for value in find_values(row["text"], NOW)}
        spans, places = {value[:3] for value in gold}, {value[:3] for value in found}
        for i, number in enumerate((len(gold), len(found), len(spans & places), len(gold & found))):
            counts[i] += number
    total = counts[0] + counts[1]
    return 200 * counts[2] / total, 200 * counts[3] / total


def test_the_figures_of_the_page():
    """docs/values.md says more."""
    spans, values = f1("test")
    assert spans > 94 and values > 93
    assert min(f1("dev")) > 97


def test_the_sentences_are_what_their_page_says():
    texts = [row["text"] for part in ("dev", "test") for row in rows(part)]
    assert (len(rows("dev")), len(rows("test")), len(set(texts))) == (100, 400, 500)
    for row in rows("dev") + rows("test"):
        end = 0
        for start, stop, label, value in row["values"]:
            assert end <= start < stop <= len(row["text"]) and label in LABELS and value
            assert row["text"][start:stop] == row["text"][start:stop].strip()
            end = stop


@pytest.mark.parametrize(
    "text",
    [
        "升级到iOS 17.2",
        "主队3:2险胜",
        "航班CA1831备降",
        "版本2.3.1有漏洞",
        "《1984》的译本",
        "三心二意",
        "三国和五台山",
        "每周三开会",
        "服务器是192.168.1.24",
        "今儿没有数",
        "G20峰会",
        "他买了一个",
        "打八折",
        "没有任何数字的句子。",
        "",
    ],
)
def test_no_values(text):
    assert find_values(text, NOW) == []


def test_offsets_and_forms():
    text = "🙂 花了３００元，兩個小時，電話１３８１２３４５６７８。"
    assert [(text[v.start : v.end], v.label, v.value) for v in find_values(text, NOW)] == [
        ("３００元", "MONEY", "300 CNY"),
        ("兩個小時", "DURATION", "PT2H"),
        ("１３８１２３４５６７８", "PHONE", "13812345678"),
    ]


def test_only_labels_that_are_asked_for():
    assert [value.label for value in find_values("明天给我300元", NOW, ["MONEY"])] == ["MONEY"]


def test_a_card_with_a_wrong_check_digit():
    assert [value.label for value in find_values("证号11010519491231002X", NOW)] == ["ID"]
    assert not find_values("证号110105194912310021", NOW)


def check(text):
    end = 0
    for start, stop, label, value in find_values(text, NOW):
        assert end <= start < stop <= len(text) and label in LABELS and value
        end = stop


@given(st.text(st.sampled_from(PIECES), max_size=30))
def test_no_text_breaks_it(text):
    check(text)


@given(st.text(max_size=30))
def test_no_character_breaks_it(text):
    check(text)


def test_no_cut_sentence_breaks_it():
    chance, texts = random.Random(0), [row["text"] for row in rows("dev")]
    for _ in range(1000):
        one, other = chance.choice(texts), chance.choice(texts)
        check(one[chance.randrange(len(one)) :] + other[: chance.randrange(len(other))])
