"""Numbers as Chinese writes them: 1.5亿, 三千五百, 两三百, 三十来, 壹佰贰拾, 二〇二六."""

import re
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

DIGITS = {char: i for i, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3, "○": 0}
DIGITS |= {char: i for i, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000, "廿": 20}
LARGE = {"万": 10**4, "亿": 10**8, "兆": 10**12}

CHAR = "零〇○一二两俩仨三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟廿"
CN = "零〇一二两三四五六七八九十"
ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?)"
# Stands for the mark of two digits that follow each other and are one number: 三、四天
JOINER = "\u2060"
# Of the tens and above that an inexact number ends with
ABOUT = "(?:多|余|来|出头)"
NUMBER = (
    rf"(?:(?:\d+(?:\.\d+)?[百千]?[万亿千百](?=\d))*(?:\d{JOINER})?{ARABIC}\s?(?:[百千万亿]+)?{ABOUT}?(?:万亿|万|亿|个多?亿)?"
    rf"|[{CHAR}{JOINER}]+(?:几)?(?:点[零〇一二三四五六七八九]+)?{ABOUT}?(?:万亿|万|亿|个多?亿)?)"
)
RANGE = rf"{NUMBER}(?:\s?[-~～–—至到]\s?{NUMBER})?"
SIGN = "零下|零上|负|[-−+]"
PARTS = re.compile(rf"({NUMBER})\s?[-~～–—至到]\s?({SIGN})?({NUMBER})")
PAIR = re.compile(
    rf"([一二两三四五六七八九]){JOINER}?([二两三四五六七八九])(?=[十百千万亿]|$)|(\d){JOINER}(\d)(?=[百千万亿]|$)"
)
PAIRS_OF_DIGITS = {"一两", "两三", "三五", *map("".join, pairwise("一二三四五六七八九"))}
# Not where the first may number a list; dates have such pairs of their own
_FOLLOWING = [f"{a}、{b}" for digits in ("一二三四五六七八九", "123456789") for a, b in pairwise(digits)]
FOLLOWING = re.compile(
    rf"(?:(?<=[一-鿿])(?<![第{CHAR}])|(?=十))十?(?:{'|'.join([*_FOLLOWING, '一、两', '两、三', '三、五', '3、5'])})"
    r"(?=[十百千万亿]*[^\W\d十百千万亿])(?![月日号季])"
)

SLANG = str.maketrans({"k": "千", "K": "千", "w": "万", "W": "万"})  # 5k元, 3w粉丝


class Number(NamedTuple):
    """low, high: the ends of a range, the same for one number. about: whether it is more or less."""

    low: Decimal
    high: Decimal
    about: bool = False

    def times(self, factor: Decimal) -> "Number":
        """Returns the number times a factor."""
        low, high = sorted((self.low * factor + 0, self.high * factor + 0))  # + 0: no -0
        return self._replace(low=low, high=high)

    def plus(self, rest: Decimal) -> "Number":
        """Returns the number with a rest that is said behind it, as in 三块五: further from zero."""
        low, high = (end - rest if end < 0 else end + rest for end in (self.low, self.high))
        return self._replace(low=low, high=high)

    def signed(self, sign: str | None) -> "Number":
        """Returns the number with what stands before it, one of SIGN."""
        return self.times(Decimal(-1)) if sign and sign not in ("零上", "+") else self

    def __str__(self) -> str:
        ends = [plain(self.low)] if self.low == self.high else [plain(self.low), plain(self.high)]
        return ("~" if self.about else "") + "/".join(ends)


