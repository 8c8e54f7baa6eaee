"""Classes of characters: digits, letters, Chinese digits, the two Chinese orders (Feng et al. 2008, Table 1), and what
Unicode says of the rest."""

import unicodedata
from functools import lru_cache

import numpy

OTHER, DIGIT, LETTER, CHINESE_DIGIT, STEM, BRANCH, HAN, PUNCTUATION, SYMBOL, SPACE = range(10)

CHINESE_DIGITS = "〇零一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸"
HEAVENLY_STEMS = "甲乙丙丁戊己庚辛壬癸"
EARTHLY_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
LISTED = {CHINESE_DIGITS: CHINESE_DIGIT, HEAVENLY_STEMS: STEM, EARTHLY_BRANCHES: BRANCH}
CATEGORIES = {"N": DIGIT, "P": PUNCTUATION, "S": SYMBOL, "Z": SPACE}
BASIC_PLANE = 0x10000
IDEOGRAPHS = (0x20000, 0x33480)  # the planes beyond the basic one that hold Chinese characters


def char_class(char: str) -> int:
    """The class of one normalised character."""
    for chars, value in LISTED.items():
        if char in chars:
            return value
    category = unicodedata.category(char)
    if category == "Lo":
        return HAN if "CJK" in unicodedata.name(char, "") else LETTER
    return LETTER if category[0] == "L" else CATEGORIES.get(category[0], OTHER)


@lru_cache(maxsize=1)
def _table() -> numpy.ndarray:
    return numpy.array([char_class(chr(i)) for i in range(BASIC_PLANE)], dtype="int64")


def char_classes(codepoints: numpy.ndarray) -> numpy.ndarray:
    """Classes of code points, int64 of any shape; those beyond the basic plane are Chinese or symbols (emoji)."""
    table = _table()
    beyond = numpy.where((codepoints >= IDEOGRAPHS[0]) & (codepoints < IDEOGRAPHS[1]), HAN, SYMBOL)
    return numpy.where(codepoints < len(table), table[numpy.minimum(codepoints, len(table) - 1)], beyond)
