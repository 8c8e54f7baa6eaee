"""Schedules of the learning rate."""

import warnings
from collections.abc import Iterator

from spacy import registry


@registry.schedules("spacy_cner.linear_decay.v1")
def make_linear_decay(initial_rate: float, warmup_steps: int, total_steps: int) -> Iterator[float]:
    """Yields learning rates that rise from 0 to `initial_rate` in `warmup_steps`, then fall linearly to 0 at
    `total_steps`, as Thinc's `warmup_linear.v1`. Warns once if training continues beyond `total_steps`.

    A config sets `max_steps = ${training.optimizer.learn_rate.total_steps}`, so that both are one number."""
    step = 0
    while True:
        # spaCy's training loop also makes update number `max_steps`, and asks for one more rate.
        if step == total_steps + 2:
            warnings.warn(
                f"the learning rate is 0 from step {total_steps} on, and nothing more is learned: to train longer, set "
                "training.optimizer.learn_rate.total_steps, which max_steps follows, instead of training.max_steps",
                stacklevel=2,
            )
        warmup = step / max(1, warmup_steps)
        decay = max(0.0, (total_steps - step) / max(1.0, total_steps - warmup_steps))
        yield initial_rate * (warmup if step < warmup_steps else decay)
        step += 1
