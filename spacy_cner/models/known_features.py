"""Features that training computes once for each text, in a temporary file."""

from collections.abc import Callable
from typing import Any

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..scratch import ByteRange, ScratchFile
from ..text.words import WORDS_KEY

KEPT_BYTES = 2**32  # of each frozen layer: 512 columns of 4,194,304 characters


class KnownFeatures:
    """Frozen features of the texts that training has seen, so that they are computed once and not in every epoch.

    They lie in half precision in a `ScratchFile` of at most `KEPT_BYTES`. Those of further texts are computed anew."""

    def __init__(self) -> None:
        self._places: dict[tuple, tuple[ByteRange, tuple[int, ...]]] = {}  # by text: where they are, and their shape
        self._scratch = ScratchFile()
        self._modules: list[Any] | None = None

    def __reduce__(self) -> tuple:
        return KnownFeatures, ()  # another process computes its own

    def __call__(self, model: Model, docs: list[Doc], compute: Callable[[list[Doc]], list[Floats2d]]) -> list[Floats2d]:
        """Returns the features of documents; `compute` makes those that are not known. A model that was copied or
        loaded has other modules, and begins anew."""
        modules = [shim._model for node in model.walk() for shim in node.shims]
        if self._modules is None or [id(each) for each in modules] != [id(each) for each in self._modules]:
            self._begin(modules)
        keys = [_key(doc) for doc in docs]
        new = [i for i, key in enumerate(keys) if key not in self._places]
        computed = dict(zip(new, compute([docs[i] for i in new]))) if new else {}
        known: dict[int, Any] = {i: self._read(*self._places[key]) for i, key in enumerate(keys) if i not in computed}
        for i, rows in computed.items():
            if keys[i] not in self._places:
                self._keep(keys[i], model.ops.to_numpy(rows).astype("float16"))
        return [computed[i] if i in computed else model.ops.asarray2f(known[i]) for i in range(len(docs))]

    def _begin(self, modules: list[Any]) -> None:
        self._scratch.close()
        self._scratch, self._places, self._modules = ScratchFile(KEPT_BYTES), {}, modules

    def _keep(self, key: tuple, rows: numpy.ndarray) -> None:
        place = self._scratch.add(rows.tobytes())
        if place is not None:
            self._places[key] = place, rows.shape

    def _read(self, place: ByteRange, shape: tuple[int, ...]) -> numpy.ndarray:
        return numpy.frombuffer(self._scratch.read(place), dtype="float16").reshape(shape).astype("float32")


def _key(doc: Doc) -> tuple:
    """What frozen features depend on: characters, and words where a document has them."""
    words = [(word.start, word.end) for word in doc.spans[WORDS_KEY]] if WORDS_KEY in doc.spans else []
    return doc.text, *words
