"""A CRF over sparse binary features."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..crf import CRF
from .bags import sum_rows


class SequenceBatch(NamedTuple):
    """A batch of sequences: `chars` (B, T), the indices of their characters (any at padding), and `lengths` (B,)."""

    chars: Tensor
    lengths: Tensor

    @property
    def inside(self) -> Tensor:
        """True except at padding; bool (B, T)."""
        return torch.arange(self.chars.shape[1]) < self.lengths.unsqueeze(1)


def make_batch(sequences: list[range]) -> SequenceBatch:
    """Makes a batch of sequences, which are ranges of characters."""
    starts = torch.tensor([sequence.start for sequence in sequences])
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    position = torch.arange(int(lengths.max())).minimum((lengths - 1).unsqueeze(1))
    return SequenceBatch(starts.unsqueeze(1) + position, lengths)


class FeatureCrf:
    """A CRF whose scores are sums of feature weights.

    The emission of a tag is its `bias` (L,) plus the sum of the rows of `weights` (R, L) for the character's features.
    Rows of `bigram_weights` (R', L * L) add to the transition [from, to] into the character. Row 0 of both tables is
    zero and stands for unknown features.

    All methods take the rows of the features, `rows` (n, k) and `bigram_rows` (n, k'), int32."""

    def __init__(self, crf: CRF, size: int, bigram_size: int):
        """Sets all weights to 0, the CRF's too. `size` is R, `bigram_size` is R'."""
        self.crf = crf.requires_grad_(False)
        self.bias = torch.zeros(crf.num_tags)
        self.weights = torch.zeros(size, crf.num_tags)
        self.bigram_weights = torch.zeros(bigram_size, crf.num_tags**2)
        for scores in crf.parameters():
            scores.zero_()

    def emissions(self, rows: Tensor) -> Tensor:
        """Returns the emissions of all characters, (n, L)."""
        return sum_rows(rows, self.weights) + self.bias

    def transitions(self, bigram_rows: Tensor, batch: SequenceBatch) -> Tensor | None:
        """Returns the scores added to the transitions into all characters but the first of each sequence, (B, T - 1, L,
        L), or None if there are no bigram features."""
        if not bigram_rows.shape[1]:
            return None
        into = batch.chars[:, 1:]
        scores = sum_rows(bigram_rows[into.flatten()], self.bigram_weights)
        return scores.view(*into.shape, self.crf.num_tags, self.crf.num_tags)

    def scores(
        self, rows: Tensor, bigram_rows: Tensor, batches: list[SequenceBatch]
    ) -> Iterator[tuple[SequenceBatch, Tensor, Tensor | None]]:
        """Yields each batch with its emissions (B, T, L) and transitions (B, T - 1, L, L)."""
        emissions = self.emissions(rows)
        for batch in batches:
            yield batch, emissions[batch.chars], self.transitions(bigram_rows, batch)
