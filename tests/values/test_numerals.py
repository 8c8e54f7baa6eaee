import pytest

from spacy_cner.values.numerals import parse_number


@pytest.mark.parametrize(
    "text, value",
    [
        ("1.5亿", "150000000"),
        ("三千五百", "3500"),
        ("两三百", "200/300"),
        ("三十来", "~30"),
        ("壹佰贰拾万", "1200000"),
        ("二〇二六", "2026"),
        ("两万八", "28000"),
        ("一百零五", "105"),
        ("十二万三", "123000"),
        ("七八", "7/8"),
        ("8-10", "8/10"),
        ("三到五万", "30000/50000"),
        ("1.2万亿", "1200000000000"),
        ("五万多", "~50000"),
        ("十几", "~10"),
        ("四千出头", "~4000"),
        ("十五六", "15/16"),
        ("一百二", "120"),
        ("3,250,000.00", "3250000"),
        ("一亿二千万", "120000000"),
        ("一万零五百", "10500"),
        ("三点五", "3.5"),
        ("一点二亿", "120000000"),
        ("廿三", "23"),
        ("两万亿", "2000000000000"),
        ("一千零一十", "1010"),
        ("零", "0"),
    ],
)
def test_numbers(text, value):
    assert str(parse_number(text)) == value


@pytest.mark.parametrize("text", ["", "百花", "点", "三点", "abc", "五千三千五点百"])
def test_no_numbers(text):
    assert parse_number(text) is None


def test_all_numbers_that_chinese_writes():
    """Every number up to a million that a simple writer writes, sampled, is read as itself."""
    for number in [*range(1000), *range(1000, 1_000_000, 997)]:
        assert str(parse_number(written(number))) == str(number), written(number)


def written(number):
    if number >= 10_000:
        upper, lower = divmod(number, 10_000)
        zero = "零" if 0 < lower < 1000 else ""
        return written(upper) + "万" + (zero + written(lower) if lower else "")
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if zero and text else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        else:
            zero = True
    return text or "零"
