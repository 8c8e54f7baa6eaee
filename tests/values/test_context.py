"""What dates take from those before them."""

from datetime import datetime

import pytest
from values.found import NOW

from spacy_cner.values.find import find_values


def dates(text, labels=("DATE", "TIME")):
    return [(text[start:end], value) for start, end, _, value in find_values(text, NOW, labels)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("他1998年7月毕业，同年9月入职。", ["1998年7月 1998-07", "同年9月 1998-09"]),
        ("2010年去了北京，次年3月回来，当年底结婚", ["2010年 2010", "次年3月 2011-03", "当年底 2011-11/2011-12"]),
        ("2005年毕业，翌年当选", ["2005年 2005", "翌年 2006"]),
        ("1999年12月出生，次月搬家，同月3日办证", ["1999年12月 1999-12", "次月 2000-01", "同月3日 2000-01-03"]),
        ("同一年的事：2001年建厂，同一年投产", ["2001年 2001", "同一年 2001"]),
        (
            "2020年12月31日发布，次日凌晨2时生效，当晚八点撤回",
            ["2020年12月31日 2020-12-31", "次日凌晨2时 2021-01-01T02:00", "当晚八点 2021-01-01T20:00"],
        ),
        ("该部7日称，当天下午开会", ["7日 2026-11-07", "当天下午 2026-11-07T12:00/2026-11-07T18:00"]),
        ("7日称，当天晚些时候离开", ["7日 2026-11-07", "当天 2026-11-07"]),
        ("4月13日0—24时新增三例，当日出院两例", ["4月13日0—24时 2026-04-13T00:00/2026-04-14T00:00", "当日 2026-04-13"]),
        ("2020年2月28日到3月1日，次日离开", ["2020年2月28日到3月1日 2020-02-28/2020-03-01", "次日 2020-03-02"]),
        ("2001年3月3日，同月二十日下午三点", ["2001年3月3日 2001-03-03", "同月二十日下午三点 2001-03-20T15:00"]),
        ("１９８６年入党，同年立功", ["１９８６年 1986", "同年 1986"]),
    ],
)
def test_they_are_of_the_last_date_before_them(text, expected):
    assert [f"{found} {value}" for found, value in dates(text)] == expected


def test_a_year_is_of_the_last_date_that_says_one():
    text = "从1941年5月的演讲，到12月的决定，次年2月的信"
    assert dates(text)[-1] == ("次年2月", "1942-02")
    assert dates("公元前632年，四月得胜，同年5月") == [
        ("公元前632年", "-0631"),
        ("四月", "2026-04"),
        ("5月", "2026-05"),
    ]


@pytest.mark.parametrize(
    "text, expected", [("同年5月他去了", [("5月", "2026-05")]), ("次日返回", [("次日", "2026-11-27")])]
)
def test_without_a_date_before_them_they_are_of_the_reference(text, expected):
    assert dates(text) == expected


def test_a_date_of_another_line_does_not_count():
    assert dates("1998年7月毕业\n同年9月入职") == [("1998年7月", "1998-07"), ("9月", "2026-09")]


def test_a_day_that_points_to_the_reference_is_none_to_point_to():
    assert [value for _, value in dates("每晚计算次日的量，次日买进")] == ["2026-11-27", "2026-11-27"]


def test_it_needs_no_label_of_what_it_points_to():
    assert dates("1998年7月3日到校，当晚八点见面", ["TIME"]) == [("当晚八点", "1998-07-03T20:00")]


@pytest.mark.parametrize(
    "words",
    [
        "不同年份",
        "同年级",
        "想当年",
        "当年他很帅",
        "应当日清",
        "同日本签约",
        "当日元走低",
        "一次年检",
        "每次日出",
        "应该日夜",
    ],
)
def test_other_words_stay_alone(words):
    assert dates(f"2021年5月1日起，{words}") == [("2021年5月1日", "2021-05-01")]


def test_last_year_in_the_same_month_is_none():
    assert dates("5月份比去年同月增长") == [("5月份", "2026-05"), ("去年", "2025")]


def test_the_last_day_of_the_calendar_has_no_next_one():
    assert [value for *_, value in find_values("今天到，次日走", datetime(9999, 12, 31, 10))] == ["9999-12-31"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2013年3月换人，7月解散；9月17日重组", ["2013-03", "2013-07", "2013-09-17"]),
        ("2010年招生3月2日起报名", ["2010", "2010-03-02"]),
        ("2010年1月1-11日和7月1-11日", ["2010-01-01/2010-01-11", "2010-07-01/2010-07-11"]),
        ("1924年4月至5月来访；8月至次年1月再来", ["1924-04/1924-05", "1924-08/1925-01"]),
        ("2013年3月换人。7月解散", ["2013-03", "2026-07"]),
        ("达到2021年2月以来的最低水平，9月份下滑", ["2021-02", "2026-09"]),
        ("1979-2013年江南地区4-6月的雨", ["1979/2013", "2026-04/2026-06"]),
        ("2013年开工，今年5月停工，8月复工", ["2013", "2026-05", "2026-08"]),
        ("2013年开工，1月前完成", ["2013", "2026-10"]),
        ("2008年起，8月初放养至翌年1月前后", ["2008", "2008-08-01/2008-08-10", "2009-01"]),
    ],
)
def test_a_month_is_of_the_year_that_its_sentence_says(text, expected):
    assert [value for _, value in dates(text)] == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "5月16日领回，19日退货。次日再来，15、16日休息",
            ["2026-05-16", "2026-05-19", "2026-05-20", "2026-05-15/2026-05-16"],
        ),
        ("2015年1月25日22时许、26日22时许", ["2015-01-25T22:00", "2015-01-26T22:00"]),
        ("11月30日到，1日走", ["2026-11-30", "2026-12-01"]),
        ("1月2日报道，31日的事", ["2026-01-02", "2025-12-31"]),
        ("去年9月1日，14日", ["2025-09-01", "2025-09-14"]),
        ("今天（3月13日）发布，12日的雨", ["2026-11-26", "2026-03-13", "2026-03-12"]),
        ("10月28日来\n29日见", ["2026-10-28", "2026-11-29"]),
        ("31日见", []),
    ],
)
def test_a_day_is_of_the_month_that_its_line_says(text, expected):
    assert [value for _, value in dates(text)] == expected
