"""The graph of a Transformer for ONNX Runtime."""

from typing import Any

import numpy

from ..nn.transformer import NORM_EPS, Layer, Transformer, turns
from .onnx_graph import Graph, Value
from .torch_layers import as_numpy


def add_transformer(graph: Graph, module: Transformer, x: Value) -> Value:
    """Adds a Transformer. x: embeddings (T, B, width). RETURNS: states (T, B, width)."""
    states = _with_ends(graph, module, x)
    inside = graph.floats(graph.apply("Less", graph.positions(states), _lengths(graph, 2)))
    beyond = graph.apply("Sub", inside, _number(graph, 1.0))
    # 0 where there is a character, and so low a score elsewhere that its weight is 0: (T, B) to (B, 1, 1, T)
    masked = graph.apply("Mul", graph.apply("Transpose", beyond, perm=[1, 0]), _number(graph, 1e9))
    mask = graph.apply("Unsqueeze", masked, _integers(graph, 1, 2))
    cos, sin = _rotations(graph, states, x.width // module.heads)
    states = _norm(graph, states, module.norm)
    for layer in module.layers:
        states = _layer(graph, layer, states, mask, cos, sin)  # type: ignore[arg-type]
    states = _norm(graph, states, module.final_norm)
    bounds = (_integers(graph, value) for value in (1, -1, 0))
    return Value(graph.apply("Slice", states.name, *bounds), x.width)


def _layer(graph: Graph, layer: Layer, x: Value, mask: str, cos: str, sin: str) -> Value:
    width, heads = x.width, layer.heads
    size = width // heads
    read = x if not hasattr(layer.attn_norm, "eps") else _norm(graph, x, layer.attn_norm)
    products = graph.linear(read, _side_by_side(layer.query, layer.key, layer.value))
    split = graph.apply("Reshape", products.name, _integers(graph, 0, 0, 3, heads, size))
    # shape: (3, B, heads, T, size)
    turned = graph.apply("Transpose", split, perm=[2, 1, 3, 0, 4])
    queries, keys, values = (
        graph.apply("Gather", turned, graph.weight(numpy.array(i, dtype="int64")), axis=0) for i in range(3)
    )
    queries, keys = (_rotate(graph, states, cos, sin, size) for states in (queries, keys))
    scaled = graph.apply("Mul", queries, _number(graph, size**-0.5))
    scores = graph.apply("MatMul", scaled, graph.apply("Transpose", keys, perm=[0, 1, 3, 2]))
    weights = graph.apply("Softmax", graph.apply("Add", scores, mask), axis=-1)
    mixed = graph.apply("Transpose", graph.apply("MatMul", weights, values), perm=[2, 0, 1, 3])
    joined = Value(graph.apply("Reshape", mixed, _integers(graph, 0, 0, width)), width)
    x = _add(graph, x, graph.linear(joined, as_numpy(layer.mixed.weight).T))
    read = _norm(graph, x, layer.mlp_norm)
    # Two products: to split the result of one would take longer.
    up, gate = (graph.linear(read, as_numpy(part.weight).T) for part in (layer.up, layer.gate))
    gated = Value(graph.apply("Mul", _gelu(graph, up.name), gate.name), up.width)
    return _add(graph, x, graph.linear(gated, as_numpy(layer.down.weight).T))


def _with_ends(graph: Graph, module: Transformer, x: Value) -> Value:
    """Puts the learned vectors before and after each sequence."""
    padded = Value(graph.apply("Pad", x.name, _integers(graph, 1, 0, 0, 1, 0, 0)), x.width)
    places = graph.positions(padded)
    for vector, condition in (
        (module.begin, graph.apply("Equal", places, graph.weight(numpy.array(0, dtype="int64")))),
        (module.end, graph.apply("Equal", places, _lengths(graph, 1))),
    ):
        here = graph.apply("Unsqueeze", condition, _integers(graph, 2))
        padded = Value(graph.apply("Where", here, graph.weight(as_numpy(vector)), padded.name), x.width)
    return padded


def _rotations(graph: Graph, x: Value, width: int) -> tuple[str, str]:
    """Cosines and sines (T, width) of the angles by which each position turns a head's states, as many as the batch
    needs: windows may have any size."""
    places = graph.floats(graph.positions(x))
    angles = graph.apply("Mul", places, graph.weight(as_numpy(turns(width)).astype("float32")))
    angles = graph.apply("Concat", angles, angles, axis=1)
    return graph.apply("Cos", angles), graph.apply("Sin", angles)


def _rotate(graph: Graph, states: str, cos: str, sin: str, size: int) -> str:
    """states (B, heads, T, size)."""
    last = _integers(graph, 3)
    first = graph.apply("Slice", states, _integers(graph, 0), _integers(graph, size // 2), last)
    second = graph.apply("Slice", states, _integers(graph, size // 2), _integers(graph, size), last)
    crossed = graph.apply("Concat", graph.apply("Neg", second), first, axis=3)
    return graph.apply("Add", graph.apply("Mul", states, cos), graph.apply("Mul", crossed, sin))


def _lengths(graph: Graph, more: int) -> str:
    """The lengths of the sequences and so many more, int64 (B,)."""
    return graph.apply("Add", graph.integers("lengths"), _integers(graph, more))


def _gelu(graph: Graph, x: str) -> str:
    # In the form that ONNX Runtime makes one operation of
    inside = graph.apply("Erf", graph.apply("Div", x, _number(graph, 2**0.5)))
    return graph.apply(
        "Mul", graph.apply("Mul", x, graph.apply("Add", inside, _number(graph, 1.0))), _number(graph, 0.5)
    )


def _norm(graph: Graph, x: Value, norm: Any) -> Value:
    scale = graph.weight(as_numpy(norm.weight))
    return Value(graph.apply("LayerNormalization", x.name, scale, axis=-1, epsilon=NORM_EPS), x.width)


def _add(graph: Graph, x: Value, y: Value) -> Value:
    return Value(graph.apply("Add", x.name, y.name), x.width)


def _side_by_side(*layers: Any) -> numpy.ndarray:
    return numpy.concatenate([as_numpy(layer.weight) for layer in layers]).T


def _number(graph: Graph, value: float) -> str:
    return graph.weight(numpy.array(value, dtype="float32"))


def _integers(graph: Graph, *values: int) -> str:
    return graph.weight(numpy.array(values, dtype="int64"))
