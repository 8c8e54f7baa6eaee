"""A compiled tagger: its network is a graph that ONNX Runtime computes, without torch."""

import os
from collections.abc import Callable
from threading import Lock
from typing import Any, cast

import numpy
import srsly
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model
from thinc.model import deserialize_attr, serialize_attr
from thinc.types import Floats2d

from ..decoding.parameters import CrfParameters
from ..errors import InputError, missing
from ..text.batching import batches_by_length
from ..text.tags import scheme_letters
from .char_inputs import CharInputs
from .engines import trainable

LENGTHS, OUTPUT = "lengths", "emissions"  # of the graph; its other inputs are those of `CharInputs`
# Padded characters that go through a graph at once: what a core's caches hold. 4,096 take half as much time again.
PADDED_SIZE = 384
_STARTING = Lock()
if hasattr(os, "register_at_fork"):  # else a fork could inherit it closed, by a thread that the fork lacks
    os.register_at_fork(before=_STARTING.acquire, after_in_parent=_STARTING.release, after_in_child=_STARTING.release)


@registry.architectures("spacy_cner.OnnxTagger.v1")
def build_onnx_tagger(tag_scheme: str = "bioes", words: bool = False) -> Model[list[Doc], list[Floats2d]]:
    """A tagger that `python -m spacy_cner compile` made of a trained `spacy_cner.CrfTagger.v1`. It cannot be trained;
    all that it has learned is in the saved pipeline.

    tag_scheme: bio, bioes, bmes or bilou. words: whether its features look at words.
    RETURNS: Model[List[Doc], List[Floats2d]], the emission scores (n_tokens, n_tags)."""
    scheme_letters(tag_scheme)
    return Model(
        "onnx_tagger",
        _forward,
        attrs={
            "tag_scheme": tag_scheme,
            "compiled": Compiled(),
            "layers": [],  # the names of those that the graph was made of
            "needs_words": words,
            "requires_extra": ["onnx", "words"] if words else "onnx",
        },
    )


class Compiled:
    """What a compiled tagger has: a graph of ONNX, what feeds it, and the CRF. Without arguments: nothing yet."""

    def __init__(self, graph: bytes = b"", inputs: CharInputs | None = None, crf: CrfParameters | None = None):
        self.graph, self._inputs, self._crf = graph, inputs, crf
        self._session: Any = None
        self._process = 0

    @property
    def inputs(self) -> CharInputs:
        """What feeds the network. Raises InputError if nothing was loaded."""
        if self._inputs is None:
            raise InputError(
                "expected a compiled pipeline that was loaded from its folder, got one made from a config alone; "
                "`python -m spacy_cner compile` makes one of a trained pipeline"
            )
        return self._inputs

    @property
    def crf(self) -> CrfParameters:
        """What the CRF has learned."""
        assert self.inputs is not None and self._crf is not None
        return self._crf

    def session(self) -> Any:
        """Returns the onnxruntime.InferenceSession of the graph. Each process makes its own, once, whatever threads ask
        for it: threads do not survive a fork."""
        if self._process != os.getpid():
            with _STARTING:
                if self._process != os.getpid():
                    self._session = start_session(self.graph, 1 if self._process else threads())
                    self._process = os.getpid()
        return self._session

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None, "_process": 0}

    def to_bytes(self) -> bytes:
        """Packs all."""
        if self._inputs is None:
            return b""
        return srsly.msgpack_dumps({"graph": self.graph, "inputs": self.inputs.to_bytes(), "crf": self.crf._asdict()})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Compiled":
        """Unpacks what `to_bytes` packed."""
        if not data:
            return cls()
        saved: dict[str, Any] = srsly.msgpack_loads(data)
        return cls(saved["graph"], CharInputs.from_bytes(saved["inputs"]), CrfParameters(**saved["crf"]))


def threads() -> int:
    """Returns the number of threads for one network: OMP_NUM_THREADS, as for torch; 0, all cores, if it is not set."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() else 0


def start_session(graph: bytes, n_threads: int) -> Any:
    """Raises InputError if ONNX Runtime is not installed."""
    try:
        import onnxruntime
    except ImportError:
        raise InputError(missing("onnxruntime")) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    if is_train:
        trainable(model)
    compiled: Compiled = model.attrs["compiled"]
    inputs, num_tags = compiled.inputs, compiled.crf.num_tags
    lengths = numpy.array([len(doc) for doc in docs], dtype="int64")
    starts = lengths.cumsum() - lengths
    features, scores = inputs(docs)
    outputs = [numpy.zeros((0, num_tags), dtype="float32")] * len(docs)
    for batch in batches_by_length(docs, PADDED_SIZE):
        size = int(lengths[batch[0]])  # the longest
        if not size:
            continue
        # shape: (T, 1) and (T, B)
        position = numpy.arange(size)[:, None]
        inside = position < lengths[batch]
        places = numpy.where(inside, starts[batch] + position, starts[batch])
        given = inputs.padded(features, places, inside)
        given[LENGTHS] = lengths[batch].astype("int32")
        (emissions,) = compiled.session().run([OUTPUT], given)
        if scores is not None:
            emissions += scores[places]
        for i, rows in zip(batch, emissions.swapaxes(0, 1)):
            outputs[i] = rows[: lengths[i]]
    return cast(Any, outputs), _no_backprop


def _no_backprop(gradients: list[Floats2d]) -> list[Doc]:
    raise ValueError("expected no backward pass of a compiled pipeline")


@serialize_attr.register(Compiled)
def _serialize(_: Any, compiled: Compiled, name: str, model: Model) -> bytes:
    return compiled.to_bytes()


@deserialize_attr.register(Compiled)
def _deserialize(_: Any, value: bytes, name: str, model: Model) -> Compiled:
    return Compiled.from_bytes(value)
