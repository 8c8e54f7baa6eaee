"""Terms that do not change, and where they stand in texts: an Aho-Corasick automaton (Aho and Corasick 1975)."""

from array import array
from collections.abc import Iterator
from operator import ne
from typing import Any, NamedTuple

import numpy

from ..errors import InputError
from ..text.folding import Folding
from .columns import SEPARATOR, Term, TermColumns

MOST_LABELS = 2**16  # of a number of two bytes
FIRST_HAN = "\u2e80"  # scripts before it write words with blanks between them


class Hit(NamedTuple):
    """A term at characters start to end (exclusive)."""

    start: int
    end: int
    term: Term


class TermIndex:
    """Finds all terms in a text, in time that does not depend on how many there are.

    columns: the terms. folding: what is no difference. guard: whether a term that begins or ends with a letter or
    digit of another script than Chinese, such as Latin, does not match where the text goes on with one.

    Of several terms that are equal once folded, the one that is written as the text has it counts, else the one with
    the greatest weight, of equal ones the last given. So does of two labels of one term.

    conflicts: terms with two labels or ids, as (text, the Term that is kept, the Term that is not).
    Raises InputError for more than MOST_LABELS labels."""

    def __init__(self, columns: TermColumns, folding: Folding, guard: bool = True):
        self.folding, self.guard = folding, guard
        self.conflicts: list[tuple[str, Term, Term]] = []
        keys = _split(folding(SEPARATOR.join(columns.texts)))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        kept, starts, patterns = self._resolve(columns, keys, order)
        names = {name: i for i, name in enumerate(dict.fromkeys(columns.labels[i] for i in kept))}
        if len(names) > MOST_LABELS:
            raise InputError(f"expected at most {MOST_LABELS:,} labels, got {len(names):,}; are these labels or ids?")
        self._names = list(names)
        self._label = numpy.array([names[columns.labels[i]] for i in kept], dtype="uint16")
        self._weight = numpy.frombuffer(columns.weights, dtype="float32")[kept] if kept else numpy.zeros(0, "float32")
        self._texts = _Strings([columns.texts[i] for i in kept])
        self._ids = _Strings([columns.kb_ids[i] for i in kept])
        # The first term of each pattern, unless each has one
        self._starts = None if len(patterns) == len(kept) else numpy.array([*starts, len(kept)], dtype="uint32")
        self._automaton = _build(patterns)

    def _resolve(
        self, columns: TermColumns, keys: list[str], order: list[int]
    ) -> tuple[list[int], list[int], list[str]]:
        """Returns the terms that are kept, by key; where those of each key begin; and the keys, sorted."""
        ranked = [keys[i] for i in order]
        is_other = numpy.ones(len(ranked) + 1, dtype=bool)  # a key than the one before
        is_other[1:-1] = numpy.fromiter(map(ne, ranked, ranked[1:]), bool, max(0, len(ranked) - 1))
        borders = numpy.flatnonzero(is_other)
        if len(borders) == len(ranked) + 1:
            return order, [], ranked
        kept: list[int] = []
        counts, done = numpy.diff(borders), 0
        for place in numpy.flatnonzero(counts > 1).tolist():
            first, last = int(borders[place]), int(borders[place + 1])
            kept += order[done:first]
            winners = self._winners(columns, order[first:last])
            kept += winners
            counts[place] = len(winners)
            done = last
        kept += order[done:]
        starts = (numpy.cumsum(counts) - counts).tolist()
        return kept, starts, [ranked[i] for i in borders[:-1].tolist()]

    def _winners(self, columns: TermColumns, same: list[int]) -> list[int]:
        """Returns the best of terms with one key, then the best of each other way to write it."""
        ranked = sorted(same, key=lambda i: (columns.weights[i], i), reverse=True)
        best: dict[str, int] = {}
        for i in ranked:
            winner = best.setdefault(columns.texts[i], i)
            one, other = _term(columns, winner), _term(columns, i)
            if (one.label, one.kb_id) != (other.label, other.kb_id):
                self.conflicts.append((one.text, one, other))
        return list(best.values())

    @property
    def labels(self) -> list[str]:
        """The labels of the terms."""
        return self._names

    def __len__(self) -> int:
        return len(self._label)

    def __iter__(self) -> Iterator[Term]:
        return map(self.term, self._best_last())

    def _best_last(self) -> list[int]:
        """Returns the numbers of all terms. Those of one key stand in reverse: in an index made of them, the last of
        equal weights wins again."""
        numbers = numpy.arange(len(self))
        if self._starts is not None:
            borders = self._starts.astype("int64")
            numbers = numpy.repeat(borders[:-1] + borders[1:] - 1, numpy.diff(borders)) - numbers
        return numbers.tolist()

    def term(self, number: int) -> Term:
        """Returns a term by its number, in the order of the folded texts."""
        label = self._names[self._label[number]]
        return Term(self._texts[number], label, self._ids[number], float(self._weight[number]))

    def columns(self) -> TermColumns:
        """Returns all terms, in the order of the folded texts, and of one folded text the best last."""
        labels = [self._names[i] for i in self._label.tolist()]
        columns = TermColumns(self._texts.all(), labels, self._ids.all(), array("f", self._weight.tobytes()))
        return columns if self._starts is None else columns.chosen(self._best_last())

    def find(self, text: str, folded: str | None = None) -> Iterator[Hit]:
        """Yields all terms in a text, overlapping ones too, in the order of their ends.

        folded: the text as `folding` makes it, if it is known."""
        if self._automaton is None:
            return
        folded = self.folding(text) if folded is None else folded
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if not (self.guard and is_inside_word(folded, start, end)):
                yield Hit(start, end, self._written(pattern, text, start, end))

    def lookup(self, text: str) -> Term | None:
        """Returns the term that the whole text is: written so, else folded so; None if there is none."""
        if self._automaton is None:
            return None
        for pattern, start, end in self._automaton.find_matches_as_indexes(self.folding(text), overlapping=True):
            if start == 0 and end == len(text):
                return self._written(pattern, text, start, end)
        return None

    def _written(self, pattern: int, text: str, start: int, end: int) -> Term:
        if self._starts is None:
            return self.term(pattern)
        first, stop = int(self._starts[pattern]), int(self._starts[pattern + 1])
        if stop - first > 1:
            for number in range(first, stop):
                if self._texts[number] == text[start:end]:
                    return self.term(number)
        return self.term(first)

    # An automaton cannot be pickled.

    def __getstate__(self) -> dict[str, Any]:
        return {"columns": self.columns(), "folding": self.folding, "guard": self.guard}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


