"""Schedules of the learning rate."""

import warnings
from collections.abc import Iterator

from spacy import registry

from ..errors import InputError


@registry.schedules("spacy_cner.linear_decay.v1")
def make_linear_decay(initial_rate: float, warmup_steps: int, total_steps: int) -> Iterator[float]:
    """Returns learning rates that rise from 0 to `initial_rate` in `warmup_steps`, then fall linearly to 0 at
    `total_steps`, as Thinc's `warmup_linear.v1`. Warns once if training continues beyond `total_steps`.

    A config sets `max_steps = ${training.optimizer.learn_rate.total_steps}`, so that both are one number. Raises
    InputError for a `total_steps` below 1: with a `max_steps` of 0, spaCy would go on, at a rate of 0."""
    if total_steps < 1:
        raise InputError(f"expected total_steps of at least 1, got {total_steps}")
    return LinearDecay(initial_rate, warmup_steps, total_steps)


class LinearDecay(Iterator[float]):
    """The rates of `make_linear_decay`. A pipeline that keeps its optimizer can be pickled with them, as it could not
    with a generator."""

    def __init__(self, initial_rate: float, warmup_steps: int, total_steps: int):
        self.initial_rate, self.warmup_steps, self.total_steps = initial_rate, warmup_steps, total_steps
        self.step = 0

    def __next__(self) -> float:
        # spaCy's training loop also makes update number `max_steps`, and asks for one more rate.
        if self.step == self.total_steps + 2:
            warnings.warn(
                f"the learning rate is 0 from step {self.total_steps} on, and nothing more is learned: to train "
                "longer, set training.optimizer.learn_rate.total_steps, which max_steps follows, instead of "
                "training.max_steps",
                stacklevel=2,
            )
        warmup = self.step / max(1, self.warmup_steps)
        decay = max(0.0, (self.total_steps - self.step) / max(1.0, self.total_steps - self.warmup_steps))
        rate = self.initial_rate * (warmup if self.step < self.warmup_steps else decay)
        self.step += 1
        return rate
