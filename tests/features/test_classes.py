import numpy

from spacy_cner.features.classes import CharClass, char_classes


def test_classes():
    expected = {
        "5": CharClass.DIGIT, "q": CharClass.LETTER, "é": CharClass.LETTER, "三": CharClass.CHINESE_DIGIT,
        "甲": CharClass.STEM, "子": CharClass.BRANCH, "人": CharClass.HAN, "。": CharClass.PUNCTUATION,
        ",": CharClass.PUNCTUATION, "+": CharClass.SYMBOL, " ": CharClass.SPACE,
        "の": CharClass.LETTER, "😀": CharClass.SYMBOL, "𠮷": CharClass.HAN,
        "\u200d": CharClass.OTHER,
    }  # fmt: skip
    found = char_classes(numpy.array([ord(char) for char in expected], dtype="int64"))
    assert dict(zip(expected, found.tolist())) == expected
