"""Two optimizers side by side: Muon for the layers' matrices, AdamW for all else."""

from typing import Any

import torch

from .model import CharacterModel
from .muon import Muon

LARGEST_GRADIENT = 1.0  # norm of what AdamW gets; Muon takes directions alone


class Optimizers:
    """Updates a model's weights.

    fused: whether AdamW runs as one operation, for GPUs."""

    def __init__(self, model: CharacterModel, *, fused: bool = False):
        self.model, self.others = model, model.others()
        groups = [
            {"params": [weights for weights in self.others if weights.dim() > 1], "weight_decay": 0.01},
            {"params": [weights for weights in self.others if weights.dim() == 1], "weight_decay": 0.0},
        ]
        self.adam = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=fused)
        self.muon = Muon(model.matrices())

    def step(self, rate: float, matrix_rate: float) -> None:
        """Moves all weights by their gradients, and forgets these."""
        torch.nn.utils.clip_grad_norm_(self.others, LARGEST_GRADIENT)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        self.muon.step(matrix_rate)
        self.model.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Returns what both keep between steps."""
        return {"adam": self.adam.state_dict(), "muon": self.muon.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Puts back what `state_dict` returned."""
        self.adam.load_state_dict(state["adam"])
        self.muon.load_state_dict(state["muon"])
