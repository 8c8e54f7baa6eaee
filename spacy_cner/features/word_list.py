"""Lists of characters and words, found in a text by forward maximum matching (Feng et al. 2006, section 4)."""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy

from ..corpus.source import Source
from ..errors import CorpusError, InputError
from ..text.chars import first_emoji, normalize_texts
from ..text.words import PKU_CATEGORIES
from .hashing import START, mix, string_keys

LISTS_FOLDER = Path(__file__).parent.parent / "assets" / "lists"
NO_ENTRY, ENTRY_BEGIN, ENTRY_INSIDE = 0, 1, 2

HAN = "\u3400-\u9fff"
# Parts of speech and kinds of names as dictionaries have them.
DICTIONARY_TAG = f"(?:{'|'.join(' '.join(PKU_CATEGORIES.values()).split())}|n[a-z]{{2,3}}|eng|PER|LOC|ORG|TIME)"
# A word and a number may be a name, iPhone 12. A whole file of them is a dictionary.
COUNTED = re.compile(rf"[{HAN}]\S* \d+")
# Lines of other programs' dictionaries.
OTHER_FORMATS = [
    (re.compile(rf"\S.* \d+ {DICTIONARY_TAG}\d?"), "one of jieba's dictionary (word, frequency, part of speech)"),
    (re.compile(rf"\S+( {DICTIONARY_TAG}\d? \d+)+"), "one of HanLP's dictionary (word, part of speech, frequency)"),
    (re.compile(rf"(\S+/\w+ )*\S*[{HAN}][/,，:：|][a-zA-Z]+\d?"), "an entry with a tag, as in LAC's dictionary"),
    (re.compile(rf"[{HAN}]+( +[{HAN}]+){{3,}}"), "several"),
    (COUNTED, "one of a dictionary with frequencies"),
]


class WordList:
    """Entries of at least one character, each with a class: a kind of name, or a cluster of words. The longest entry at
    a character matches, and the search continues after it.

    entries: entries that share one class, or a mapping from each entry to its class.
    Raises InputError if there are no entries, for an empty entry, and for two classes of one entry."""

    def __init__(self, entries: Iterable[str] | Mapping[str, str]):
        given = entries if isinstance(entries, Mapping) else dict.fromkeys(entries, "")
        class_of: dict[str, str] = {}
        for plain, name in zip(normalize_texts(given), given.values()):
            if class_of.setdefault(plain, name) != name:
                raise InputError(f"expected one class for {plain!r}, got {class_of[plain]!r} and {name!r}")
        self.entries = sorted(class_of)
        if not self.entries or not self.entries[0]:
            raise InputError("expected a list with entries, none of them empty")
        self.names = sorted(set(class_of.values()))
        number = {name: i for i, name in enumerate(self.names)}
        # The class of each entry, in order
        self.classes = [number[class_of[entry]] for entry in self.entries]
        by_length: dict[int, list[int]] = {}
        for i, entry in enumerate(self.entries):
            by_length.setdefault(len(entry), []).append(i)
        # From each length to the sorted keys of its entries, and to their classes
        self._keys, self._classes = {}, {}
        for length in sorted(by_length):
            keys = string_keys([self.entries[i] for i in by_length[length]])
            order = numpy.argsort(keys)
            self._keys[length] = keys[order]
            self._classes[length] = numpy.array([self.classes[i] for i in by_length[length]])[order]
        self._is_first = numpy.zeros(sys.maxunicode + 2, dtype=bool)
        self._is_first[[ord(entry[0]) for entry in self.entries]] = True

    def match(self, codepoints: numpy.ndarray) -> numpy.ndarray:
        """Finds the entries in normalised code points, (n,) to int64 (n,).

        The value is NO_ENTRY, or ENTRY_BEGIN or ENTRY_INSIDE for an entry of the first class (of `names`), and 2 more
        for each class after it. Negative code points are in no entry."""
        is_first = self._is_first[codepoints]
        longest_entry = max(self._keys)
        if longest_entry == 1 and len(self.names) == 1:
            return is_first.astype("int64")
        starts = numpy.flatnonzero(is_first)
        lengths, classes = numpy.zeros((2, len(starts)), dtype="int64")
        keys = numpy.full(len(starts), START)
        padded = numpy.append(codepoints, [-1] * longest_entry)
        for length in range(1, longest_entry + 1):
            keys = mix(keys, padded[starts + length - 1])
            if length in self._keys:
                known = self._keys[length]
                index = numpy.searchsorted(known, keys).clip(max=len(known) - 1)
                found = known[index] == keys
                lengths[found] = length
                classes[found] = self._classes[length][index[found]]
        roles = numpy.zeros(len(codepoints), dtype="int64")
        end = 0
        for start, length, number in zip(starts.tolist(), lengths.tolist(), classes.tolist()):
            if length and start >= end:
                end = start + length
                roles[start], roles[start + 1 : end] = ENTRY_BEGIN + 2 * number, ENTRY_INSIDE + 2 * number
        return roles

    def to_dict(self) -> dict[str, Any]:
        """Returns entries and classes, ready for msgpack."""
        return {"entries": self.entries, "names": self.names, "classes": self.classes}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "WordList":
        """Makes the list that `to_dict` was called on. Of entries that have become one since then, the first counts."""
        class_of: dict[str, str] = {}
        for entry, i in zip(normalize_texts(saved["entries"]), saved["classes"], strict=True):
            class_of.setdefault(entry, saved["names"][i])
        return cls(class_of)


def read_list(path: str | Path) -> WordList:
    """Reads a UTF-8 file of one entry a line or, if there is a tab in it, of an entry, a tab and its class a line. An
    entry may hold blanks. Lines that begin with # are comments.

    Raises CorpusError, with file and line, for a file that is missing, not UTF-8 or without entries, for an emoji, a
    line of the one kind among lines of the other, and one of another program's dictionary, with frequency or tag."""
    source = Source.read(Path(path), "utf-8")
    lines = {number: line.strip(" \u3000\xa0\r") for number, line in source.lines() if line[0] != "#"}
    if not lines:
        raise CorpusError("expected a list with entries, got none", path=path)
    has_classes = any("\t" in line for line in lines.values())
    counted = len(lines) > 1 and all(COUNTED.fullmatch(line) for line in lines.values())
    class_of: dict[str, str] = {}
    for number, line in lines.items():
        entry, tab, name = (part.strip() for part in line.partition("\t")) if has_classes else (line, "", "")
        if has_classes and (not (entry and name) or "\t" in name):
            raise source.error(f"expected an entry, a tab and its class, got {line!r}", number)
        if emoji := first_emoji(entry):
            raise source.error(f"expected entries without emoji, which are read as commas, got {emoji!r}", number)
        for expression, kind in OTHER_FORMATS:
            if expression.fullmatch(entry) and (counted or expression is not COUNTED):
                raise source.error(f"expected one entry a line, got {kind}: {line!r}", number)
        if class_of.setdefault(entry, name) != name:
            raise source.error(f"expected the class {class_of[entry]!r} as before, got {line!r}", number)
    try:
        return WordList(class_of)
    except InputError as error:
        raise CorpusError(str(error), path=path) from None


def own_lists() -> dict[str, Path]:
    """Returns the lists that come with this package, by name."""
    return {path.stem: path for path in sorted(LISTS_FOLDER.glob("*.txt"))}