def is_inside_word(text: str, start: int, end: int) -> bool:
    """Returns whether a word or number of letters and digits, such as Latin ones, goes on beyond these characters."""
    return _goes_on(text, start) or _goes_on(text, end)


def _goes_on(text: str, place: int) -> bool:
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if _is_of_word(before) and _is_of_word(after):
        return True
    if before >= FIRST_HAN or after >= FIRST_HAN:
        return False
    # Inside of 3.14 or 1,000
    if after in ".," and before.isdigit():
        return place + 1 < len(text) and text[place + 1].isdigit() and text[place + 1] < FIRST_HAN
    return (
        before in ".," and after.isdigit() and place > 1 and text[place - 2].isdigit() and text[place - 2] < FIRST_HAN
    )


def _is_of_word(char: str) -> bool:
    return char.isalnum() and (char < FIRST_HAN or "\uff10" <= char <= "\uff5a")  # plain or full-width


class _Strings:
    """Many strings without line feeds in one, each with a line feed behind it."""

    def __init__(self, strings: list[str]):
        self._count = len(strings)
        self._bytes, self._ends = b"", None
        if any(strings):
            self._bytes = f"{SEPARATOR.join(strings)}{SEPARATOR}".encode("utf-8", "surrogatepass")
            ends = numpy.flatnonzero(numpy.frombuffer(self._bytes, "uint8") == ord(SEPARATOR)) + 1
            self._ends = numpy.concatenate([[0], ends]).astype("uint32")

    def __getitem__(self, number: int) -> str:
        if self._ends is None:
            return ""
        return self._bytes[self._ends[number] : self._ends[number + 1] - 1].decode("utf-8", "surrogatepass")

    def all(self) -> list[str]:
        if self._ends is None:
            return [""] * self._count
        return _split(self._bytes[:-1].decode("utf-8", "surrogatepass"))


def _split(joined: str) -> list[str]:
    return joined.split(SEPARATOR) if joined else []


def _term(columns: TermColumns, i: int) -> Term:
    return Term(columns.texts[i], columns.labels[i], columns.kb_ids[i], columns.weights[i])


def _build(patterns: list[str]) -> Any:
    """patterns: sorted, which makes building much faster."""
    if not patterns:
        return None
    try:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind
    except ImportError:
        raise InputError(
            'expected the extra dictionary for a dictionary: pip install "spacy_cner[dictionary]"'
        ) from None
    return AhoCorasick(patterns, MatchKind.Standard, store_patterns=False, implementation=Implementation.ContiguousNFA)
