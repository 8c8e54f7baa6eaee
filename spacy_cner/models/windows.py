"""Long sequences window by window, for layers whose cost grows faster than the sequence."""

from collections.abc import Callable
from typing import Any

from thinc.api import Model
from thinc.types import Floats2d

from ..errors import InputError
from ..text.batching import windows

Sequences = list[Floats2d]


def with_windows(layer: Model[Sequences, Sequences], size: int, margin: int) -> Model[Sequences, Sequences]:
    """Makes a layer read sequences longer than `size` in windows of that size, see `windows`.

    Raises InputError for margins that leave nothing of a window."""
    if margin < 0 or size <= 2 * margin:
        raise InputError(f"expected a window of more than two margins of {margin}, got {size}")
    model: Model = Model(
        "windows",
        _forward,
        init=_init,
        layers=[layer],
        dims={name: layer.maybe_get_dim(name) for name in layer.dim_names},
        attrs={"window": size, "margin": margin},
    )
    return model


def _init(model: Model, X: Any = None, Y: Any = None) -> None:
    layer = model.layers[0]
    layer.initialize(X=X, Y=Y)
    for name in layer.dim_names:
        model.set_dim(name, layer.get_dim(name))


def _forward(model: Model, sequences: Sequences, is_train: bool) -> tuple[Sequences, Callable]:
    layer, size, margin = model.layers[0], model.attrs["window"], model.attrs["margin"]
    if all(len(each) <= size for each in sequences):
        return layer(sequences, is_train)
    parts = [(i, each) for i, rows in enumerate(sequences) for each in windows(len(rows), size, margin)]
    outputs, backprop_parts = layer([sequences[i][part.start : part.end] for i, part in parts], is_train)
    width = layer.get_dim("nO")
    joined: Any = [model.ops.alloc2f(len(rows), width) for rows in sequences]
    for (i, part), output in zip(parts, outputs):
        joined[i][part.first : part.last] = output[part.first - part.start : part.last - part.start]

    def backprop(gradients: Sequences) -> Sequences:
        given: Any = []
        for i, part in parts:
            gradient = model.ops.alloc2f(part.end - part.start, width)
            gradient[part.first - part.start : part.last - part.start] = gradients[i][part.first : part.last]
            given.append(gradient)
        inputs = backprop_parts(given)
        total: Any = [model.ops.alloc2f(*rows.shape) for rows in sequences]
        for (i, part), gradient in zip(parts, inputs):
            total[i][part.start : part.end] += gradient
        return total

    return joined, backprop
