"""Features that training computes once for each text, in a temporary file."""

import shutil
import tempfile
from collections.abc import Callable
from typing import IO, Any

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..text.words import WORDS_KEY

KEPT_BYTES = 2**32  # of each frozen layer: 512 columns of 4,194,304 characters


class KnownFeatures:
    """Frozen features of the texts that training has seen, so that they are computed once and not in every epoch.

    They lie in half precision in a file of the temporary folder (`TMPDIR`), which goes with the process, however that
    ends. It takes at most `KEPT_BYTES` and half of the free space. Those of further texts are computed anew."""

    def __init__(self) -> None:
        self._places: dict[tuple, tuple[int, tuple[int, ...]]] = {}  # by text: position in the file, and shape
        self._file: IO[bytes] | None = None
        self._bytes = self._room = 0
        self._modules: list[Any] = []

    def __reduce__(self) -> tuple:
        return KnownFeatures, ()  # another process computes its own

    def __call__(self, model: Model, docs: list[Doc], compute: Callable[[list[Doc]], list[Floats2d]]) -> list[Floats2d]:
        """Returns the features of documents; `compute` makes those that are not known. A model that was copied or
        loaded has other modules, and begins anew."""
        modules = [shim._model for node in model.walk() for shim in node.shims]
        if self._file is None or [id(each) for each in modules] != [id(each) for each in self._modules]:
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
        if self._file is not None:
            self._file.close()
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._room = min(KEPT_BYTES, shutil.disk_usage(tempfile.gettempdir()).free // 2)
        self._places, self._bytes, self._modules = {}, 0, modules

    def _keep(self, key: tuple, rows: numpy.ndarray) -> None:
        assert self._file is not None
        if self._bytes + rows.nbytes > self._room:
            return
        self._file.seek(self._bytes)
        try:
            written = self._file.write(rows.tobytes())
        except OSError:
            written = 0
        if written == rows.nbytes:
            self._places[key] = self._bytes, rows.shape
            self._bytes += rows.nbytes
        else:  # others filled the disk
            self._room = self._bytes

    def _read(self, position: int, shape: tuple[int, ...]) -> numpy.ndarray:
        assert self._file is not None
        rows = numpy.empty(shape, dtype="float16")
        self._file.seek(position)
        self._file.readinto(rows)  # type: ignore[attr-defined]
        return rows.astype("float32")


def _key(doc: Doc) -> tuple:
    """What frozen features depend on: characters, and words where a document has them."""
    words = [(word.start, word.end) for word in doc.spans[WORDS_KEY]] if WORDS_KEY in doc.spans else []
    return doc.text, *words