def plain(number: Decimal) -> str:
    """Returns a number in digits, without zeros at the end of its fraction."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spanning(first: Number, last: Number) -> Number | None:
    """Returns the range from one number to another; None if it falls, unless below zero: -2%至-5%."""
    about = first.about or last.about
    if first.low < last.high:
        return Number(first.low, last.high, about)
    return Number(last.low, first.high, about) if last.low < 0 else None


def parse_number(text: str, minus: str | None = None) -> Number | None:
    """Returns the number that a text is, in simplified characters and plain digits; None if it is none.

    minus: what stands before it, one of SIGN. Of a range it belongs to the first end."""
    text = text.translate(SLANG)
    found = PARTS.fullmatch(text)
    if found:
        first, sign, second = found.groups()
        one, other = parse_number(_scaled(first, second)), parse_number(second)
        if one is None or other is None:
            return None
        if minus == "零下" and not sign:  # said once, of both: 零下三到五度
            both = spanning(one, other)
            return both and both.signed(minus)
        return spanning(one.signed(minus), other.signed(sign))
    about = bool(re.search(f"{ABOUT}|几", text))
    text = re.sub(rf"个(?=多?亿)|{ABOUT}|几|\s|,", "", text)
    if pair := PAIR.search(text):
        before, after = text[: pair.start()], text[pair.end() :]
        if not re.search("[零〇一二三四五六七八九]$", before) and not re.match("[零〇一二三四五六七八九]", after):
            one, other = filter(None, pair.groups())
            low, high = _exact(before + one + after), _exact(before + other + after)
            if one + other in PAIRS_OF_DIGITS or pair[3] or "两" in one + other:
                return None if low is None or high is None or low >= high else Number(low, high, about).signed(minus)
    number = _exact(text)
    return None if number is None else Number(number, number, about).signed(minus)


def _scaled(first: str, second: str) -> str:
    """Returns the first end of a range with the unit that only the last has: 3到5万, 三到五百; not 5000到1万."""
    units = re.search("[百千万亿]+$", second)
    if not units or re.search("[十百千万亿]", first):
        # 三百到五百万
        units = re.search("[万亿]+$", second) if not re.search("[万亿]", first) else None
    low, high = (_exact(text.replace(",", "")) for text in (first + units[0], second)) if units else (None, None)
    return first + units[0] if units and low is not None and high is not None and low < high else first


def _exact(text: str) -> Decimal | None:
    mixed = re.findall(r"(\d+(?:\.\d+)?)([百千万亿]*)", text)
    if len(mixed) > 1 and "".join(a + b for a, b in mixed) == text:  # 1亿2000万
        total, below = Decimal(0), None
        for digits, units in mixed:
            scale = Decimal(1)
            for unit in units:
                scale *= SMALL.get(unit) or LARGE[unit]
            if not units and len(digits) == 1 and below:
                scale = below / 10
            part = Decimal(digits) * scale
            if below is not None and part >= below:
                return None
            total, below = total + part, scale
        return total
    arabic = re.fullmatch(r"(\d+(?:\.\d+)?)([百千万亿]*)", text)
    if arabic:
        number = Decimal(arabic[1])
        for unit in arabic[2]:
            number *= SMALL.get(unit) or LARGE[unit]
        return number
    whole, point, fraction = text.partition("点")
    if point:
        units = re.search("[十百千万亿]+$", fraction)
        digits = fraction[: units.start()] if units else fraction
        base = _integer(whole)
        if base is None or not digits or not all(char in DIGITS for char in digits):
            return None
        number = Decimal(f"{base}.{''.join(str(DIGITS[char]) for char in digits)}")
        for unit in units[0] if units else "":
            number *= SMALL.get(unit) or LARGE[unit]
        return number
    found = _integer(whole)
    return None if found is None else Decimal(found)


def _integer(text: str) -> int | None:
    """Reads Chinese digits one by one (二〇二六), or with units; a last one counts in the unit below (两万八)."""
    if not text or not all(char in DIGITS or char in SMALL or char in LARGE for char in text):
        return None
    if all(char in DIGITS for char in text):
        return int("".join(str(DIGITS[char]) for char in text))
    total = section = digit = 0
    last = largest = 1  # the unit before the present digit, and the last of 万, 亿
    after_zero = pending = False
    for char in text:
        if char in DIGITS:
            if pending:
                return None
            digit, pending, after_zero = DIGITS[char], DIGITS[char] > 0, DIGITS[char] == 0 or after_zero
        elif char in SMALL:
            section += SMALL[char] if char == "廿" else (digit if pending else 1) * SMALL[char]
            digit, pending, last, after_zero = 0, False, SMALL[char], False
        else:
            section += digit
            unit = LARGE[char]
            total = (total + section) * unit if total and unit > largest else total + (section or 1) * unit
            section, digit, pending, after_zero = 0, 0, False, False
            last = largest = unit
    if pending and last >= 100 and not after_zero:
        digit *= last // 10
    return total + section + digit
