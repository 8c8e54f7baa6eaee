"""Sums of the rows that sparse binary features choose, and their gradient."""

import torch
from torch import Tensor
from torch.nn import functional


def sum_rows(rows: Tensor, weights: Tensor) -> Tensor:
    """For each of n items the sum of k rows of a table: int32 or int64 (n, k) and (R, L) to (n, L)."""
    if not rows.numel():
        return weights.new_zeros(len(rows), weights.shape[1])
    return functional.embedding_bag(rows, weights, mode="sum")


class TransposedRows:
    """The gradient of `sum_rows`: for each row the sum of the items that chose it. Row 0, which stands for no feature,
    gets none."""

    def __init__(self, rows: Tensor, size: int):
        """size: R, the number of rows of the table."""
        flat = rows.flatten()
        order = flat.argsort(stable=True)
        counts = flat.bincount(minlength=size)
        # shape: (number of choices,), the item of each, those of row 0 first
        items = order.div(max(1, rows.shape[1]), rounding_mode="floor")[int(counts[0]) :]
        counts[0] = 0
        self.items = items.to(torch.int32)
        self.offsets = (counts.cumsum(0) - counts).to(torch.int32)

    def __call__(self, gradient: Tensor) -> Tensor:
        """(n, L) to (R, L)"""
        if not len(self.items):
            return gradient.new_zeros(len(self.offsets), gradient.shape[1])
        return functional.embedding_bag(self.items, gradient, self.offsets, mode="sum")
