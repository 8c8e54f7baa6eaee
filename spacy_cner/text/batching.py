"""Batches of sequences of similar length."""

from collections.abc import Sequence, Sized


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
