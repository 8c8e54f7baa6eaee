import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from values.found import NOW

from spacy_cner.values.find import find_values
from spacy_cner.values.labels import LABELS

FOLDER = Path(__file__).parents[2] / "assets" / "values"
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
    assert spans > 95 and values > 94
    assert min(f1("dev")) > 99
    spans, values = f1("context-test")
    assert spans > 96 and values > 92
    assert min(f1("context-dev")) > 97


def test_the_sentences_are_what_their_page_says():
    sizes = {"dev": 100, "test": 400, "context-dev": 150, "context-test": 100}
    assert {part: len(rows(part)) for part in sizes} == sizes
    all_rows = [row for part in sizes for row in rows(part)]
    assert len({row["text"] for row in all_rows}) == sum(sizes.values())
    for row in all_rows:
        end = 0
        for start, stop, label, value in row["values"]:
            assert end <= start < stop <= len(row["text"]) and label in LABELS and value
            assert row["text"][start:stop] == row["text"][start:stop].strip()
            end = stop


@pytest.mark.parametrize(
    "text",
    [
        "升级到iOS 17.2",
        "几百万元，数十亿元",
        "他读高一，高三学生",
        "每周五下午3点开会，每天早上8点到10点",
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
        "市盈率约15倍",
        "每月5日前付租金",
        "光绪二十四年六月",
        "《2025年度报告》",
        "最后一天",
        "2560×1440",
        "8栋2单元1203",
        "一个圆",
        "21-18、21-15",
        "一日之计",
        "没有任何数字的句子。",
        "",
    ],
)
def test_no_values(text):
    assert find_values(text, NOW) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10月招了80人", [("10月", "2026-10"), ("80", "80")]),
        ("下半年比上个月多", [("下半年", "2026-07/2026-12"), ("上个月", "2026-10")]),
        ("记者12日从会上获悉，26日至28日放假", [("12日", "2026-11-12"), ("26日至28日", "2026-11-26/2026-11-28")]),
        ("1至10月增长12%至15%", [("1至10月", "2026-01/2026-10"), ("12%至15%", "12/15 %")]),
        ("2021 年 3 月的第 3 名", [("2021 年 3 月", "2021-03"), ("第 3", "3")]),
        ("后天下午两点到四点", [("后天下午两点到四点", "2026-11-28T14:00/2026-11-28T16:00")]),
        ("12月3日（周四）下午2:00", [("12月3日（周四）下午2:00", "2026-12-03T14:00")]),
        ("聽日下晝三點喺中環", [("聽日下晝三點", "2026-11-27T15:00")]),
        ("三十多年前只要五分钱", [("三十多年前", "~1996"), ("五分钱", "0.05 CNY")]),
        ("走了三公里，花了二十分钟", [("三公里", "3 km"), ("二十分钟", "PT20M")]),
        ("10块一小时，49块9包邮", [("10块", "10 CNY"), ("一小时", "PT1H"), ("49块9", "49.9 CNY")]),
        ("净利3.2亿元至3.8亿元", [("3.2亿元至3.8亿元", "320000000/380000000 CNY")]),
        ("8胜3平2负，夺得5金3银", [("8", "8"), ("3", "3"), ("2", "2"), ("5", "5"), ("3", "3")]),
        ("满16周岁，住了五天四晚", [("16周岁", "16 岁"), ("五天四晚", "P5D")]),
        ("百余座墓葬，收窄15bp", [("百余", "~100"), ("15bp", "15 bp")]),
        ("下载50MB/s，还剩3.5G，支持5G", [("50MB/s", "50 MB/s"), ("3.5G", "3.5 GB")]),
        ("开始于2026-11-26T10:30，三毛写的", [("2026-11-26T10:30", "2026-11-26T10:30")]),
        ("十月二十五日开会，八月十五吃月饼", [("十月二十五日", "2026-10-25"), ("八月十五", "2026-09-25")]),
        ("二〇二四年十月二十五日召开", [("二〇二四年十月二十五日", "2024-10-25")]),
        ("注册资本1亿2000万元，3万5千元", [("1亿2000万元", "120000000 CNY"), ("3万5千元", "35000 CNY")]),
        ("投了三个亿元，花了5个亿", [("三个亿元", "300000000 CNY"), ("5个亿", "500000000")]),
        ("明年年底完工，2024年年底", [("明年年底", "2027-11/2027-12"), ("2024年年底", "2024-11/2024-12")]),
        ("昨天到今天", [("昨天到今天", "2026-11-25/2026-11-26")]),
        ("去年12月至今年2月", [("去年12月至今年2月", "2025-12/2026-02")]),
        ("上周五到本周三", [("上周五到本周三", "2026-11-20/2026-11-25")]),
        ("昨晚11点至今早6点", [("昨晚11点至今早6点", "2026-11-25T23:00/2026-11-26T06:00")]),
        ("晚上11点到凌晨1点", [("晚上11点到凌晨1点", "2026-11-26T23:00/2026-11-27T01:00")]),
        ("营业22:00-06:00", [("22:00-06:00", "2026-11-26T22:00/2026-11-27T06:00")]),
        ("12月25日至1月5日", [("12月25日至1月5日", "2026-12-25/2027-01-05")]),
        ("10月1至7日放假", [("10月1至7日", "2026-10-01/2026-10-07")]),
        ("10月1-7日放假", [("10月1-7日", "2026-10-01/2026-10-07")]),
        ("百分之三到百分之五", [("百分之三到百分之五", "3/5 %")]),
        ("涨幅为-3.5%，增长3%-5%", [("-3.5%", "-3.5 %"), ("3%-5%", "3/5 %")]),
        ("气温-5℃，5-10℃", [("-5℃", "-5 ℃"), ("5-10℃", "5/10 ℃")]),
        ("利润为-500万元，余额：-35.20元", [("-500万元", "-5000000 CNY"), ("-35.20元", "-35.2 CNY")]),
        ("房租-2000元，规格-500克", [("2000元", "2000 CNY"), ("500克", "500 g")]),
        ("三块二毛五，八块六毛八", [("三块二毛五", "3.25 CNY"), ("八块六毛八", "8.68 CNY")]),
        ("壹万贰仟叁佰肆拾伍元陆角柒分", [("壹万贰仟叁佰肆拾伍元陆角柒分", "12345.67 CNY")]),
        ("叁佰元零伍分", [("叁佰元零伍分", "300.05 CNY")]),
        ("身高一米六，身高1米8，他一米七五", [("一米六", "1.6 m"), ("1米8", "1.8 m"), ("一米七五", "1.75 m")]),
        ("楼高一百米，水深两米，高三米", [("一百米", "100 m"), ("两米", "2 m"), ("三米", "3 m")]),
        ("60度角，二十度的夹角，转了180度", [("60度", "60 °"), ("二十度", "20 °"), ("180度", "180 °")]),
        ("转晴，30度", [("30度", "30 ℃")]),
        ("过了一两天，花了一两千块", [("一两天", "P1D/P2D"), ("一两千块", "1000/2000 CNY")]),
        ("来了一两百人，买了五六成", [("一两百", "100/200"), ("五六成", "50/60 %")]),
        (
            "下周一到周三休息，上周三到周日值班",
            [("下周一到周三", "2026-11-30/2026-12-02"), ("上周三到周日", "2026-11-18/2026-11-22")],
        ),
        ("每周一到周五上班，每周六至周日休息", []),
        ("农历二〇二六年八月十五", [("农历二〇二六年八月十五", "2026-09-25")]),
        (
            "2026年农历八月二十，农历八月十五日",
            [("2026年农历八月二十", "2026-09-30"), ("农历八月十五日", "2026-09-25")],
        ),
        (
            "2027年九月十九，二〇二六年八月十五日",
            [("2027年九月十九", "2027-10-18"), ("二〇二六年八月十五日", "2026-08-15")],
        ),
        ("请访问www.a.com，Tom会回复", [("www.a.com", "www.a.com")]),
        (
            "见https://a.com/x；官网http://b.cn（Alpha）",
            [("https://a.com/x", "https://a.com/x"), ("http://b.cn", "http://b.cn")],
        ),
        ("写信到ａ＠ｂ．com，谢谢", [("ａ＠ｂ．com", "a@b.com")]),
        (
            "百万分之一的机会，十万分之三，亿分之一",
            [("百万分之一", "0.000001"), ("十万分之三", "0.00003"), ("亿分之一", "0.00000001")],
        ),
        ("十点三十五分见，十点零五分走", [("十点三十五分", "2026-11-26T10:35"), ("十点零五分", "2026-11-26T10:05")]),
        ("得了九点五分", [("九点五", "9.5")]),
        ("08年5月12日，98年5月", [("08年5月12日", "2008-05-12"), ("98年5月", "1998-05")]),
        ("买了两斤半，发烧38度5", [("两斤半", "2.5 斤"), ("38度5", "38.5 ℃")]),
        ("气温20度5月2日", [("20度", "20 ℃"), ("5月2日", "2026-05-02")]),
        ("等了10年3个月", [("10年3个月", "P10Y3M")]),
    ],
)
def test_values(text, expected):
    assert [(text[v.start : v.end], v.value) for v in find_values(text, NOW)] == expected


def test_offsets_and_forms():
    text = "🙂 花了３００元，兩個小時，電話１３８１２３４５６７８。"
    assert [(text[v.start : v.end], v.label, v.value) for v in find_values(text, NOW)] == [
        ("３００元", "MONEY", "300 CNY"),
        ("兩個小時", "DURATION", "PT2H"),
        ("１３８１２３４５６７８", "PHONE", "13812345678"),
    ]


@pytest.mark.parametrize("run", ["1" * 5000, "一" * 5000, "二分之" + "3" * 30, "一千零" * 2000])
def test_long_runs_of_numerals_are_no_numbers(run):
    text = f"编码{run}，花了三块五，见 https://a.cn/{'1' * 50}"
    assert [(v.label, v.value) for v in find_values(text, NOW) if v.label in ("MONEY", "URL")] == [
        ("MONEY", "3.5 CNY"),
        ("URL", f"https://a.cn/{'1' * 50}"),
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
