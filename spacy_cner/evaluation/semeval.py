"""The scores of SemEval-2013, task 9.1: partial credit where only the borders or only the type is right."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from .judged import CharSpan, Judged

WAYS = ("strict", "exact", "partial", "type")


class Credit(NamedTuple):
    """How much of what was found is right, and of how much."""

    right: float
    found: int
    gold: int

    def prf(self) -> dict[str, float]:
        """Returns precision, recall and F1, 0 where there is nothing to count."""
        return {
            "p": self.right / self.found if self.found else 0.0,
            "r": self.right / self.gold if self.gold else 0.0,
            "f": 2 * self.right / (self.found + self.gold) if self.found + self.gold else 0.0,
        }


def semeval(documents: Sequence[Judged], label: str | None = None) -> dict[str, dict[str, float]]:
    """Returns precision, recall and F1 in four ways (Segura-Bedmar et al. 2013, section 4).

    `strict`: borders and type are right. `exact`: the borders are, whatever the type. `partial`: as exact, and half a
    point for an overlap. `type`: the type is right and the two overlap. An entity is matched once at most. The numbers
    are those of nervaluate 1.2.

    label: score the entities of this type alone."""
    return {way: _credit(documents, way, label).prf() for way in WAYS}


def _credit(documents: Iterable[Judged], way: str, label: str | None) -> Credit:
    right, found, gold = 0.0, 0, 0
    for document in documents:
        theirs, ours = (
            [span for span in spans if label in (None, span[2])] for spans in (document.gold, document.found)
        )
        right += COUNTS[way](theirs, ours)
        found, gold = found + len(ours), gold + len(theirs)
    return Credit(right, found, gold)


def _strict(gold: list[CharSpan], found: list[CharSpan]) -> float:
    return len(set(gold) & set(found))


def _exact(gold: list[CharSpan], found: list[CharSpan]) -> float:
    return len({span[:2] for span in gold} & {span[:2] for span in found})


def _partial(gold: list[CharSpan], found: list[CharSpan]) -> float:
    right, left = 0.0, deque(gold)
    for span in found:
        touched = _touched(left, span)
        if touched:
            match = next((each for each in touched if each[:2] == span[:2]), touched[0])
            right += 1.0 if match[:2] == span[:2] else 0.5
            left.remove(match)
    return right


def _type(gold: list[CharSpan], found: list[CharSpan]) -> float:
    right, left = 0.0, deque(gold)
    for span in found:
        touched = _touched(left, span)
        same = [each for each in touched if each[2] == span[2]]
        if touched:
            match = min(same, key=lambda each: _distance(each, span), default=touched[0])  # noqa: B023
            right += bool(same)
            left.remove(match)
    return right


def _touched(left: deque[CharSpan], span: CharSpan) -> list[CharSpan]:
    """Returns those that a span overlaps. `left` loses what ends before it, as the next span begins no earlier."""
    while left and left[0][1] <= span[0]:
        left.popleft()
    return [each for each in takewhile(lambda each: each[0] < span[1], left) if overlap(each, span)]


COUNTS: dict[str, Callable[[list[CharSpan], list[CharSpan]], float]] = {
    "strict": _strict,
    "exact": _exact,
    "partial": _partial,
    "type": _type,
}


def overlap(one: CharSpan, other: CharSpan) -> bool:
    """Returns whether two spans have a character in common."""
    return one[0] < other[1] and other[0] < one[1]


def _distance(one: CharSpan, other: CharSpan) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])
