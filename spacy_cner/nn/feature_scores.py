"""Sums of learned rows over sparse binary features."""

import torch
from torch import nn
from torch.nn import functional


class FeatureScores(nn.Module):
    """Sums the weights of the active features, as in a log-linear model: rows (n, k) of a (size, width) table to (n,
    width). Row 0 stands for unknown features and adds nothing.

    lr_scale: factor of Adam's steps. The table holds the weights divided by it.
    dropout: share of features dropped in training, each independently. The others are scaled up, so that the sum's
        expectation stays the same.
    sparse: whether the table's gradient is sparse."""

    def __init__(self, size: int, width: int, *, lr_scale: float = 1.0, dropout: float = 0.0, sparse: bool = False):
        super().__init__()
        self.lr_scale, self.dropout, self.sparse = lr_scale, dropout, sparse
        self.weights = nn.Parameter(torch.zeros(size, width))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Maps rows (n, k) to sums (n, width)."""
        scale = self.lr_scale
        if self.training and self.dropout:
            rows = rows * (torch.rand(rows.shape, device=rows.device) >= self.dropout)
            scale /= 1 - self.dropout
        sums = functional.embedding_bag(rows, self.weights, mode="sum", padding_idx=0, sparse=self.sparse)
        return sums * scale
