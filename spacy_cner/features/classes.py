"""Classes of characters: digits, letters, Chinese digits, heavenly stems and earthly branches (Feng et al. 2008, Table
1); all other characters by their Unicode category."""

import unicodedata
from enum import IntEnum
from functools import lru_cache

import numpy


class CharClass(IntEnum):
    """The class of a character."""

    OTHER, DIGIT, LETTER, CHINESE_DIGIT, STEM, BRANCH, HAN, PUNCTUATION, SYMBOL, SPACE = range(10)


CHINESE_DIGITS = "〇零一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸"
HEAVENLY_STEMS = "甲乙丙丁戊己庚辛壬癸"
EARTHLY_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
LISTED = {
    CHINESE_DIGITS: CharClass.CHINESE_DIGIT,
    HEAVENLY_STEMS: CharClass.STEM,
    EARTHLY_BRANCHES: CharClass.BRANCH,
}
UNICODE_CATEGORIES = {
    "N": CharClass.DIGIT,
    "P": CharClass.PUNCTUATION,
    "S": CharClass.SYMBOL,
    "Z": CharClass.SPACE,
}
BASIC_PLANE = 0x10000
IDEOGRAPHS = (0x20000, 0x33480)  # the planes beyond the basic one that hold Chinese characters


def char_class(char: str) -> CharClass:
    """Returns the class of one normalised character."""
    for chars, value in LISTED.items():
        if char in chars:
            return value
    category = unicodedata.category(char)
    if category == "Lo":
        return CharClass.HAN if "CJK" in unicodedata.name(char, "") else CharClass.LETTER
    return CharClass.LETTER if category[0] == "L" else UNICODE_CATEGORIES.get(category[0], CharClass.OTHER)


@lru_cache(maxsize=1)
def _table() -> numpy.ndarray:
    return numpy.array([char_class(chr(i)) for i in range(BASIC_PLANE)], dtype="int64")


def char_classes(codepoints: numpy.ndarray) -> numpy.ndarray:
    """Returns the classes of code points, int64 of any shape. Beyond the basic plane they are Chinese or symbols."""
    table = _table()
    is_han = (codepoints >= IDEOGRAPHS[0]) & (codepoints < IDEOGRAPHS[1])
    beyond = numpy.where(is_han, int(CharClass.HAN), int(CharClass.SYMBOL))
    return numpy.where(codepoints < len(table), table[numpy.minimum(codepoints, len(table) - 1)], beyond)
