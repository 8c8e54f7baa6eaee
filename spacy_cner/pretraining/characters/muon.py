"""Muon, an optimizer of matrices."""

from collections.abc import Iterable
from typing import Any, cast

import torch

# Of the polynomial that brings singular values near 1, for this many times (Jordan et al. 2024).
COEFFICIENTS, REPEATS = (3.4445, -4.7750, 2.0315), 5
EPS = 1e-7
# A step's root mean square is that of AdamW (Liu et al. 2025, eq. 4), so that both take rates of one size.
ADAM_SIZE = 0.2


class Muon:
    """Momentum whose matrices are made nearly orthogonal (Jordan et al. 2024), with the scale and the decay of Liu et
    al. (2025). It does as torch.optim.Muon with `adjust_lr_fn="match_rms_adamw"` and Nesterov's momentum, but all
    matrices of one shape at once: layer by layer, a GPU would mostly wait for the next small product.

    parameters: matrices. weight_decay: times the rate. momentum: of the gradients."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], *, weight_decay: float = 0.05, momentum: float = 0.95):
        self.weight_decay, self.momentum = weight_decay, momentum
        shapes: dict[tuple[int, ...], list[torch.Tensor]] = {}
        for weights in parameters:
            shapes.setdefault(tuple(weights.shape), []).append(weights)
        self.groups = list(shapes.values())
        # shape: (matrices, rows, columns) each
        self.velocities = [torch.stack([torch.zeros_like(weights) for weights in group]) for group in self.groups]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Moves the matrices by their gradients."""
        for group, velocity in zip(self.groups, self.velocities):
            gradients = torch.stack([cast(torch.Tensor, weights.grad) for weights in group])
            velocity.lerp_(gradients, 1 - self.momentum)
            ahead = gradients.lerp(velocity, self.momentum)
            # bfloat16 is exact enough for directions, and fast on a GPU alone.
            moves = orthogonal(ahead.bfloat16() if ahead.is_cuda else ahead).float()
            moves *= ADAM_SIZE * max(moves.shape[1:]) ** 0.5
            torch._foreach_mul_(group, 1 - rate * self.weight_decay)
            torch._foreach_add_(group, list(moves.unbind(0)), alpha=-rate)

    def state_dict(self) -> dict[str, Any]:
        """Returns what the optimizer keeps between steps."""
        return {"velocities": self.velocities}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Puts back what `state_dict` returned."""
        for own, saved in zip(self.velocities, state["velocities"], strict=True):
            own.copy_(saved)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Returns matrices (n, rows, columns) of the same singular vectors, with singular values from about 0.7 to 1.2."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=EPS)
    a, b, c = COEFFICIENTS
    for _ in range(REPEATS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x
