"""FTRL-Proximal, an optimizer for gradients that come batch by batch and touch few rows of a table."""

from collections.abc import Sequence

import torch
from torch import Tensor

BETA = 1.0


class Ftrl:
    """A table of weights (R, L) under the penalties c1 * |w| and c2 * |w|^2 (McMahan et al. 2013, "Ad click prediction:
    a view from the trenches", algorithm 1).

    The penalties grow with the number of epochs, so they equal the penalties on the whole data's likelihood (McMahan
    2011, "Follow-the-regularized-leader and mirror descent"). Rows that no batch has touched cost only memory."""

    def __init__(self, size: Sequence[int], *, learn_rate: float, c1: float, c2: float):
        self.learn_rate, self.c1, self.c2 = learn_rate, c1, c2
        self.sums = torch.zeros(size)  # of gradients, minus the proximal terms
        self.squares = torch.zeros(size)  # sums of squared gradients

    def weights(self, rows: Tensor, epochs: float) -> Tensor:
        """Returns the weights of `rows` (n,) after this number of epochs, (n, L)."""
        return self._weights(self.sums[rows], self.squares[rows], epochs)

    def all_weights(self, epochs: float) -> Tensor:
        """Returns all weights after this number of epochs, (R, L)."""
        return self._weights(self.sums, self.squares, epochs)

    def update(self, rows: Tensor, weights: Tensor, gradient: Tensor) -> None:
        """Learns from the gradient (n, L) at `rows` (n,), each once. It was computed at `weights` (n, L)."""
        before = self.squares[rows]
        after = before + gradient * gradient
        self.squares[rows] = after
        self.sums[rows] += gradient - (after.sqrt_() - before.sqrt_()) / self.learn_rate * weights

    def _weights(self, sums: Tensor, squares: Tensor, epochs: float) -> Tensor:
        scale = (BETA + squares.sqrt()) / self.learn_rate + 2 * self.c2 * epochs
        return torch.nn.functional.softshrink(sums, self.c1 * epochs).neg_().div_(scale)
