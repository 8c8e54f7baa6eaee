"""A table that finds the words of a lexicon in a text."""

import numpy

from ..errors import InputError
from ..features.dictionary import Dictionary
from ..features.hashing import START, mix, string_keys
from ..text.chars import normalize_codepoints, normalize_texts

SETS = 4
B, M, E, S = range(SETS)
EMPTY = numpy.zeros(0, dtype="int64")
SEPARATOR = 0x110000  # the number after the last code point


class WordTable:
    """Words of any length, found in a text by a hash of 64 bits; row i belongs to words[i].

    counts: how often each word occurs in running text, which are the weights of `sets`.
    Raises InputError for an empty word, and for another number of counts."""

    def __init__(self, words: list[str], counts: list[int]):
        if len(words) != len(counts):
            raise InputError(f"expected one count for each of {len(words)} words, got {len(counts)}")
        if "" in words:
            raise InputError("expected words of at least one character, got an empty one")
        self.words, self.counts = words, counts
        lengths = numpy.array([len(word) for word in words], dtype="int64")
        self._lengths = numpy.unique(lengths).tolist()
        keys = numpy.zeros(len(words), dtype="uint64")
        for length in self._lengths:
            rows = numpy.flatnonzero(lengths == length)
            keys[rows] = string_keys(normalize_texts(words[row] for row in rows))
        known, self._rows = numpy.unique(keys, return_index=True)
        self._dictionary = Dictionary(known)
        self._counts = numpy.array(counts, dtype="float32")

    def __len__(self) -> int:
        """Returns the number of words."""
        return len(self.words)

    def matches(self, codepoints: numpy.ndarray) -> list[tuple[int, numpy.ndarray, numpy.ndarray]]:
        """Finds all words in a text of code points (n,). RETURNS: for each word length found, (length, starts, rows),
        both int64 (m,), sorted by starts."""
        plain = normalize_codepoints(codepoints)
        found = []
        keys = numpy.full(len(plain), START)
        for length in range(1, min(len(plain), self._lengths[-1] if self._lengths else 0) + 1):
            keys = mix(keys[: len(plain) - length + 1], plain[length - 1 :])
            if length in self._lengths:
                known = self._dictionary.rows(keys)
                starts = numpy.flatnonzero(known)
                if len(starts):
                    found.append((length, starts, self._rows[known[starts] - 1]))
        return found

    def sets(self, texts: list[numpy.ndarray]) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """Sorts the words at each character of texts into the four sets B, M, E, S.

        RETURNS: slots, rows and shares, each (m,). Row rows[i] belongs to set slots[i] % 4 of character slots[i] // 4
        of the concatenated texts. Its weight is shares[i] (float32): 4 * count / sum of the counts at that character,
        in all its sets."""
        # One concatenated text is faster; a separator keeps words from crossing into the next text.
        ends = numpy.cumsum([len(text) + 1 for text in texts], dtype="int64")
        inside = numpy.ones(ends[-1] if texts else 0, dtype=bool)
        inside[ends - 1] = False
        joined = numpy.full(len(inside), SEPARATOR, dtype="uint32")
        joined[inside] = numpy.concatenate([*texts, EMPTY])
        positions, sets, rows = [EMPTY], [EMPTY], [EMPTY]
        for length, starts, row in self.matches(joined):
            for offset in range(length):
                kind = S if length == 1 else B if offset == 0 else E if offset == length - 1 else M
                positions.append(starts + offset)
                sets.append(numpy.full(len(starts), kind))
                rows.append(row)
        position, found = numpy.concatenate(positions), numpy.concatenate(rows)
        position = position - numpy.cumsum(~inside)[position]  # without the separators before it
        counts = self._counts[found]
        shares = 4 * counts / numpy.bincount(position, weights=counts)[position]
        return SETS * position + numpy.concatenate(sets), found, shares.astype("float32")
