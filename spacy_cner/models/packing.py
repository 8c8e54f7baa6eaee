"""Weights in few bytes."""

from typing import Any, NamedTuple

import numpy

LARGE = 2**16  # weights of a matrix that is packed in 8 bits
LEAST_STEPS = 2  # smaller weights of a sparse table in 8 bits are left out


def pack(values: numpy.ndarray) -> dict[str, Any]:
    """Packs float32 weights: large matrices (n, width) in 8 bits with a scale for each row, others in half
    precision."""
    if values.ndim != 2 or values.size < LARGE:
        return {"values": values.astype("float16")}
    scales = numpy.abs(values).max(axis=1, keepdims=True) / 127
    rounded = numpy.round(numpy.divide(values, scales, out=numpy.zeros_like(values), where=scales > 0))
    return {"values": rounded.astype("int8"), "scales": scales.astype("float32")}


def unpack(packed: dict[str, Any]) -> numpy.ndarray:
    """Returns the weights that `pack` packed, float32."""
    values = packed["values"].astype("float32")
    return values * packed["scales"] if "scales" in packed else values


def pack_sparse(table: numpy.ndarray, *, small: bool) -> dict[str, Any]:
    """Packs a float32 table that is mostly 0: which weights are not, and these in half precision; small: in 8 bits with
    one scale, without those that are hardly more than 0."""
    if not small:
        values, scale = table.astype("float16"), 1.0
    else:
        scale = float(numpy.abs(table).max(initial=0.0)) / 127 or 1.0
        values = numpy.round(table / scale).astype("int8")
        values[numpy.abs(values) < LEAST_STEPS] = 0
    used = values != 0
    return {"shape": list(table.shape), "used": numpy.packbits(used), "values": values[used], "scale": scale}


class SmallTable(NamedTuple):
    """A table of weights in 8 bits: `values`, int8 (R, L), times `scale`."""

    values: numpy.ndarray
    scale: float


Table = numpy.ndarray | SmallTable


def unpack_sparse(packed: dict[str, Any], *, before: int = 0) -> Table:
    """Returns the table that `pack_sparse` packed, float32, or in 8 bits as it was packed. before: put so many rows of
    zeros before it."""
    rows, width = packed["shape"]
    small = packed["values"].dtype == numpy.int8
    table = numpy.zeros((before + rows, width), dtype="int8" if small else "float32")
    used = numpy.unpackbits(packed["used"], count=rows * width).view(bool)
    table[before:].reshape(rows * width)[used] = packed["values"]
    return SmallTable(table, packed["scale"]) if small else table


def floats(table: Table) -> numpy.ndarray:
    """Returns a table as float32."""
    return table.values * numpy.float32(table.scale) if isinstance(table, SmallTable) else table
