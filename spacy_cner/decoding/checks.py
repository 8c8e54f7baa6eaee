"""Checks of what is decoded. Each covers the whole batch at once; its ValueError names the first wrong place."""

import numpy


def check_shape(name: str, array: numpy.ndarray, shape: tuple[int, ...]) -> None:
    """Raises ValueError if the array has another shape."""
    if array.shape != shape:
        raise ValueError(f"expected {name} of shape {shape}, got {array.shape}")


def check_kind(name: str, array: numpy.ndarray, kind: str) -> None:
    """Raises ValueError if the array has another kind of type: "floating", "integer" or "boolean"."""
    if not {"floating": "f", "integer": "iu", "boolean": "b"}[kind].count(array.dtype.kind):
        raise ValueError(f"expected {name} of {kind} type, got {array.dtype}")


def check_batch(
    emissions: numpy.ndarray, lengths: numpy.ndarray, positional: numpy.ndarray | None, num_tags: int
) -> None:
    """Checks `emissions` (B, T, L), `lengths` (B,), and `positional` transitions (B, T - 1, L, L)."""
    if emissions.ndim != 3 or emissions.shape[2] != num_tags:
        raise ValueError(f"expected emissions of shape (batch size, length, {num_tags}), got {emissions.shape}")
    batch, length, _ = emissions.shape
    check_kind("emissions", emissions, "floating")
    check_shape("lengths", lengths, (batch,))
    check_kind("lengths", lengths, "integer")
    wrong = (lengths < 0) | (lengths > length)
    if wrong.any():
        sequence = int(wrong.argmax())
        raise ValueError(f"expected lengths from 0 to {length}, got {int(lengths[sequence])} for sequence {sequence}")
    if positional is not None:
        check_shape("transitions", positional, (batch, max(length - 1, 0), num_tags, num_tags))
        check_kind("transitions", positional, "floating")


def check_path_exists(log_scores: numpy.ndarray, lengths: numpy.ndarray) -> None:
    """Checks that no sequence lacks a path, that is, has -inf in `log_scores` (B,)."""
    impossible = numpy.isneginf(log_scores)
    if impossible.any():
        sequence = int(impossible.argmax())
        where = f"sequence {sequence} of length {int(lengths[sequence])}"
        raise ValueError(f"expected a legal path for each sequence, got none for {where}: the constraints leave none")


def check_spans(spans: numpy.ndarray, path: numpy.ndarray, lengths: numpy.ndarray, num_tags: int) -> None:
    """Checks that `spans` (N, 3), rows of sequence, start and end, lie inside the B sequences. Inside the spans, the
    tags of `path` (B, T) must be from 0 to L - 1."""
    if spans.ndim != 2 or spans.shape[1] != 3:
        raise ValueError(f"expected spans of shape (number, 3), got {spans.shape}")
    check_kind("spans", spans, "integer")
    sequence, start, end = spans.T
    wrong = (sequence < 0) | (sequence >= len(lengths)) | (start < 0) | (start >= end)
    if not wrong.any():
        wrong = end > lengths[sequence]
    if wrong.any():
        span = tuple(spans[wrong][0].tolist())
        raise ValueError(f"expected spans (sequence, start, end) of at least 1 tag inside of the sequences, got {span}")
    # Numbers of tags out of range before each position; shape: (B, T + 1)
    unknown = numpy.pad(((path < 0) | (path >= num_tags)).cumsum(1), ((0, 0), (1, 0)))
    wrong = unknown[sequence, start] != unknown[sequence, end]
    if wrong.any():
        sequence, start, end = spans[wrong][0].tolist()
        got = path[sequence, start:end].tolist()
        where = f"span {(sequence, start, end)}"
        raise ValueError(f"expected a path of tags from 0 to {num_tags - 1} in {where}, got {got}")
