"""Lists of characters and words, found in a text by forward maximum matching (Feng et al. 2006, section 4)."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy

from ..errors import CorpusError, InputError
from ..text.chars import normalize_text
from .hashing import START, mix, string_keys

LISTS_FOLDER = Path(__file__).parent.parent / "assets" / "lists"
NO_ENTRY, ENTRY_BEGIN, ENTRY_INSIDE = 0, 1, 2


class WordList:
    """Entries of at least one character, each with a class: a kind of name, or a cluster of words. The longest entry at
    a character matches, and the search continues after it.

    entries: entries that share one class, or a mapping from each entry to its class.
    Raises InputError if there are no entries, for an empty entry, and for two classes of one entry."""

    def __init__(self, entries: Iterable[str] | Mapping[str, str]):
        class_of: dict[str, str] = {}
        for entry, name in entries.items() if isinstance(entries, Mapping) else ((entry, "") for entry in entries):
            plain = normalize_text(entry)
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
        """Makes the list that `to_dict` was called on."""
        return cls({entry: saved["names"][i] for entry, i in zip(saved["entries"], saved["classes"], strict=True)})


def read_list(path: str | Path) -> WordList:
    """Reads a file of entries separated by white space. A file with a tab in it has lines of an entry, a tab, and the
    entry's class. Lines that begin with # are comments.

    Raises CorpusError for a file that is not UTF-8, has no entry, or mixes both kinds of lines."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"expected UTF-8, got the byte {error.object[error.start]:#x}", path=path) from error
    lines = {i: line for i, line in enumerate(text.splitlines(), start=1) if line.strip() and line[0] != "#"}
    if not lines:
        raise CorpusError("expected a list with entries, got none", path=path)
    if "\t" not in text:
        return WordList(entry for line in lines.values() for entry in line.split())
    class_of: dict[str, str] = {}
    for i, line in lines.items():
        entry, tab, name = line.partition("\t")
        if not (entry and tab and name) or "\t" in name:
            raise CorpusError(f"expected an entry, a tab and its class, got {line!r}", path=path, line=i)
        if class_of.setdefault(entry, name) != name:
            raise CorpusError(f"expected the class {class_of[entry]!r} as before, got {line!r}", path=path, line=i)
    return WordList(class_of)


def own_lists() -> dict[str, Path]:
    """Returns the paths of the lists that come with this package, by name."""
    return {path.stem: path for path in sorted(LISTS_FOLDER.glob("*.txt"))}
