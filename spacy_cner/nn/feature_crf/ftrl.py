"""FTRL-Proximal: weights learned from gradients that come batch by batch and touch few rows of a table."""

from collections.abc import Sequence

import torch
from torch import Tensor

BETA = 1.0


class Ftrl:
    """A table of weights (R, L) under the penalties c1 * |w| and c2 * |w|^2 (McMahan et al. 2013, "Ad click prediction:
    a view from the trenches", algorithm 1; the penalties grow with the number of passes over the data, as in McMahan
    2011, "Follow-the-regularized-leader and mirror descent", so that they are those of the whole data's likelihood).

    Rows that no batch has touched cost nothing but memory."""

    def __init__(self, size: Sequence[int], *, rate: float, c1: float, c2: float):
        self.rate, self.c1, self.c2 = rate, c1, c2
        self.sums = torch.zeros(size)  # of gradients, less what holds the weights where they were
        self.squares = torch.zeros(size)  # sums of squared gradients

    def weights(self, rows: Tensor, passes: float) -> Tensor:
        """Of `rows` (n,), after so many passes over the data; (n, L)."""
        return self._weights(self.sums[rows], self.squares[rows], passes)

    def all_weights(self, passes: float) -> Tensor:
        """(R, L)"""
        return self._weights(self.sums, self.squares, passes)

    def update(self, rows: Tensor, weights: Tensor, gradient: Tensor) -> None:
        """rows: (n,), each once; weights: as they were when the gradient (n, L) was taken."""
        before = self.squares[rows]
        after = before + gradient * gradient
        self.squares[rows] = after
        self.sums[rows] += gradient - (after.sqrt_() - before.sqrt_()) / self.rate * weights

    def _weights(self, sums: Tensor, squares: Tensor, passes: float) -> Tensor:
        scale = (BETA + squares.sqrt()) / self.rate + 2 * self.c2 * passes
        return torch.nn.functional.softshrink(sums, self.c1 * passes).neg_().div_(scale)
