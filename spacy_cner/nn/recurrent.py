"""Recurrent networks over sequences of different lengths."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import nn


def run(lstm: nn.LSTM, padded: torch.Tensor) -> torch.Tensor:
    """The states of an LSTM, (B, T, width). The optimizer gives its weights other places in memory, and a GPU wants
    them in one; where they are, and on a CPU, this moves nothing."""
    lstm.flatten_parameters()
    return lstm(padded)[0]


def reverse(padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Each sequence of padded (B, T, D) from its last element to its first; padding stays behind it."""
    n_sequences, size = padded.shape[:2]
    positions = torch.arange(size, device=padded.device)
    # shape: (B, T); the modulo only moves padding about
    mirrored = (lengths[:, None] - 1 - positions) % size
    rows = mirrored + size * torch.arange(n_sequences, device=padded.device)[:, None]
    return padded.flatten(0, 1).index_select(0, rows.flatten()).view_as(padded)


class BiLSTM(nn.Module):
    """A left-to-right and a right-to-left LSTM, their states side by side.

    Two LSTMs over padded batches, one of them over the reversed sequences: the result is that of a bidirectional LSTM
    over packed sequences, and training is over twice as fast on a CPU, where torch has no fast kernel for those."""

    def __init__(self, width_in: int, width_out: int, depth: int = 1):
        super().__init__()
        if width_out % 2:
            raise ValueError(f"expected an even width, half for each direction, got {width_out}")
        widths = [width_in] + [width_out] * (depth - 1)
        self.rightward = nn.ModuleList(nn.LSTM(width, width_out // 2, batch_first=True) for width in widths)
        self.leftward = nn.ModuleList(nn.LSTM(width, width_out // 2, batch_first=True) for width in widths)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width_in), lengths (B,). RETURNS (B, T, width_out); what stands at padding has no meaning."""
        for rightward, leftward in cast(Iterable[tuple[nn.LSTM, nn.LSTM]], zip(self.rightward, self.leftward)):
            mirrored = run(leftward, reverse(padded, lengths))
            padded = torch.cat([run(rightward, padded), reverse(mirrored, lengths)], dim=2)
        return padded


class LSTM(nn.Module):
    """A left-to-right LSTM: what it says of an element depends on that and those before it."""

    def __init__(self, width_in: int, width_out: int, depth: int = 1):
        super().__init__()
        self.rightward = nn.LSTM(width_in, width_out, num_layers=depth, batch_first=True)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width_in), lengths (B,). RETURNS (B, T, width_out); what stands at padding has no meaning."""
        return run(self.rightward, padded)


class FrozenBiGRU(nn.Module):
    """A left-to-right and a right-to-left gated recurrent unit, their states side by side, whose weights are given.

    The units are those of PaddlePaddle: the reset gate is applied to the state before the recurrent weights (Cho et al.
    2014, equations 5 to 8), where torch's own `GRU` applies it after them; and the update gate is the share of what is
    new. All buffers have one entry for each direction; gates are in the order update, reset."""

    input_weights: torch.Tensor
    biases: torch.Tensor
    gate_weights: torch.Tensor
    candidate_weights: torch.Tensor

    def __init__(self, width_in: int, width_out: int):
        super().__init__()
        if width_out % 2:
            raise ValueError(f"expected an even width, half for each direction, got {width_out}")
        self.width = width = width_out // 2
        self.register_buffer("input_weights", torch.zeros(2, width_in, 3 * width))  # of gates and candidates
        self.register_buffer("biases", torch.zeros(2, 3 * width))
        self.register_buffer("gate_weights", torch.zeros(2, width, 2 * width))
        self.register_buffer("candidate_weights", torch.zeros(2, width, width))

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width_in), lengths (B,). RETURNS (B, T, width_out); what stands at padding has no meaning."""
        size, width = padded.shape[1], self.width
        # One matrix product for both directions; one step after the other in memory. shape: (T, B, 6 * width)
        products = padded.transpose(0, 1) @ torch.cat([*self.input_weights], dim=1)
        # shape: (T, B, 2, 3 * width)
        inputs = (products.float() + self.biases.flatten()).unflatten(2, (2, 3 * width))
        # Nothing of padding is new, so the leftward states are still zero where a sequence ends.
        padding = torch.arange(size, device=padded.device)[:, None] >= lengths
        inputs[..., :width].masked_fill_(padding[:, :, None, None], -torch.inf)
        # Autocast would round the weights anew at each step, which takes longer than the products.
        with torch.autocast(padded.device.type, enabled=False):
            states = self._states(torch.stack([inputs[:, :, 0], inputs[:, :, 1].flip(0)], dim=1))
        return torch.cat([states[:, 0], states[:, 1].flip(0)], dim=2).transpose(0, 1)

    def _states(self, inputs: torch.Tensor) -> torch.Tensor:
        """inputs: (T, 2, B, 3 * width), those of the leftward direction from the last on. RETURNS (T, 2, B, width)."""
        state = inputs.new_zeros(*inputs.shape[1:3], self.width)
        states = []
        for step in inputs.unbind():
            gates, candidates = step.split([2 * self.width, self.width], dim=2)
            update, reset = torch.baddbmm(gates, state, self.gate_weights).sigmoid_().chunk(2, dim=2)
            candidates = torch.baddbmm(candidates, reset * state, self.candidate_weights).tanh_()
            state = torch.lerp(state, candidates, update)
            states.append(state)
        return torch.stack(states)
