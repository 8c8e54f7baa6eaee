"""From a trained tagger to a compiled one: the graph of its network, and what feeds that."""

import logging
import tempfile
from pathlib import Path
from typing import Any, cast

import numpy
import torch
from thinc.api import Model

from ..errors import CannotCompile
from ..nn.convolution import CharCNN, DilatedCNN
from ..nn.recurrent import LSTM, BiLSTM, FrozenBiGRU
from ..nn.transformer import Transformer
from .char_inputs import CharInputs, Embedding
from .gram_table import GramTable
from .onnx_graph import Graph, Value
from .onnx_tagger import OUTPUT, Compiled
from .onnx_transformer import add_transformer
from .soft_lexicon import Lexicon
from .tagger import PaddedLinear, crf_parameters
from .torch_layers import as_numpy, sized_shim
from .word_table import SETS

# Layers of layers: thinc's forward functions know what they do with what is inside.
CHAINS = {"thinc.layers.chain.forward", "spacy_cner.models.frozen._forward"}
PARALLEL = {"thinc.layers.concatenate.forward", "spacy_cner.models.shared_private._forward_both"}
NOTHING = {"thinc.layers.noop.forward", "spacy_cner.models.dropout._forward"}


def compile_tagger(model: Model, *, int8: bool) -> Compiled:
    """Compiles a trained `spacy_cner.CrfTagger.v1` or `SoftmaxTagger.v1`.

    int8: whether matrix products and LSTMs compute in 8 bits, each batch with its own scale, and large tables are
    saved in 8 bits. Raises CannotCompile for a layer that has no counterpart in the graph."""
    compiler = Compiler()
    vectors = compiler.visit(model.get_ref("tok2vec"), None)
    emissions = compiler.visit(model.get_ref("head"), vectors)
    proto = compiler.graph.model(emissions, OUTPUT)
    features, sparse = model.maybe_get_ref("features"), None
    if features is not None:
        scores: Any = sized_shim(features).require_built()
        sparse = features.attrs["index"], scores.weights.detach().cpu().numpy() * numpy.float32(scores.lr_scale)
    inputs = CharInputs(compiler.tables, compiler.embeddings, compiler.lexicons, sparse, small=int8)
    graph = quantized(proto) if int8 else proto.SerializeToString()
    return Compiled(graph, inputs, crf_parameters(model))


