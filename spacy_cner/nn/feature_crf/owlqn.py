"""L-BFGS, and OWL-QN if there is an L1 penalty, for smooth convex objectives of very many variables."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Objective = Callable[[Tensor], tuple[float, Tensor]]  # value and gradient


class Minimum(NamedTuple):
    """The result of a minimisation.

    x: the point found. value: the objective at x, with the L1 penalty. iterations: the number made. reason: why the
    search ended."""

    x: Tensor
    value: float
    iterations: int
    reason: str


def minimize(
    objective: Objective,
    x: Tensor,
    *,
    l1: float = 0.0,
    memory: int = 6,
    max_iterations: int = 200,
    epsilon: float = 1e-5,
    delta: float = 1e-5,
    period: int = 10,
    report: Callable[[int, float], None] | None = None,
) -> Minimum:
    """Minimises objective(x) + l1 * |x| from `x` (n,), with a backtracking line search.

    Uses L-BFGS (Nocedal and Wright 2006, algorithm 7.5), or OWL-QN if l1 > 0 (Andrew and Gao 2007, "Scalable training
    of L1-regularized log-linear models", section 3.2). There are two stopping rules, as in CRFsuite. The gradient's
    norm is at most `epsilon` times the norm of x (at least 1). Or the value has fallen by less than a share `delta` in
    `period` iterations."""
    history: list[tuple[Tensor, Tensor]] = []
    smooth, gradient = objective(x)
    value = smooth + l1 * float(x.abs().sum())
    values = [value]
    reason = "max_iterations"
    for iteration in range(1, max_iterations + 1):
        steepest = -pseudo_gradient(x, gradient, l1)
        if float(steepest.norm()) <= epsilon * max(1.0, float(x.norm())):
            return Minimum(x, value, iteration - 1, "epsilon")
        direction = _two_loops(steepest, history)
        if l1:
            direction = torch.where(direction * steepest > 0, direction, 0.0)
        if not history:
            direction = direction / float(direction.norm())
        orthant = torch.where(x != 0, x, steepest).sign() if l1 else None
        found = _line_search(objective, x, value, direction, steepest, orthant, l1)
        if found is None:
            reason = "no smaller value found"
            break
        after, value, after_gradient = found
        step, change = after - x, after_gradient - gradient
        if float(step @ change) > 1e-12 * float(change @ change):  # always so where the objective is convex
            history = [*history[-(memory - 1) :], (step, change)]
        x, gradient = after, after_gradient
        values.append(value)
        if report is not None:
            report(iteration, value)
        if len(values) > period and values[-1 - period] - value < delta * abs(value):
            reason = "delta"
            break
    return Minimum(x, value, len(values) - 1, reason)


def pseudo_gradient(x: Tensor, gradient: Tensor, l1: float) -> Tensor:
    """Returns the gradient with the L1 penalty: of the one-sided derivatives the one nearest to zero (ibid., eq. 4)."""
    if not l1:
        return gradient
    at_zero = gradient.sign() * (gradient.abs() - l1).clamp(min=0.0)
    return torch.where(x == 0, at_zero, gradient + l1 * x.sign())


def _two_loops(steepest: Tensor, history: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Multiplies a direction by the inverse Hessian, as estimated from past steps and changes of the gradient."""
    direction = steepest.clone()
    kept = []
    for step, change in reversed(history):
        rho = 1.0 / float(step @ change)
        alpha = rho * float(step @ direction)
        direction.sub_(change, alpha=alpha)
        kept.append((step, change, rho, alpha))
    if history:
        step, change = history[-1]
        direction.mul_(float(step @ change) / float(change @ change))
    for step, change, rho, alpha in reversed(kept):
        direction.add_(step, alpha=alpha - rho * float(change @ direction))
    return direction


def _line_search(
    objective: Objective,
    x: Tensor,
    value: float,
    direction: Tensor,
    steepest: Tensor,
    orthant: Tensor | None,
    l1: float,
) -> tuple[Tensor, float, Tensor] | None:
    """Tries the steps 1, 1/2, 1/4, ...; returns the first that lowers the value by a ten-thousandth of what its slope
    promises, or None after 30. With an orthant, variables that leave it become zero (ibid., eq. 6)."""
    size = 1.0
    for _ in range(30):
        after = x + size * direction
        if orthant is not None:
            after = torch.where(after * orthant > 0, after, 0.0)
        smooth, gradient = objective(after)
        reached = smooth + l1 * float(after.abs().sum())
        if reached <= value - 1e-4 * float(steepest @ (after - x)):
            return after, reached, gradient
        size /= 2
    return None
