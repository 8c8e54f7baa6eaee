"""Sparse updates of large tables, of which a batch uses few rows."""

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from thinc.api import Optimizer, torch2xp, xp2torch
from thinc.types import FloatsXd
from torch import nn

from .torch_layers import SizedShim

# The limit in Thinc's averages of weights, `Ops.update_averages`.
MAX_DECAY = 0.9999


class RowsShim(SizedShim):
    """A SizedShim of a module whose only weights are a table `weights` (size, width) with sparse gradients. The cost of
    an update depends on the rows of its batch, not on the size of the table.

    A row that a batch does not use keeps its weights and moments instead of moving on by momentum, as in torch's
    SparseAdam. Its average (`use_averages`) still covers every step."""

    def __init__(self, build_module: Callable[..., nn.Module]):
        super().__init__(build_module)
        self._states: dict[str, torch.Tensor] = {}

    def finish_update(self, optimizer: Optimizer) -> None:
        """Updates the rows that have gradients."""
        table: Any = self._model.weights if self._model is not None else None
        if table is None or table.grad is None:
            return
        gradient, table.grad = table.grad.coalesce(), None
        key = (self.id, "weights")
        if not optimizer.nr_update[key]:
            # States of all rows; the optimizer sees only the batch's rows. `_decay` is the logarithm of the share of
            # their first value that is still in the averages; `_decays` was its value at each row's last update.
            self._states = {}
            self._decay, self._decays = 0.0, torch.zeros(len(table), dtype=torch.float64, device=table.device)
        rows = gradient.indices()[0]
        weights = table.data.index_select(0, rows)
        if "averages" in self._states:
            self._states["averages"].index_copy_(0, rows, self._averages(rows, weights))
        kept: dict[str, Any] = {"mom1": optimizer.mom1, "mom2": optimizer.mom2}
        if optimizer.averages is not None:
            kept["averages"] = optimizer.averages
        for name, whole in self._states.items():
            part = whole.index_select(0, rows)
            kept[name][key] = torch2xp(part if name == "averages" else part.flatten())
        updated, _ = optimizer(key, cast(FloatsXd, torch2xp(weights)), cast(FloatsXd, torch2xp(gradient.values())))
        table.data.index_copy_(0, rows, xp2torch(updated, device=table.device))
        for name, states in kept.items():
            if key in states:
                part = xp2torch(states[key], device=table.device).view(len(rows), table.shape[1])
                if name not in self._states:
                    self._states[name] = torch.zeros_like(table.data)
                self._states[name].index_copy_(0, rows, part)
        step = optimizer.nr_update[key]
        self._decay += math.log(min((1 + step) / (10 + step), MAX_DECAY))
        self._decays[rows] = self._decay

    def _averages(self, rows: Any, weights: torch.Tensor) -> torch.Tensor:
        """Returns the current averages of rows whose weights have not changed since their last update."""
        left = torch.exp(self._decay - self._decays[rows]).to(weights.dtype)
        return torch.lerp(weights, self._states["averages"][rows], left[:, None])

    def kept(self) -> dict[str, Any]:
        """Returns what it keeps of all rows, as a file can hold it: moments and averages (size, width), and how old
        each row's average is. Empty before the first update."""
        if not self._states:
            return {}
        states = {name: whole.cpu().numpy() for name, whole in self._states.items()}
        return {"states": states, "decay": self._decay, "decays": self._decays.cpu().numpy()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Puts back what `kept` returned."""
        if kept:
            device = self._model.weights.device
            # Arrays from msgpack are read-only.
            self._states = {name: torch.tensor(whole, device=device) for name, whole in kept["states"].items()}
            self._decay, self._decays = kept["decay"], torch.tensor(kept["decays"], device=device)

    def use_params(self, params: dict[tuple[int, str], Any]) -> Any:
        """Uses the current averages of all rows for a while."""
        key = (self.id, "weights")
        if key in params and self._model is not None:
            averages = self._averages(slice(None), self._model.get_parameter("weights").data)
            params = {**params, key: torch2xp(averages)}
        return super().use_params(params)
