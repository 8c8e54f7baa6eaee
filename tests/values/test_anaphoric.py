"""Dates that point back to one before them."""

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
    assert dates("公元前632年，四月得胜，同年5月") == [("公元前632年", "-0631"), ("四月", "2026-04"), ("5月", "2026-05")]


@pytest.mark.parametrize("text, expected", [("同年5月他去了", [("5月", "2026-05")]), ("次日返回", [("次日", "2026-11-27")])])
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
    ["不同年份", "同年级", "想当年", "当年他很帅", "应当日清", "同日本签约", "当日元走低", "一次年检", "每次日出", "应该日夜"],
)
def test_other_words_stay_alone(words):
    assert dates(f"2021年5月1日起，{words}") == [("2021年5月1日", "2021-05-01")]


def test_last_year_in_the_same_month_is_none():
    assert dates("5月份比去年同月增长") == [("5月份", "2026-05"), ("去年", "2025")]


def test_the_last_day_of_the_calendar_has_no_next_one():
    assert [value for *_, value in find_values("今天到，次日走", datetime(9999, 12, 31, 10))] == ["9999-12-31"]
