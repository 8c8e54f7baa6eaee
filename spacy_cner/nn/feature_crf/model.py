"""A CRF over sparse binary features."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..crf import CRF
from .bags import sum_rows


class Batch(NamedTuple):
    """Some sequences of the characters: `chars` (B, T), which characters (any at padding), and `lengths` (B,)."""

    chars: Tensor
    lengths: Tensor

    @property
    def inside(self) -> Tensor:
        """True but for padding; bool (B, T)."""
        return torch.arange(self.chars.shape[1]) < self.lengths.unsqueeze(1)


def make_batch(sequences: list[range]) -> Batch:
    """The sequences are ranges of characters."""
    starts = torch.tensor([sequence.start for sequence in sequences])
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    position = torch.arange(int(lengths.max())).minimum((lengths - 1).unsqueeze(1))
    return Batch(starts.unsqueeze(1) + position, lengths)


class FeatureCrf:
    """The emission of a tag at a character is the tag's `bias` (L,) and the sum of what `weights` (R, L) hold for the
    character's features; features of `bigram_weights` (R', L * L) add to the transition [from, to] into the character.
    Row 0 of both is zero and stands for features that are not known.

    All methods take the rows of the features, `rows` (n, k) and `bigram_rows` (n, k'), int32."""

    def __init__(self, crf: CRF, size: int, bigram_size: int):
        """size, bigram_size: R and R'."""
        self.crf = crf.requires_grad_(False)
        self.bias = torch.zeros(crf.num_tags)
        self.weights = torch.zeros(size, crf.num_tags)
        self.bigram_weights = torch.zeros(bigram_size, crf.num_tags**2)
        for scores in crf.parameters():
            scores.zero_()

    def emissions(self, rows: Tensor) -> Tensor:
        """(n, L)"""
        return sum_rows(rows, self.weights) + self.bias

    def transitions(self, bigram_rows: Tensor, batch: Batch) -> Tensor | None:
        """What is added to the transitions into all characters but the first of each sequence, (B, T - 1, L, L); None
        if there is no feature of that kind."""
        if not bigram_rows.shape[1]:
            return None
        into = batch.chars[:, 1:]
        scores = sum_rows(bigram_rows[into.flatten()], self.bigram_weights)
        return scores.view(*into.shape, self.crf.num_tags, self.crf.num_tags)

    def scores(
        self, rows: Tensor, bigram_rows: Tensor, batches: list[Batch]
    ) -> Iterator[tuple[Batch, Tensor, Tensor | None]]:
        """Each batch with its emissions (B, T, L) and transitions (B, T - 1, L, L)."""
        emissions = self.emissions(rows)
        for batch in batches:
            yield batch, emissions[batch.chars], self.transitions(bigram_rows, batch)
