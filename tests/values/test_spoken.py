"""Forms of every-day speech: short years, week-ends, amounts with k and w, quantities of two units."""

from datetime import datetime

import pytest

from spacy_cner.values.find import find_values

NOW = datetime(2026, 11, 26, 10)


def found(text):
    return [(text[value.start : value.end], value.value) for value in find_values(text, NOW)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("他03年毕业", [("03年", "2003")]),
        ("〇三年搬来的", [("〇三年", "2003")]),
        ("九八年发过大水", [("九八年", "1998")]),
        ("98年夏天很热", [("98年", "1998")]),
        ("98年底回国", [("98年底", "1998-11/1998-12")]),
        ("10年底回国", [("10年底", "2010-11/2010-12")]),
        ("从95年开始", [("95年", "1995")]),
        ("在60年前", [("60年前", "1966")]),
        ("2007至08年上涨", [("2007至08年", "2007/2008")]),
        ("住了七八年", [("七八年", "P7Y/P8Y")]),
        ("住了98年", [("98年", "P98Y")]),
        ("03年级", []),
    ],
)
def test_years_of_two_digits(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("下周末见", [("下周末", "2026-12-05/2026-12-06")]),
        ("上个星期末", [("上个星期末", "2026-11-21/2026-11-22")]),
        ("上上周末", [("上上周末", "2026-11-14/2026-11-15")]),
        ("这个周末", [("这个周末", "2026-11-28/2026-11-29")]),
        ("每周末", []),
        ("周末愉快", []),
    ],
)
def test_week_ends(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("月薪5k元", [("5k元", "5000 CNY")]),
        ("花了3w块", [("3w块", "30000 CNY")]),
        ("要价￥5k", [("￥5k", "5000 CNY")]),
        ("共3-5k元", [("3-5k元", "3000/5000 CNY")]),
        ("涨了3w粉丝", [("3w", "30000")]),
        ("一个20W灯泡", [("20W", "20 W")]),
        ("买4K电视", []),
    ],
)
def test_thousands_and_ten_thousands_by_letter(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("三到五千元", [("三到五千元", "3000/5000 CNY")]),
        ("三到五百人", [("三到五百", "300/500")]),
        ("十到一百人", [("十到一百", "10/100")]),
        ("5000-1万元", [("5000-1万元", "5000/10000 CNY")]),
        ("三百到五百万元", [("三百到五百万元", "3000000/5000000 CNY")]),
        ("1,440-1,450万头", [("1,440-1,450万", "14400000/14500000")]),
        ("800到1000米", [("800到1000米", "800/1000 m")]),
    ],
)
def test_the_unit_of_a_range_is_said_once(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("重三斤二两", [("三斤二两", "3.2 斤")]),
        ("一斤三两五钱", [("一斤三两五钱", "1.35 斤")]),
        ("三两五钱银子", [("三两五钱", "3.5 两")]),
        ("宽六尺三寸", [("六尺三寸", "6.3 尺")]),
        ("5公里300米", [("5公里300米", "5.3 km")]),
        ("3千克200克", [("3千克200克", "3.2 kg")]),
        ("1米75厘米", [("1米75厘米", "1.75 m")]),
        ("长5公里3米宽", [("5公里", "5 km"), ("3米", "3 m")]),
        ("三斤5元", [("三斤", "3 斤"), ("5元", "5 CNY")]),
        ("三斤多二十斤", [("三斤", "3 斤"), ("二十斤", "20 斤")]),
        ("深10千米", [("10千米", "10 km")]),
        ("装机1.2万千瓦", [("1.2万千瓦", "12000 kW")]),
        ("一台百万千瓦机组", [("百万千瓦", "1000000 kW")]),
        ("跑一千米", [("一千米", "1000 m")]),
    ],
)
def test_quantities_of_two_units(text, expected):
    assert found(text) == expected
