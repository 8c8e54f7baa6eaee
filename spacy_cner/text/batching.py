"""Batches of sequences of similar length."""

from collections.abc import Sequence, Sized
from typing import NamedTuple


def batches_by_length(sequences: Sequence[Sized], padded_size: int) -> list[list[int]]:
    """Groups the indices of sequences of similar length, so that there is little padding.

    A batch has at most `padded_size` items including padding, or a single sequence."""
    batches: list[list[int]] = []
    for i in sorted(range(len(sequences)), key=lambda i: len(sequences[i]), reverse=True):
        if batches and len(sequences[batches[-1][0]]) * (len(batches[-1]) + 1) <= padded_size:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


class Window(NamedTuple):
    """A part of a sequence that a network reads at once, from `start` to `end`. Of its results those from `first` to
    `last` are kept; the rest is context."""

    start: int
    end: int
    first: int
    last: int


def windows(length: int, size: int, margin: int) -> list[Window]:
    """Covers a sequence of `length` items with windows of at most `size`. Each result that is kept has `margin` items of
    context on both sides, as far as there are any."""
    found, done = [], 0
    while done < length or not found:
        start = max(0, done - margin)
        end = min(length, start + size)
        last = length if end == length else end - margin
        found.append(Window(start, end, done, last))
        done = last
    return found
