"""Convolution over characters."""

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
