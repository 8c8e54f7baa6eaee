"""Sums of learned rows over sparse binary features."""

import torch
from torch import nn
from torch.nn import functional


class FeatureScores(nn.Module):
    """The sum of the weights of those features that hold, as in a log-linear model: rows (n, k) of a table of shape
    (size, width) to (n, width). Row 0 stands for features that are not known, and adds nothing.

    rate: what Adam's steps are multiplied by, as the table holds the weights divided by it. dropout: the part of the
    features left out in training, each by itself; the others count more, so that the sum stays the same on average.
    sparse: the table's gradient is, too."""

    def __init__(self, size: int, width: int, *, rate: float = 1.0, dropout: float = 0.0, sparse: bool = False):
        super().__init__()
        self.rate, self.dropout, self.sparse = rate, dropout, sparse
        self.weights = nn.Parameter(torch.zeros(size, width))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        scale = self.rate
        if self.training and self.dropout:
            rows = rows * (torch.rand(rows.shape, device=rows.device) >= self.dropout)
            scale /= 1 - self.dropout
        sums = functional.embedding_bag(rows, self.weights, mode="sum", padding_idx=0, sparse=self.sparse)
        return sums * scale
