"""Convolutions over characters."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from ..errors import InputError


class CharCNN(nn.Module):
    """Filters of several window sizes over a sequence, with ReLU, concatenated (Wu et al. 2019, section 3.1, eq. 1).

    A window of K characters around position i reaches from i - ceil((K-1)/2) to i + floor((K-1)/2), the floors of
    the paper's indices. Beyond the ends of the sequence there are zeros. Raises InputError if the windows do not divide
    `width_out`, the number of filters."""

    def __init__(self, width_in: int, width_out: int, windows: list[int]):
        super().__init__()
        if width_out % len(windows):
            raise InputError(f"expected a number of filters that {len(windows)} windows share, got {width_out}")
        self.windows = windows
        self.filters = nn.ModuleList(nn.Conv1d(width_in, width_out // len(windows), size) for size in windows)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width_in), zero at padding, and lengths (B,) to (B, T, width_out)."""
        n_positions = padded.shape[1]
        # shape: (B, width_in, 1, T). As images of one row they keep their memory layout, which is a fifth faster.
        rows = padded.transpose(1, 2)[:, :, None]
        outputs = []
        for size, conv in zip(self.windows, cast(Iterable[nn.Conv1d], self.filters)):
            output = functional.conv2d(rows, conv.weight[:, :, None], conv.bias, padding=(0, size // 2))
            outputs.append(output[:, :, 0, :n_positions].transpose(1, 2))
        return torch.cat(outputs, dim=2).relu()


class DilatedCNN(nn.Module):
    """Layers of convolutions over three characters that stand ever farther apart, after Strubell et al. 2017, "Fast and
    accurate entity recognition with iterated dilated convolutions".

    A linear layer brings the input to `width_out`. Each layer adds its convolution (with ReLU) to its input and
    normalises the sum. dilations: for each layer the distance of the characters; the sum of all is how far a state
    looks in both directions."""

    def __init__(self, width_in: int, width_out: int, dilations: list[int]):
        super().__init__()
        self.dilations = dilations
        self.project = nn.Linear(width_in, width_out)
        self.filters = nn.ModuleList(nn.Conv1d(width_out, width_out, 3) for _ in dilations)
        self.norms = nn.ModuleList(nn.LayerNorm(width_out) for _ in dilations)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width_in) and lengths (B,) to (B, T, width_out)."""
        # shape: (B, T, 1); beyond the ends of a sequence there are zeros
        inside = (torch.arange(padded.shape[1], device=padded.device) < lengths[:, None])[:, :, None]
        states = self.project(padded)
        for dilation, conv, norm in zip(self.dilations, cast(Iterable[nn.Conv1d], self.filters), self.norms):
            rows = (states * inside).transpose(1, 2)
            found = functional.conv1d(rows, conv.weight, conv.bias, padding=dilation, dilation=dilation)
            states = norm(states + found.transpose(1, 2).relu())
        return states
