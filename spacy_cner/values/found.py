"""A value that was found."""

from typing import NamedTuple


class FoundValue(NamedTuple):
    """A value at characters start to end (exclusive) of a text."""

    start: int
    end: int
    label: str
    value: str
