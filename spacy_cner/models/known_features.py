"""Features that training computes once for each text, in a temporary file."""

import os
from collections.abc import Callable
from typing import Any, Literal

import numpy
from spacy.tokens import Doc
from thinc.api import Model, Ops
from thinc.types import Floats2d

from ..scratch import ByteRange, ScratchFile
from ..text.words import WORDS_KEY

# Of each frozen layer: 512 columns of 4,194,304 characters to train on, and of 524,288 to evaluate.
KEPT_BYTES = 2**32
EVALUATED_BYTES = 2**30


class KnownFeatures:
    """Frozen features of the texts that training has seen, so that they are computed once and not in every epoch or
    evaluation.

    Those to train on are in half precision. Those to evaluate are as they were computed, so that training shows the
    scores of the pipeline that it saves. A model that is not trained in this process keeps none."""

    def __init__(self) -> None:
        self._begun: tuple[int, ...] = ()  # by which process, with which modules
        self._modules: list[Any] = []  # so that no other gets their id
        self._kept: dict[bool, Kept] = {}  # to train on (True) and to evaluate

    def __reduce__(self) -> tuple:
        return KnownFeatures, ()  # another process computes its own

    def __call__(
        self, model: Model, docs: list[Doc], is_train: bool, compute: Callable[[list[Doc]], list[Floats2d]]
    ) -> list[Floats2d]:
        """Returns the features of documents; `compute` makes those that are not known. A model that was copied or
        loaded has other modules, and begins anew, as a forked process does: forks share a file's position."""
        modules = [shim._model for node in model.walk() for shim in node.shims]
        now = os.getpid(), *map(id, modules)
        if now != self._begun:
            if not is_train:
                return compute(docs)
            self._begin(now, modules)
        return self._kept[is_train](model.ops, docs, compute)

    def _begin(self, now: tuple[int, ...], modules: list[Any]) -> None:
        for kept in self._kept.values():
            kept.close()
        self._begun, self._modules = now, modules
        self._kept = {True: Kept("float16", KEPT_BYTES), False: Kept("float32", EVALUATED_BYTES)}


class Kept:
    """Features by text, in a temporary file of at most `limit` bytes. Those of further texts are computed anew."""

    def __init__(self, dtype: Literal["float16", "float32"], limit: int):
        self.dtype = dtype
        self._places: dict[tuple, tuple[ByteRange, tuple[int, ...]]] = {}  # by text: where they are, and their shape
        self._scratch = ScratchFile(limit)

    def __call__(self, ops: Ops, docs: list[Doc], compute: Callable[[list[Doc]], list[Floats2d]]) -> list[Floats2d]:
        keys = [_key(doc) for doc in docs]
        new = [i for i, key in enumerate(keys) if key not in self._places]
        computed = dict(zip(new, compute([docs[i] for i in new]))) if new else {}
        known: dict[int, Any] = {i: self._read(*self._places[key]) for i, key in enumerate(keys) if i not in computed}
        for i, rows in computed.items():
            if keys[i] not in self._places:
                self._keep(keys[i], ops.to_numpy(rows).astype(self.dtype))
        return [computed[i] if i in computed else ops.asarray2f(known[i]) for i in range(len(docs))]

    def close(self) -> None:
        self._scratch.close()

    def _keep(self, key: tuple, rows: numpy.ndarray) -> None:
        place = self._scratch.add(rows.tobytes())
        if place is not None:
            self._places[key] = place, rows.shape

    def _read(self, place: ByteRange, shape: tuple[int, ...]) -> numpy.ndarray:
        return numpy.frombuffer(self._scratch.read(place), dtype=self.dtype).reshape(shape).astype("float32")


def _key(doc: Doc) -> tuple:
    """What frozen features depend on: characters, and words where a document has them."""
    words = [(word.start, word.end) for word in doc.spans[WORDS_KEY]] if WORDS_KEY in doc.spans else []
    return doc.text, *words