def quantized(proto: Any) -> bytes:
    """Returns the graph with products of 8-bit numbers. Weights have 7 bits, so that no sum overflows on processors
    without VNNI."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "int8.onnx"
        logging.disable(logging.WARNING)  # it advises preparation that these graphs have no use for
        try:
            quantize_dynamic(
                proto,
                target,
                op_types_to_quantize=["MatMul", "LSTM"],
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
        finally:
            logging.disable(logging.NOTSET)
        return target.read_bytes()


class Compiler:
    """Walks through the layers of a model and adds each to the graph. Equal tables and lexicons are kept once."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.tables: list[GramTable] = []
        self.embeddings: dict[str, Embedding] = {}
        self.lexicons: dict[str, Lexicon] = {}
        self._keys: list[Any] = []

    def visit(self, layer: Model, x: Value | None) -> Value:
        """Adds a layer. x: what it works on; None for documents. RETURNS: its result."""
        function = getattr(layer._func, "func", layer._func)
        name = f"{function.__module__}.{function.__name__}"
        if name in NOTHING and x is not None:
            return x
        if name in CHAINS:
            for inner in layer.layers:
                x = self.visit(inner, x)
            assert x is not None
            return x
        if name in PARALLEL:
            return self.graph.concat([self.visit(inner, x) for inner in layer.layers])
        if name == "thinc.layers.residual.forward" and x is not None:
            return Value(self.graph.apply("Add", x.name, self.visit(layer.layers[0], x).name), x.width)
        if name == "spacy_cner.models.shared_private._take" and x is not None:
            start, end, _ = layer._func.args[0].indices(x.width)  # type: ignore[attr-defined]
            return self.graph.columns(x, start, end)
        if name == "spacy_cner.models.embed._forward":
            return self._embedding(layer.attrs["table"], layer.attrs["positions"], layer.get_param("E"))
        if name == "spacy_cner.models.soft_lexicon._forward":
            return self._lexicon(layer.attrs["lexicon"])
        if name == "spacy_cner.models.jieba_network._forward":
            network: Any = sized_shim(layer).require_built()
            return self._jieba(layer.attrs["table"], network.inner)
        if name == "spacy_cner.models.torch_layers._forward" and x is not None:
            module: Any = sized_shim(layer).require_built()
            return self._module(layer.name, module.inner, x)
        raise CannotCompile(f"expected layers that can be compiled, got {layer.name}")

    def _embedding(self, table: GramTable, positions: int, vectors: Any) -> Value:
        key = table.order, table.known, table.buckets
        if key not in self._keys:
            self._keys.append(key)
            self.tables.append(table)
        name = f"embedding{len(self.embeddings)}"
        self.embeddings[name] = Embedding(self._keys.index(key), positions, as_numpy(vectors).astype("float32"))
        return self.graph.input(name, vectors.shape[1])

    def _lexicon(self, lexicon: Lexicon) -> Value:
        width = lexicon.vectors.shape[1]
        for name, known in self.lexicons.items():
            if known.words.words == lexicon.words.words and numpy.array_equal(known.vectors, lexicon.vectors):
                return self.graph.input(name, SETS * width)
        name = f"lexicon{len(self.lexicons)}"
        self.lexicons[name] = lexicon
        return self.graph.input(name, SETS * width)

    def _jieba(self, table: GramTable, network: Any) -> Value:
        x = self._embedding(table, 1, network.embedding)
        for layer in network.layers:
            x = self._gru(layer, x)
        return x

    def _module(self, name: str, module: torch.nn.Module, x: Value) -> Value:
        if isinstance(module, PaddedLinear):
            return self.graph.linear(x, as_numpy(module.weight).T, as_numpy(module.bias))
        if isinstance(module, Transformer):
            return add_transformer(self.graph, module, x)
        if isinstance(module, CharCNN):
            return self._cnn(module, x)
        if isinstance(module, DilatedCNN):
            return self._dilated(module, x)
        if isinstance(module, BiLSTM):
            for pair in zip(module.rightward, module.leftward):
                x = self._lstm(pair, 0, x)
            return x
        if isinstance(module, LSTM):
            for depth in range(module.rightward.num_layers):
                x = self._lstm([module.rightward], depth, x)
            return x
        raise CannotCompile(f"expected layers that can be compiled, got {name}")

    def _cnn(self, cnn: CharCNN, x: Value) -> Value:
        """Two windows of neighbouring sizes share one product, whose weights are 0 where the smaller one sees
        nothing."""
        graph, parts, kernels = self.graph, [], list(zip(cnn.windows, cnn.filters))
        # What another layer left at padding would be seen from the last characters.
        x = Value(graph.apply("Mul", x.name, graph.inside(x)), x.width)
        for i in range(0, len(kernels), 2):
            pair = kernels[i : i + 2]
            size = max(window for window, _ in pair)
            weights = []
            for window, conv in pair:
                kernel = as_numpy(conv.weight)
                left = size // 2 - window // 2
                weights.append(numpy.pad(kernel, ((0, 0), (0, 0), (left, size - window - left))))
            # shape: (filters, width in, size) to (size, width in, filters)
            joined = numpy.concatenate(weights).transpose(2, 1, 0)
            bias = numpy.concatenate([as_numpy(conv.bias) for _, conv in pair])
            parts.append(graph.convolve(x, range(-(size // 2), size - size // 2), joined, bias))
        whole = graph.concat(parts)
        return Value(graph.apply("Relu", whole.name), whole.width)

    def _dilated(self, cnn: DilatedCNN, x: Value) -> Value:
        graph = self.graph
        mask = graph.inside(x)
        states = graph.linear(x, as_numpy(cnn.project.weight).T, as_numpy(cnn.project.bias))
        for dilation, conv, norm in zip(cnn.dilations, cnn.filters, cnn.norms):
            inside = Value(graph.apply("Mul", states.name, mask), states.width)
            kernels = as_numpy(conv.weight).transpose(2, 1, 0)
            found = graph.convolve(inside, [-dilation, 0, dilation], kernels, as_numpy(conv.bias))
            both = graph.apply("Add", states.name, graph.apply("Relu", found.name))
            scale, shift = (graph.weight(as_numpy(each)) for each in (norm.weight, norm.bias))
            name = graph.apply("LayerNormalization", both, scale, shift, axis=-1, epsilon=float(cast(Any, norm).eps))
            states = Value(name, states.width)
        return states

    def _lstm(self, lstms: Any, depth: int, x: Value) -> Value:
        """The gates of torch are input, forget, cell and output; those of ONNX input, output, forget and cell."""

        def gates(array: numpy.ndarray) -> numpy.ndarray:
            i, f, c, o = numpy.split(array, 4)
            return numpy.concatenate([i, o, f, c])

        def stacked(*names: str) -> numpy.ndarray:
            rows = [[gates(as_numpy(getattr(lstm, f"{name}_l{depth}"))) for name in names] for lstm in lstms]
            return numpy.stack([numpy.concatenate(row) for row in rows])

        biases = stacked("bias_ih", "bias_hh")
        return self.graph.recurrent("LSTM", x, stacked("weight_ih"), stacked("weight_hh"), biases)

    def _gru(self, gru: FrozenBiGRU, x: Value) -> Value:
        """The update gate of PaddlePaddle is the share of the new candidate, that of ONNX the share of the old state:
        its opposite, which is the sigmoid of the negated scores."""
        width = gru.width
        sign = numpy.ones(3 * width, dtype="float32")
        sign[:width] = -1
        inputs = as_numpy(gru.input_weights) * sign
        recurrent = numpy.concatenate([as_numpy(gru.gate_weights), as_numpy(gru.candidate_weights)], axis=2) * sign
        biases = numpy.concatenate([as_numpy(gru.biases) * sign, numpy.zeros_like(as_numpy(gru.biases))], axis=1)
        transposed = (inputs.transpose(0, 2, 1), recurrent.transpose(0, 2, 1))
        return self.graph.recurrent("GRU", x, *transposed, biases, linear_before_reset=0)
