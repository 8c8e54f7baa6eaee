"""Dropout of sequences, with one mask for all of them: on a GPU, one for each takes a third of the time of training."""

from collections.abc import Callable
from typing import Any, cast

from thinc.api import Model, Ops
from thinc.types import Floats2d

from ..errors import InputError


def sequence_dropout(rate: float = 0.0) -> Model[list[Floats2d], list[Floats2d]]:
    """Thinc's `Dropout`: the same settings under the same name, the same random numbers on a CPU."""
    return Model("dropout", _forward, attrs={"dropout_rate": rate, "is_enabled": True})


def check_dropout(dropout: float) -> None:
    """Raises InputError if it is none."""
    if not 0 <= dropout < 1:
        raise InputError(f"expected a dropout from 0 to below 1, got {dropout}")


def make_dropout(ops: Ops, rows: list[Floats2d], rate: float) -> Callable[[list[Floats2d]], list[Floats2d]]:
    """A function that sets a share of `rate` of the numbers in rows of these shapes to 0, always the same ones, and
    scales the others so that their mean stays."""
    lengths: Any = [len(each) for each in rows]
    width = rows[0].shape[1] if rows else 0
    mask = ops.get_dropout_mask((sum(lengths), width), rate)

    def drop(given: list[Floats2d]) -> list[Floats2d]:
        return ops.unflatten(cast(Floats2d, ops.flatten(given) * mask), lengths)

    return drop


def _forward(model: Model, rows: list[Floats2d], is_train: bool) -> tuple[list[Floats2d], Callable]:
    if not (is_train and model.attrs["is_enabled"] and model.attrs["dropout_rate"]):
        return rows, lambda gradients: gradients
    drop = make_dropout(model.ops, rows, model.attrs["dropout_rate"])
    return drop(rows), drop
