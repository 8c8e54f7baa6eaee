"""How a run learns, and for how long."""

from dataclasses import dataclass

from ...errors import InputError

# The learning rate stays where it is for this share of the budget, falls in a line, and ends at the least factor.
FLAT, LEAST = 0.15, 0.005


@dataclass(frozen=True)
class TransformerRecipe:
    """The settings that a resumed run must share with the stopped one.

    width, layers: of the Transformer. batch: rows of 256 tokens in a step. rate: the highest learning rate of AdamW,
    for embeddings, norms and biases. matrix_rate: that of Muon, for the layers' matrices. masked: share of the tokens
    that are predicted. borders: factor of the loss of predicting where words begin. warm_up: steps in which the rates
    rise."""

    width: int = 512
    layers: int = 8
    batch: int = 256
    rate: float = 1.5e-3
    matrix_rate: float = 3e-3
    masked: float = 0.22
    borders: float = 0.0
    warm_up: int = 400
    seed: int = 0

    def factor(self, step: int, used: float) -> float:
        """Returns the factor of both rates in a step, counted from 0, when this share of the budget is used."""
        return min(1.0, (step + 1) / max(1, self.warm_up)) * max(LEAST, min(1.0, (1 - used) / (1 - FLAT)))


@dataclass(frozen=True)
class Budget:
    """When a run ends: after so many minutes of training, or so many steps.

    Minutes do not count reading, compiling and writing, so that a run of any length ends at a low rate.
    Raises InputError unless there is one of the two."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise InputError("expected either --minutes or --steps, got both or none")
        if min(self.minutes or 0, self.steps or 0) < 0 or not (self.minutes or self.steps):
            raise InputError(f"expected a budget above 0, got {self.minutes or self.steps or 0}")

    def used(self, step: int, seconds: float) -> float:
        """Returns which share of the budget is used, 1 or more at its end."""
        return step / self.steps if self.steps else seconds / (60 * (self.minutes or 1))

    def __str__(self) -> str:
        return f"{self.steps:,} steps" if self.steps else f"{self.minutes:g} minutes"
