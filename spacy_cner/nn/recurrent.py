"""Recurrent networks over sequences of different lengths."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import nn

from ..errors import InputError
from .precision import lstm_kernels


def run(lstm: nn.LSTM, padded: torch.Tensor) -> torch.Tensor:
    """Returns the states of an LSTM, (B, T, width).

    The optimizer moves the weights in memory, but a GPU wants them in one block. On a CPU, and where they are in one
    block already, this moves nothing."""
    lstm.flatten_parameters()
    with lstm_kernels(padded.device.type):
        return lstm(padded)[0]


def reverse(padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Reverses each sequence of padded (B, T, D); padding stays at the end."""
    n_sequences, size = padded.shape[:2]
    positions = torch.arange(size, device=padded.device)
    # shape: (B, T); the modulo only rearranges padding
    mirrored = (lengths[:, None] - 1 - positions) % size
    rows = mirrored + size * torch.arange(n_sequences, device=padded.device)[:, None]
    return padded.flatten(0, 1).index_select(0, rows.flatten()).view_as(padded)


class BiLSTM(nn.Module):
    """A left-to-right and a right-to-left LSTM, their states concatenated.

    The two run over padded batches, one of them over the reversed sequences. The result equals a bidirectional LSTM
    over packed sequences. Training is over twice as fast on a CPU, where torch has no fast kernel for packed sequences.
    Raises InputError if `width_out` is odd."""

    def __init__(self, width_in: int, width_out: int, depth: int = 1):
        super().__init__()
        if width_out % 2:
            raise InputError(f"expected an even width, half for each direction, got {width_out}")
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
    """A left-to-right LSTM: the state of an element depends on it and the elements before it."""

    def __init__(self, width_in: int, width_out: int, depth: int = 1):
        super().__init__()
        self.rightward = nn.LSTM(width_in, width_out, num_layers=depth, batch_first=True)

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width_in), lengths (B,). RETURNS (B, T, width_out); what stands at padding has no meaning."""
        return run(self.rightward, padded)


class FrozenBiGRU(nn.Module):
    """A left-to-right and a right-to-left GRU with given weights, their states concatenated.

    The units follow PaddlePaddle. The reset gate is applied to the state before the recurrent weights (Cho et al. 2014,
    equations 5 to 8), where torch's own `GRU` applies it after them. The update gate is the share of the new candidate.
    All buffers have one entry for each direction; gates are in the order update, reset."""

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
        # One matrix product for both directions; steps are contiguous in memory. shape: (T, B, 6 * width)
        products = padded.transpose(0, 1) @ torch.cat([*self.input_weights], dim=1)
        # shape: (T, B, 2, 3 * width)
        inputs = (products.float() + self.biases.flatten()).unflatten(2, (2, 3 * width))
        # Padding adds no candidate, so the leftward states are still zero where a sequence ends.
        padding = torch.arange(size, device=padded.device)[:, None] >= lengths
        inputs[..., :width].masked_fill_(padding[:, :, None, None], -torch.inf)
        # Autocast would round the weights anew at each step, which takes longer than the products.
        with torch.autocast(padded.device.type, enabled=False):
            states = self._states(torch.stack([inputs[:, :, 0], inputs[:, :, 1].flip(0)], dim=1))
        return torch.cat([states[:, 0], states[:, 1].flip(0)], dim=2).transpose(0, 1)

    def _states(self, inputs: torch.Tensor) -> torch.Tensor:
        """Maps inputs (T, 2, B, 3 * width), reversed for the leftward direction, to states (T, 2, B, width)."""
        state = inputs.new_zeros(*inputs.shape[1:3], self.width)
        states = []
        for step in inputs.unbind():
            gates, candidates = step.split([2 * self.width, self.width], dim=2)
            update, reset = torch.baddbmm(gates, state, self.gate_weights).sigmoid_().chunk(2, dim=2)
            candidates = torch.baddbmm(candidates, reset * state, self.candidate_weights).tanh_()
            state = torch.lerp(state, candidates, update)
            states.append(state)
        return torch.stack(states)
