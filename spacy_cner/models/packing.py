"""Weights in few bytes."""

from typing import Any

import numpy

MANY_ROWS = 5000  # of a table that is packed in 8 bits


def pack(values: numpy.ndarray) -> dict[str, Any]:
    """Packs float32 weights: large tables (n, width) in 8 bits with a scale for each row, others in half precision."""
    if values.ndim != 2 or len(values) < MANY_ROWS:
        return {"values": values.astype("float16")}
    scales = numpy.abs(values).max(axis=1, keepdims=True) / 127
    rounded = numpy.round(numpy.divide(values, scales, out=numpy.zeros_like(values), where=scales > 0))
    return {"values": rounded.astype("int8"), "scales": scales.astype("float32")}


def unpack(packed: dict[str, Any]) -> numpy.ndarray:
    """Returns the weights that `pack` packed, float32."""
    values = packed["values"].astype("float32")
    return values * packed["scales"] if "scales" in packed else values
