"""Checkpoints: one file with all that a stopped run needs to resume as if it had not been stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import srsly
from thinc.api import Model, Optimizer, to_numpy

from ..errors import InputError
from ..files import write_bytes
from ..models.row_updates import RowsShim

Key = tuple[int, str]


def save_checkpoint(path: Path, model: Model, optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Writes the weights, the optimizer's moments and averages, and `state` (JSON-like). An older file is replaced
    atomically, so that there is always a complete one."""
    message = {"state": state, "model": model.to_bytes(), "optimizer": optimizer_state(model, optimizer)}
    write_bytes(path, srsly.msgpack_dumps(message))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads what `save_checkpoint` wrote: "state", "model", "optimizer". Raises InputError for another file."""
    try:
        message = srsly.msgpack_loads(path.read_bytes())
        return {key: message[key] for key in ("state", "model", "optimizer")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a checkpoint of `python -m spacy_cner pretrain`, got {error!r}") from error


def optimizer_state(model: Model, optimizer: Optimizer) -> list[dict[str, Any]]:
    """Returns what the optimizer keeps for each parameter, in the model's order. Thinc's own keys are numbers that
    differ from process to process."""
    rows = row_shims(model)
    kept = {"mom1": optimizer.mom1, "mom2": optimizer.mom2, "averages": optimizer.averages or {}}
    return [
        {
            "count": optimizer.nr_update.get(key, 0),
            **({"rows": rows[key[0]].kept()} if key[0] in rows else {}),
            **{name: to_numpy(arrays[key]) for name, arrays in kept.items() if key in arrays},
        }
        for key in parameter_keys(model)
    ]


def restore_optimizer(model: Model, optimizer: Optimizer, saved: list[dict[str, Any]], steps: int) -> None:
    """Puts back what `optimizer_state` returned, and moves the schedules on by this number of steps."""
    rows = row_shims(model)
    for key, parameter in zip(parameter_keys(model), saved):
        optimizer.nr_update[key] = parameter["count"]
        if key[0] in rows:
            rows[key[0]].restore(parameter["rows"])
        for name in ("mom1", "mom2", "averages"):
            arrays = getattr(optimizer, name)
            if arrays is not None and name in parameter:
                # Arrays from msgpack are read-only.
                arrays[key] = model.ops.asarray(parameter[name]).copy()
    for _ in range(steps):
        optimizer.step_schedules()


def row_shims(model: Model) -> dict[int, RowsShim]:
    """Returns the shims that keep moments and averages of all rows themselves, by their numbers. The optimizer has
    those of the last batch's rows."""
    return {shim.id: shim for node in model.walk() for shim in node.shims if isinstance(shim, RowsShim)}


def parameter_keys(model: Model) -> Iterator[Key]:
    """Yields the optimizer's keys of all parameters, layer by layer."""
    for node in model.walk():
        yield from ((node.id, name) for name in node.param_names)
        for shim in node.shims:
            yield from ((shim.id, name) for name, _ in shim._model.named_parameters())
