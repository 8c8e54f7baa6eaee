import numpy

from spacy_cner.features import classes
from spacy_cner.features.classes import char_classes


def test_classes():
    expected = {
        "5": classes.DIGIT, "q": classes.LETTER, "é": classes.LETTER, "三": classes.CHINESE_DIGIT,
        "甲": classes.STEM, "子": classes.BRANCH, "人": classes.HAN, "。": classes.PUNCTUATION,
        ",": classes.PUNCTUATION, "+": classes.SYMBOL, " ": classes.SPACE,
        "の": classes.LETTER, "😀": classes.SYMBOL, "𠮷": classes.HAN,
        "\u200d": classes.OTHER,
    }  # fmt: skip
    found = char_classes(numpy.array([ord(char) for char in expected], dtype="int64"))
    assert dict(zip(expected, found.tolist())) == expected
