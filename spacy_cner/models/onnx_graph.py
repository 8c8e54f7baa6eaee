"""Graphs of ONNX, built operation by operation. All sequences are (T, B, width), as ONNX wants them for its recurrent
layers: a shift in time is then a slice of the first axis."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from ..errors import InputError, missing

OPSET, IR_VERSION = 17, 8  # ONNX Runtime 1.12 and later read them


class Value(NamedTuple):
    """A value of the graph: float32 (T, B, width)."""

    name: str
    width: int


class Graph:
    """Collects operations and weights. Raises InputError if the package `onnx` is not installed."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError:
            raise InputError(missing("onnx")) from None
        self._onnx = onnx
        self.inputs: dict[str, int] = {}
        self._nodes: list[Any] = []
        self._weights: dict[str, Any] = {}

    def input(self, name: str, width: int) -> Value:
        """Adds an input, if it is not there yet."""
        self.inputs[name] = width
        return Value(name, width)

    def weight(self, values: numpy.ndarray) -> str:
        """Adds weights or other constants."""
        name = f"w{len(self._weights)}"
        self._weights[name] = self._onnx.numpy_helper.from_array(numpy.asarray(values, order="C"), name)
        return name

    def apply(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operation with one result."""
        name = f"v{len(self._nodes)}"
        # Quantisation looks for names.
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [name], f"{kind}{len(self._nodes)}", **attributes))
        return name

    def linear(self, x: Value, weights: numpy.ndarray, bias: numpy.ndarray | None = None) -> Value:
        """x @ weights + bias; weights (width in, width out)."""
        name = self.apply("MatMul", x.name, self.weight(weights.astype("float32")))
        if bias is not None:
            name = self.apply("Add", name, self.weight(bias.astype("float32")))
        return Value(name, weights.shape[1])

    def concat(self, values: Sequence[Value]) -> Value:
        """Values side by side."""
        if len(values) == 1:
            return values[0]
        return Value(self.apply("Concat", *(v.name for v in values), axis=2), sum(v.width for v in values))

    def columns(self, x: Value, start: int, end: int) -> Value:
        """A slice of the columns."""
        bounds = (self.weight(numpy.array([value], dtype="int64")) for value in (start, end, 2))
        return Value(self.apply("Slice", x.name, *bounds), end - start)

    def convolve(self, x: Value, offsets: Sequence[int], kernels: numpy.ndarray, bias: numpy.ndarray) -> Value:
        """The sum over offsets of what stands at the position so far away, times the offset's kernel; 0 beyond the
        ends. kernels (offsets, width in, width out).

        One product for all offsets, then shifts of its result: that copies less than shifting the wider input."""
        before, after = max(0, -min(offsets)), max(0, *offsets)
        pads = self.weight(numpy.array([before, 0, 0, after, 0, 0], dtype="int64"))
        padded = Value(self.apply("Pad", x.name, pads), x.width) if before or after else x
        product = self.linear(padded, numpy.concatenate(list(kernels), axis=1))
        width, parts = kernels.shape[2], []
        for i, offset in enumerate(offsets):
            # From the end of the padded sequence as far as there are positions more than in the sequence
            end = offset - after or numpy.iinfo("int64").max
            bounds = numpy.array([[before + offset, i * width], [end, (i + 1) * width], [0, 2]], dtype="int64")
            parts.append(self.apply("Slice", product.name, *map(self.weight, bounds)))
        total = self.apply("Sum", *parts) if len(parts) > 1 else parts[0]
        return Value(self.apply("Add", total, self.weight(bias.astype("float32"))), width)

    def recurrent(
        self, kind: str, x: Value, weights: numpy.ndarray, recurrent: numpy.ndarray, biases: numpy.ndarray, **more: Any
    ) -> Value:
        """An LSTM or GRU with ONNX's own order of gates; weights (directions, gates * width, width in), recurrent
        (directions, gates * width, width), biases (directions, 2 * gates * width)."""
        directions, width = len(weights), recurrent.shape[2]
        arrays = (self.weight(array.astype("float32")) for array in (weights, recurrent, biases))
        direction = "bidirectional" if directions == 2 else "forward"
        # shape: (T, directions, B, width)
        states = self.apply(kind, x.name, *arrays, "lengths", hidden_size=width, direction=direction, **more)
        joined = self.apply("Transpose", states, perm=[0, 2, 1, 3])
        shape = self.weight(numpy.array([0, 0, directions * width], dtype="int64"))
        return Value(self.apply("Reshape", joined, shape), directions * width)

    def inside(self, x: Value) -> str:
        """1 in sequences, 0 at padding; float32 (T, B, 1)."""
        mask = self.floats(self.apply("Less", self.positions(x), self.integers("lengths")))
        return self.apply("Unsqueeze", mask, self.weight(numpy.array([2], dtype="int64")))

    def positions(self, x: Value) -> str:
        """The number of each position, int64 (T, 1)."""
        size = self.apply("Gather", self.apply("Shape", x.name), self.weight(numpy.array(0, dtype="int64")))
        zero, one = (self.weight(numpy.array(value, dtype="int64")) for value in (0, 1))
        numbers = self.apply("Range", zero, size, one)
        return self.apply("Unsqueeze", numbers, self.weight(numpy.array([1], dtype="int64")))

    def integers(self, name: str) -> str:
        """The values as int64."""
        return self.apply("Cast", name, to=self._onnx.TensorProto.INT64)

    def floats(self, name: str) -> str:
        """The values as float32; true is 1."""
        return self.apply("Cast", name, to=self._onnx.TensorProto.FLOAT)

    def model(self, output: Value, name: str) -> Any:
        """Returns the onnx.ModelProto with this output, and "lengths" int32 (B,) as one more input."""
        helper, types = self._onnx.helper, self._onnx.TensorProto
        self._nodes.append(helper.make_node("Identity", [output.name], [name]))
        inputs = [helper.make_tensor_value_info(each, types.FLOAT, ["T", "B", n]) for each, n in self.inputs.items()]
        inputs.append(helper.make_tensor_value_info("lengths", types.INT32, ["B"]))
        outputs = [helper.make_tensor_value_info(name, types.FLOAT, ["T", "B", output.width])]
        graph = helper.make_graph(self._nodes, "tagger", inputs, outputs, list(self._weights.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        self._onnx.checker.check_model(model)
        return model
