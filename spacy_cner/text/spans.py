"""Spans as tuples."""

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import Any, TypeVar

SpanTupleT = TypeVar("SpanTupleT", bound=tuple[Any, ...])  # start, end (exclusive), and what else is known of it


def touching(spans: list[SpanTupleT], start: int, end: int) -> list[SpanTupleT]:
    """Returns the spans that have a character between `start` and `end` (exclusive).

    The spans are in text order and do not overlap. The time is logarithmic in their number."""
    return spans[bisect_right(spans, start, key=itemgetter(1)) : bisect_left(spans, end, key=itemgetter(0))]
