"""Sequences of like length together."""

from collections.abc import Sequence, Sized


def batches_by_length(sequences: Sequence[Sized], padded_size: int) -> list[list[int]]:
    """Indices of the sequences, those of like length together, so that little is padded, and at most `padded_size`
    items with padding in a batch (or a single sequence)."""
    batches: list[list[int]] = []
    for i in sorted(range(len(sequences)), key=lambda i: len(sequences[i]), reverse=True):
        if batches and len(sequences[batches[-1][0]]) * (len(batches[-1]) + 1) <= padded_size:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches
