"""Sums of the table rows of sparse binary features, and their gradient."""

import torch
from torch import Tensor
from torch.nn import functional


def sum_rows(rows: Tensor, weights: Tensor) -> Tensor:
    """Sums k rows of a table for each of n items: int32 or int64 (n, k) and (R, L) to (n, L)."""
    if not rows.numel():
        return weights.new_zeros(len(rows), weights.shape[1])
    return functional.embedding_bag(rows, weights, mode="sum")


class TransposedRows:
    """The gradient of `sum_rows`: for each row the sum of the gradients of the items that use it. Row 0, which stands
    for no feature, gets none."""

    def __init__(self, rows: Tensor, size: int):
        """Transposes rows (n, k) of a table of `size` = R rows."""
        flat = rows.flatten()
        order = flat.argsort(stable=True)
        counts = flat.bincount(minlength=size)
        # shape: (number of uses,), the item of each use, sorted by row; uses of row 0 are cut off
        items = order.div(max(1, rows.shape[1]), rounding_mode="floor")[int(counts[0]) :]
        counts[0] = 0
        self.items = items.to(torch.int32)
        self.offsets = (counts.cumsum(0) - counts).to(torch.int32)

    def __call__(self, gradient: Tensor) -> Tensor:
        """Maps the gradient of the items (n, L) to the gradient of the table (R, L)."""
        if not len(self.items):
            return gradient.new_zeros(len(self.offsets), gradient.shape[1])
        return functional.embedding_bag(self.items, gradient, self.offsets, mode="sum")
