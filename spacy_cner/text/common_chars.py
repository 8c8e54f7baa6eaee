"""Characters that most Chinese texts consist of."""

from spacy.vocab import Vocab


def common_chars() -> list[str]:
    """Returns the printable characters of ASCII, GB 2312 and Big5: the simplified and traditional ones in use."""
    plane = (chr(code) for code in (*range(0x20, 0xD800), *range(0xE000, 0xFFFE)))
    return [char for char in plane if char.encode("gb2312", "ignore") or char.encode("big5", "ignore")]


def keep_common_chars(vocab: Vocab) -> None:
    """Makes the vocabulary know the common characters.

    A `memory_zone` forgets the lexemes that it made. Without these, a batch makes that of each character anew, which
    can take as long as half of the network."""
    for char in common_chars():
        vocab[char]
