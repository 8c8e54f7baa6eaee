"""Values in a text."""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from ..text.folding import Folding
from . import patterns
from .contacts import email_value, id_value, phone_value
from .dates import UNITS as TIME_UNITS
from .dates import iso_duration, iso_time
from .lexicon import CURRENCIES, UNITS, not_counts
from .numerals import ABOUT, CHAR, Number, parse_number, plain, spanning

LABELS = (
    *("DATE", "TIME", "DURATION", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL"),
    *("PHONE", "EMAIL", "URL", "ID"),
)
FOLDING = Folding(case=False)
LONGEST_WORD = 7
NUMERAL = re.compile(f"[{CHAR}半]")
AMOUNT = re.compile(f"[{CHAR}半]+(?P<unit>{patterns.any_of([*UNITS, *TIME_UNITS, *CURRENCIES])})")
SINGLE = frozenset("二两俩仨三四五六七八九十")


WORDS_TOO = frozenset("平度升尺寸克安伏瓦钱丈")  # units that are parts of words, too, before one of the next
AFTER_A_WORD = frozenset("均台方息假过夺蝉级到至学职高值卷拉全排安原局手球包行")


class FoundValue(NamedTuple):
    """A value at characters start to end (exclusive) of a text."""

    start: int
    end: int
    label: str
    value: str


def find_values(text: str, now: datetime, labels: Collection[str] = LABELS) -> list[FoundValue]:
    """Returns the values of a text, from left to right; they do not overlap.

    now: what dates and times refer to. labels: those to look for."""
    if patterns.ANY.search(text) is None and patterns.ANY.search(folded := FOLDING(text)) is None:
        return []
    folded = FOLDING(text)
    if patterns.ANY.search(folded) is None:
        return []
    taken = bytearray(len(text))
    found: list[FoundValue] = []
    for label, expression, read in EXPRESSIONS:
        for match in expression.finditer(folded):
            start, end = match.span()
            if start == end or any(taken[start:end]):
                continue
            if label == "NOT":
                taken[start:end] = b"\1" * (end - start)
                continue
            place = read(match, now)
            if place is None:
                continue
            start, end, value = place
            taken[start:end] = b"\1" * (end - start)
            named = "TIME" if label == "DATE" and "T" in value else label  # 半小时后
            if named in labels:
                found.append(FoundValue(start, end, named, value))
        if label == "MONEY":
            _take_words(folded, taken)
    return sorted(found)


def _take_words(text: str, taken: bytearray) -> None:
    """Marks words in which a number is no count."""
    words = not_counts()
    for numeral in NUMERAL.finditer(text):
        place = numeral.start()
        if taken[place]:
            continue
        for start in range(max(0, place - LONGEST_WORD + 1), place + 1):
            for end in range(min(len(text), start + LONGEST_WORD), max(place, start + 1), -1):
                if text[start:end] in words and not any(taken[start:end]) and not _is_cut(text, start, end):
                    taken[start:end] = b"\2" * (end - start)
                    break


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether a word is only a part of a number with its unit: 十分 in 二十分钟, 三公 in 三公里, 天半 in 四天半."""
    if start and NUMERAL.match(text, start - 1) and re.match(f"[{CHAR}]|[天年月]半", text[start:end]):
        return True
    amount = AMOUNT.match(text, start)
    return amount is not None and amount.start("unit") < end < amount.end()


Read = Callable[[re.Match, datetime], tuple[int, int, str] | None]


def _as_it_is(match: re.Match, now: datetime) -> tuple[int, int, str]:
    return *match.span(), match[0]


def _contact(value: Callable[[str], str | None]) -> Read:
    def read(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
        found = value(match[0])
        return None if found is None else (*match.span(), found)

    return read


def _time(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    value = iso_time(match[0], now)
    return None if value is None else (*match.span(), value)


def _duration(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    value = iso_duration(match[0])
    return None if value is None else (*match.span(), value)


def _money(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    if match["before"]:
        number = parse_number(match["first"])
        return None if number is None else (*match.span(), f"{number} {CURRENCIES[match['before']]}")
    if match["small"]:
        number = parse_number(match["small"])
        if match["coin"] == "毛" and not re.search(
            "[涨跌降贵差少花了]", match.string[match.start() - 1 : match.start()]
        ):
            return None
        scale = "0.01" if match["coin"][0] == "分" else "0.1"
        return None if number is None else (*match.span(), f"{number.times(Decimal(scale))} CNY")
    number = parse_number(match["number"])
    if number is None:
        return None
    if match["upper"]:
        upper = parse_number(match["upper"])
        number = None if upper is None else spanning(number, upper)
        if number is None:
            return None
    rest, tenth = match["rest"], Decimal("0.1")
    for digit, unit in re.findall(r"(\d{1,2}|[一二两三四五六七八九半])([角毛分]?)", rest):
        part = Decimal("0.5") * 10 if digit == "半" else parse_number(digit).low  # type: ignore[union-attr]
        scale = tenth * tenth if unit == "分" or len(digit) == 2 else tenth
        number = Number(number.low + part * scale, number.high + part * scale, number.about)
    return *match.span(), f"{number} {CURRENCIES[match['unit']]}"


def _percent(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    for name, factor, unit in (
        ("hundred", "1", "%"), ("thousand", "0.1", "%"), ("tenthousand", "0.01", "%"), ("sign", "1", "%"),
        ("points", "1", "pp"), ("tenths", "10", "%"),
    ):  # fmt: skip
        if match[name]:
            number = parse_number(match[name])
            if number is not None and name == "sign" and match["upper"]:
                upper = parse_number(match["upper"])
                number = None if upper is None else spanning(number, upper)
            if number is None:
                return None
            if name == "sign" and match["symbol"] == "‰":
                factor = "0.1"
            if match["kind"] in ("基点", "bp", "BP"):
                unit = "bp"
            number = number.times(Decimal(factor))
            if name == "tenths" and match["half"]:
                more = Decimal(5) if match["half"] == "半" else parse_number(match["half"]).low  # type: ignore[union-attr]
                number = Number(number.low + more, number.high + more)
            return *match.span(), f"{number} {unit}"
    return None


def _quantity(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    text, unit, rest = match["number"], match["unit"], match["rest"]
    if "/" in text:
        return *match.span(), f"{text} {UNITS[unit]}"
    number = Number(Decimal("0.5"), Decimal("0.5")) if text == "半" else parse_number(text)
    if number is None:
        return None
    after = match.string[match.end() : match.end() + 1]
    if unit == "级" and "." not in text:
        return None
    if unit == "里" and after and after not in "路地远，。、；外山水":
        return None
    if unit in WORDS_TOO and after in AFTER_A_WORD:
        return None
    if unit == "平" and re.search("[胜负]", match.string[match.start() - 1 : match.start()] + after):  # games
        return None
    if unit == "G" and text in ("2", "3", "4", "5", "6"):  # generations of networks
        return None
    if unit in ("T", "G", "L", "V", "W", "g", "m", "A") and not match.string[match.start("unit") - 1].isdigit():
        return None
    if unit == "度" and re.search("角|[经纬]", match.string[max(0, match.start() - 6) : match.start()]):
        symbol = "°"
    else:
        symbol = UNITS[unit]
    if rest:
        part = {1: Decimal("0.1"), 2: Decimal("0.01")}[len(rest)]
        part = Decimal("0.5") if rest == "半" else parse_number(rest).low * part  # type: ignore[union-attr]
        number = Number(number.low + part, number.high + part, number.about)
    if match["upper"]:
        upper = parse_number(match["upper"])
        number = None if upper is None else spanning(number, upper)
        if number is None:
            return None
    if match["minus"]:
        number = number.times(Decimal(-1))
    return *match.span(), f"{number} {symbol}"


def _ordinal(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    number = parse_number(match["number"])
    return None if number is None else (*match.span(), plain(number.low))


def _cardinal(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    if match["k"]:
        return *match.span(), plain(Decimal(match["k"]) * 1000)
    text, counted = match["number"], match["counted"]
    number = parse_number(text)
    if number is None:
        return None
    start, end = match.span("number")
    before, after = match.string[max(0, start - 2) : start], match.string[end : end + 2]
    arabic = text[0].isdigit()
    if counted in ("金", "银", "铜") and not re.search("[金银铜]", match.string[max(0, start - 1) : start] + after[1:]):
        if not re.match(r"\d", after[1:]):
            return None
    if arabic:
        if not counted and not re.search("[.,万亿百千]", text) and not _is_measured(before, after):
            return None
        if re.match(r"[A-Za-z_]|\s?[×*]", after) or before.endswith((".", "/", "#")):
            return None
    elif (
        text in ("一", "几")
        or (len(text) == 1 and not (counted and text in SINGLE))
        or not counted
        and not re.search("[百千万亿]", text)
        and not _is_measured(before, after)
    ):
        return None
    elif re.match(f"[百千万亿]+{ABOUT}", text) and counted:
        number = parse_number("一" + text) or number
    elif re.match("[百千万亿]", text) or before.endswith(("第", "老", "初", "周", "期")):
        if text not in ("千亿", "百亿", "百万", "千万", "万亿") or before.endswith("第"):
            return None
        number = parse_number("一" + text) or number
    return start, start + len(text.rstrip()), str(number)


def _is_measured(before: str, after: str) -> bool:
    """Whether a number without a classifier is one: it stands behind what leads to amounts."""
    if re.match("左右|上下|以[上下内]", after):
        return True
    return bool(re.search("[了到至为达满减剩仅超破逼共从计约报降升得均数才花值]$", before)) and not re.match(
        "[A-Za-z号楼室线路岁年月日点时分]", after
    )


def _fraction(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    text = match[0]
    lower, _, upper = text.partition("分之")
    if "/" in text:
        upper, _, lower = text.partition("/")
    top, bottom = parse_number(upper), parse_number(lower)
    if top is None or bottom is None or not bottom.low:
        return None
    return *match.span(), plain((top.low / bottom.low).quantize(Decimal("0.0001")))


# In the order in which they take their characters
EXPRESSIONS: list[tuple[str, re.Pattern, Read]] = [
    ("EMAIL", patterns.EMAIL, _contact(email_value)),
    ("URL", patterns.URL, _as_it_is),
    ("ID", patterns.ID, _contact(id_value)),
    ("PHONE", patterns.PHONE, _contact(phone_value)),
    ("NOT", patterns.NAMES, _as_it_is),
    ("TIME", patterns.TIME, _time),
    ("DATE", patterns.DATE, _time),
    ("PERCENT", patterns.PERCENT, _percent),
    ("CARDINAL", patterns.FRACTION, _fraction),
    ("MONEY", patterns.MONEY, _money),
    ("ORDINAL", patterns.ORDINAL, _ordinal),
    ("NOT", patterns.NOT_VALUES, _as_it_is),
    ("DURATION", patterns.DURATION, _duration),
    ("QUANTITY", patterns.QUANTITY, _quantity),
    ("CARDINAL", patterns.CARDINAL, _cardinal),
]
