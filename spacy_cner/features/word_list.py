"""Lists of characters and words, and where a text has them: forward maximum matching (Feng et al. 2006, section 4)."""

import sys
from pathlib import Path
from typing import Dict, Iterable, List, Union

import numpy

from ..chars import normalize_text
from ..errors import CorpusError, InputError
from .hashing import START, mix, string_keys

FOLDER = Path(__file__).parent.parent / "assets" / "lists"
OUTSIDE, BEGIN, INSIDE = 0, 1, 2


class WordList:
    """Entries of one character or more. The longest entry at a character matches, then the search goes on behind it."""

    def __init__(self, entries: Iterable[str]):
        self.entries = sorted({normalize_text(entry) for entry in entries})
        if not self.entries or not self.entries[0]:
            raise InputError("expected a list with entries, none of them empty")
        by_length: Dict[int, List[str]] = {}
        for entry in self.entries:
            by_length.setdefault(len(entry), []).append(entry)
        # Length to sorted keys
        self._keys = {length: numpy.sort(string_keys(by_length[length])) for length in sorted(by_length)}
        self._is_first = numpy.zeros(sys.maxunicode + 2, dtype=bool)
        self._is_first[[ord(entry[0]) for entry in self.entries]] = True

    def match(self, codepoints: numpy.ndarray) -> numpy.ndarray:
        """BEGIN, INSIDE (of an entry) or OUTSIDE for each normalised code point, (n,) to int64 (n,). Negative ones are
        in no entry."""
        is_first = self._is_first[codepoints]
        longest_entry = max(self._keys)
        if longest_entry == 1:
            return is_first.astype("int64")
        starts = numpy.flatnonzero(is_first)
        lengths = numpy.zeros(len(starts), dtype="int64")
        keys = numpy.full(len(starts), START)
        padded = numpy.append(codepoints, [-1] * longest_entry)
        for length in range(1, longest_entry + 1):
            keys = mix(keys, padded[starts + length - 1])
            if length in self._keys:
                lengths[_is_in(keys, self._keys[length])] = length
        roles = numpy.zeros(len(codepoints), dtype="int64")
        end = 0
        for start, length in zip(starts.tolist(), lengths.tolist()):
            if length and start >= end:
                end = start + length
                roles[start], roles[start + 1 : end] = BEGIN, INSIDE
        return roles


def read_list(path: Union[str, Path]) -> WordList:
    """A file of one entry per line, or several with white space between them; lines that begin with # are comments.

    Raises CorpusError for a file that is not UTF-8 or has no entry."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError(f"expected UTF-8, got the byte {error.object[error.start]:#x}", path=path) from error
    entries = [entry for line in lines if not line.startswith("#") for entry in line.split()]
    if not entries:
        raise CorpusError("expected a list with entries, got none", path=path)
    return WordList(entries)


def own_lists() -> Dict[str, Path]:
    """The lists that come with this package, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.txt"))}


def _is_in(keys: numpy.ndarray, known: numpy.ndarray) -> numpy.ndarray:
    place = numpy.searchsorted(known, keys)
    return known[numpy.minimum(place, len(known) - 1)] == keys
