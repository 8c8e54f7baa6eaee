"""Checks of a CRF's arguments. Each covers the whole batch at once; its ValueError names the first wrong place."""

import torch
from torch import Tensor


def check_shape(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raises ValueError if the tensor has another shape."""
    if tuple(tensor.shape) != shape:
        raise ValueError(f"expected {name} of shape {shape}, got {tuple(tensor.shape)}")


def check_type(name: str, tensor: Tensor, dtype: torch.dtype) -> None:
    """Raises ValueError if the tensor has another type."""
    if tensor.dtype != dtype:
        raise ValueError(f"expected {name} of type {dtype}, got {tensor.dtype}")


def check_floating(name: str, tensor: Tensor) -> None:
    """Raises ValueError if the tensor is not of a floating type."""
    if not tensor.is_floating_point():
        raise ValueError(f"expected {name} of a floating type, got {tensor.dtype}")


def check_batch(emissions: Tensor, lengths: Tensor, positional: Tensor | None, num_tags: int) -> None:
    """Checks `emissions` (B, T, L), `lengths` (B,), and `positional` transitions (B, T - 1, L, L)."""
    if emissions.dim() != 3 or emissions.shape[2] != num_tags:
        shape = tuple(emissions.shape)
        raise ValueError(f"expected emissions of shape (batch size, length, {num_tags}), got {shape}")
    batch, length, _ = emissions.shape
    check_floating("emissions", emissions)
    check_shape("lengths", lengths, (batch,))
    check_type("lengths", lengths, torch.long)
    wrong = (lengths < 0) | (lengths > length)
    if wrong.any():
        sequence = int(wrong.nonzero()[0])
        raise ValueError(f"expected lengths from 0 to {length}, got {int(lengths[sequence])} for sequence {sequence}")
    if positional is not None:
        check_shape("transitions", positional, (batch, max(length - 1, 0), num_tags, num_tags))
        check_floating("transitions", positional)


def check_tags(tags: Tensor, inside: Tensor, num_tags: int) -> None:
    """Checks that `tags` (B, T) are from -2 to L - 1 where `inside` (B, T) is true."""
    wrong = ((tags < -2) | (tags >= num_tags)) & inside
    if wrong.any():
        sequence, position = wrong.nonzero()[0].tolist()
        got = f"{int(tags[sequence, position])} in sequence {sequence} at position {position}"
        raise ValueError(f"expected tags from 0 to {num_tags - 1}, or -1 or -2 (unknown), got {got}")


def check_allowed(path: Tensor, forbidden: Tensor) -> None:
    """Checks that `path` (B, T + 2) uses no transition that is true in `forbidden` (L + 1, L + 1).

    The path has the boundary's index L around its tags, and a negative number where a tag is unknown."""
    before, after = path[:, :-1], path[:, 1:]
    wrong = forbidden[before, after] & (before >= 0) & (after >= 0)
    if wrong.any():
        sequence, step = wrong.nonzero()[0].tolist()
        tag, following = path[sequence, step : step + 2].tolist()
        boundary = len(forbidden) - 1
        if tag == boundary:
            what = f"{following} at position 0, the start"
        elif following == boundary:
            what = f"{tag} at position {step - 1}, the end"
        else:
            what = f"{following} at position {step}, after tag {tag}"
        raise ValueError(f"expected tags that the constraints allow, got in sequence {sequence} the tag {what}")


def check_path_exists(log_scores: Tensor, lengths: Tensor, given: str = "the constraints") -> None:
    """Checks that no sequence lacks a path, that is, has -inf in `log_scores` (B,)."""
    impossible = log_scores.isneginf()
    if impossible.any():
        sequence = int(impossible.nonzero()[0])
        where = f"sequence {sequence} of length {int(lengths[sequence])}"
        raise ValueError(f"expected a legal path for each sequence, got none for {where}: {given} leave none")
