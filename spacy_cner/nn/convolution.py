"""Convolution over characters."""

import torch
from torch import nn
from torch.nn import functional


class CharCNN(nn.Module):
    """Filters of several window sizes over a sequence, ReLU, concatenated (Wu et al. 2019, section 3.1, eq. 1).

    A window of K characters around position i reaches from i - ceil((K-1)/2) to i + floor((K-1)/2), the floors of
    the paper's indices; beyond the ends of the sequence there are zeros."""

    def __init__(self, width_in: int, width_out: int, windows: list[int]):
        super().__init__()
        if width_out % len(windows):
            raise ValueError(f"expected a number of filters that {len(windows)} windows share, got {width_out}")
        self.windows = windows
        self.filters = nn.ModuleList(nn.Conv1d(width_in, width_out // len(windows), size) for size in windows)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width_in), zero at padding; lengths (B,). RETURNS (B, T, width_out)."""
        # shape: (B, width_in, T)
        channels = padded.transpose(1, 2)
        outputs = [
            conv(functional.pad(channels, (size // 2, (size - 1) // 2)))
            for size, conv in zip(self.windows, self.filters)
        ]
        return torch.cat(outputs, dim=1).relu().transpose(1, 2)
