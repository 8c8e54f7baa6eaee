"""A dictionary that may change while it is used: a large index, and a small one of what was added since."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import Any, NamedTuple

from ..text.folding import Folding
from ..text.spans import touching
from .columns import Term, TermColumns
from .index import Hit, TermIndex

MANY = 20_000  # terms added after another: from then on they are merged into the large index


class _State(NamedTuple):
    """What a search sees, whatever changes meanwhile. gone: folded texts of the large index that were removed."""

    large: TermIndex
    recent: TermIndex
    gone: frozenset[str]


class TermDictionary:
    """Terms that are found in texts. Searches and changes may come from several threads.

    A change costs as much as there are terms that were added after another; from time to time all are built anew."""

    def __init__(self, folding: Folding = Folding(), guard: bool = True):  # noqa: B008
        self.folding, self.guard = folding, guard
        self._lock = RLock()
        # Per thread and task, so that a request sees its own terms alone
        self._called: ContextVar[TermIndex | None] = ContextVar("terms of a call", default=None)
        self._set(self._index(TermColumns()))

    def _index(self, columns: TermColumns) -> TermIndex:
        return TermIndex(columns, self.folding, self.guard)

    def _set(self, large: TermIndex) -> None:
        self._recent = TermColumns()
        self._state = _State(large, self._index(self._recent), frozenset())

    def __len__(self) -> int:
        large, recent, gone = self._state
        return len(recent) + (len(large) if not (gone or len(recent)) else sum(1 for _ in self._left(self._state)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the terms, in the order of the alphabet."""
        large, recent, gone = self._state
        if gone or len(recent):
            return tuple(sorted({term.label for term in self}))
        return tuple(sorted(large.labels))

    def __iter__(self) -> Iterator[Term]:
        state = self._state
        yield from self._left(state)
        yield from state.recent

    def _left(self, state: _State) -> Iterator[Term]:
        """Yields the terms of the large index that were neither removed nor replaced."""
        recent = {term.text for term in state.recent}
        for term in state.large:
            if term.text not in recent and not (state.gone and self.folding(term.text) in state.gone):
                yield term

    def columns(self) -> TermColumns:
        """Returns all terms."""
        large, recent, gone = self._state
        if not gone and not len(recent):
            return large.columns()
        return TermColumns.of(self)

    # Changes

    def add(self, columns: TermColumns) -> list[tuple[str, Term, Term]]:
        """Adds terms. One that is there already is replaced, unless it has a greater weight.

        RETURNS: those with two labels or ids, as (text, the Term that is kept, the Term that is not)."""
        with self._lock:
            if not len(self._state.large) or len(columns) + len(self._recent) > MANY:
                merged = self.columns()
                merged.extend(columns)
                self._set(index := self._index(merged))
                return index.conflicts
            conflicts = []
            added = TermColumns()
            for term in columns:
                known = self._find_own(term.text)
                if known is not None and known.text == term.text:
                    stays = known.weight > term.weight
                    if (known.label, known.kb_id) != (term.label, term.kb_id):
                        conflicts.append((term.text, *((known, term) if stays else (term, known))))
                    if stays:
                        continue
                added.append(*term)
            self._recent.extend(added)
            self._state = self._state._replace(recent=self._index(self._recent))
            return conflicts + self._index(added).conflicts  # those of earlier calls were told then

    def remove(self, texts: Iterable[str]) -> int:
        """Removes terms by their texts, which are compared folded. RETURNS: how many of the texts were terms."""
        with self._lock:
            keys = {self.folding(text.strip()): text.strip() for text in texts}
            found = [key for key, text in keys.items() if self._find_own(text) is not None]
            if found:
                kept = TermColumns.of(t for t in self._state.recent if self.folding(t.text) not in keys)
                self._recent = kept
                gone = self._state.gone | {key for key in found if self._state.large.lookup(key) is not None}
                self._state = _State(self._state.large, self._index(kept), gone)
            return len(found)

    def clear(self) -> None:
        """Removes all terms."""
        with self._lock:
            self._set(self._index(TermColumns()))

    @contextmanager
    def of_call(self, columns: TermColumns) -> Iterator[None]:
        """Has these terms, before all others, for the block: in its thread or task, and nowhere else."""
        token = self._called.set(self._index(columns))
        try:
            yield
        finally:
            self._called.reset(token)

    # Searches

    def find(self, text: str) -> list[Hit]:
        """Returns all terms in a text, overlapping ones too, but one for the same characters: that of the call, else
        what was added last."""
        large, recent, gone = self._state
        called = self._called.get()
        if called is None and not len(recent) and not gone:
            return list(large.find(text))
        folded = self.folding(text)
        found: dict[tuple[int, int], Hit] = {}
        if called is not None:
            found.update({hit[:2]: hit for hit in called.find(text, folded)})
        own = {hit[:2]: hit for hit in recent.find(text, folded)}
        for hit in large.find(text, folded):
            if folded[hit.start : hit.end] in gone:
                continue
            newer = own.setdefault(hit[:2], hit)
            own[hit[:2]] = hit if _is_older_better(hit.term, newer.term, text[hit.start : hit.end]) else newer
        found = own | found
        return sorted(found.values(), key=lambda hit: (hit.end, hit.start))

    def lookup(self, text: str) -> Term | None:
        """Returns the term that the whole text is; None if there is none."""
        called = self._called.get()
        return (called.lookup(text) if called is not None else None) or self._find_own(text)

    def _find_own(self, text: str) -> Term | None:
        large, recent, gone = self._state
        term = recent.lookup(text)
        if (term is None or term.text != text) and self.folding(text) not in gone:
            older = large.lookup(text)
            if term is None or (older is not None and _is_older_better(older, term, text)):
                return older
        return term

    # Locks and variables of a context cannot be pickled.

    def __getstate__(self) -> dict[str, Any]:
        return {"folding": self.folding, "guard": self.guard, "columns": self.columns()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["folding"], state["guard"])  # type: ignore[misc]
        self._set(self._index(state["columns"]))


def _is_older_better(older: Term, newer: Term, text: str) -> bool:
    """Whether a term comes before another form of it that was added later: it is written as the text has it, or neither
    is, and it has a greater weight."""
    return newer.text != text and (older.text == text or older.weight > newer.weight)


def without_stops(hits: Sequence[Hit], stops: Sequence[Hit]) -> tuple[list[Hit], list[tuple[int, int]]]:
    """Returns the terms that no stop covers a character of, and the characters of the stops.

    Where a term is longer than a stop and begins no later, it counts and the stop does not: of what begins first the
    longest does, and so on after its end; of a stop and a term of the same characters, the stop does."""
    if not stops:
        return list(hits), []
    closed: list[tuple[int, int]] = []
    end = 0
    marked = [(hit.start, -hit.end, 0) for hit in stops] + [(hit.start, -hit.end, 1) for hit in hits]
    for start, stop, is_term in sorted(marked):
        if start >= end:
            end = -stop
            if not is_term:
                closed.append((start, end))
    return [hit for hit in hits if not touching(closed, hit.start, hit.end)], closed
