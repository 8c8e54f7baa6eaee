"""A process that finds entities: it takes batches of texts from a socket and answers with JSON."""

import gc
import logging
import os
import pickle
import signal
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from ..loading import load_pipeline
from ..pipeline.cner_dictionary import KnownNames
from ..pipeline.readings import n_best_readings, reader_of
from ..pipeline.reference import set_reference
from ..text.common_chars import keep_common_chars
from .results import Wanted, document_json, fault_json

logger = logging.getLogger(__name__)
PRIMITIVES = 64
LENGTH = struct.Struct("!I")  # of a message, before it


class Batch(NamedTuple):
    """Texts for one pipeline, and what is wanted of each. terms: (term, label, id) of a dictionary for all of them.
    never: strings that are no names in any of them."""

    model: str
    texts: list[str]
    wanted: list[Wanted]
    terms: tuple[tuple[str, str, str], ...] = ()
    never: tuple[str, ...] = ()


class Done(NamedTuple):
    """The fields of each document of a batch, as JSON, and the process's resident memory in bytes, 0 if unknown."""

    fields: list[str]
    memory: int


def load_all(models: dict[str, str]) -> dict[str, Language]:
    """Loads pipelines, by name. Their threads would get into each other's way: a worker computes on one.

    Torch's oneDNN compiles code for each shape of a batch, and texts of all lengths have thousands of shapes. It keeps
    1,024, hundreds of megabytes; here PRIMITIVES, unless the environment says otherwise."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(PRIMITIVES))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    pipelines = {name: load_pipeline(path) for name, path in models.items()}
    for nlp in pipelines.values():
        keep_common_chars(nlp.vocab)
    return pipelines


def work(place: str, models: dict[str, str], loaded: dict[str, Language] | None) -> None:
    """Connects to the server at `place`, says the process id, and answers batches until the server is gone.

    loaded: the pipelines, if this process was forked from one that has them."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # the server says when: it closes the connection
    pipelines = load_all(models) if loaded is None else loaded
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        _send(connection, os.getpid())
        while (batch := _receive(connection)) is not None:
            _send(connection, Done(answer(pipelines[batch.model], batch), resident()))


def answer(nlp: Language, batch: Batch) -> list[str]:
    """Returns the fields of each document. A document that the pipeline fails on has its error alone."""
    try:
        return _answer(nlp, batch)
    except Exception as error:
        if len(batch.texts) == 1:
            logger.warning("a document of %d characters failed: %s", len(batch.texts[0]), type(error).__name__)
            return [fault_json("The pipeline failed on this document", _words_of(error))]
        return [answer(nlp, batch._replace(texts=[text], wanted=[w]))[0] for text, w in zip(batch.texts, batch.wanted)]


def _words_of(error: Exception) -> str:
    """Returns what an error says, without any of the text."""
    if isinstance(error, UnicodeError):
        return "expected text, got a half of a surrogate pair"
    return f"expected a text that the pipeline can read, got {type(error).__name__}"


def _answer(nlp: Language, batch: Batch) -> list[str]:
    texts, wanted = batch.texts, batch.wanted
    for text in texts:
        text.encode("utf-8")
    most = max((each.n_best for each in wanted), default=0)
    with nlp.memory_zone(), known_terms(nlp, batch.terms, batch.never):
        docs = [nlp.make_doc(text) for text in texts]
        for doc, each in zip(docs, wanted, strict=True):
            if each.reference is not None:
                set_reference(doc, each.reference)
        readings: list[list[Any]] = []
        if most:
            docs, readings = run_components(nlp, docs, most)
        else:
            docs = list(nlp.pipe(docs, batch_size=len(docs)))
        return [
            document_json(doc, each, _first(readings[i], each.n_best) if readings and each.n_best else None)
            for i, (doc, each) in enumerate(zip(docs, wanted, strict=True))
        ]


@contextmanager
def known_terms(nlp: Language, terms: Sequence[tuple[str, str, str]], never: Sequence[str]) -> Iterator[None]:
    """Has terms (term, label, id), and strings that are no names, in the pipeline's first `cner_dictionary` for the
    block."""
    pipe: Any = next((pipe for _, pipe in nlp.pipeline if isinstance(pipe, KnownNames)), None)
    if not (terms or never) or pipe is None:
        yield
        return
    with pipe.with_terms(terms, never):
        yield


def _first(readings: list[Any], n: int) -> list[Any]:
    """Returns the first n readings of each window; those of one window stand together."""
    counts: dict[tuple[int, int], int] = {}
    kept = []
    for reading in readings:
        place = reading[:2]
        counts[place] = counts.get(place, 0) + 1
        if counts[place] <= n:
            kept.append(reading)
    return kept


def run_components(nlp: Language, docs: list[Doc], n_best: int) -> tuple[list[Doc], list[list[Any]]]:
    """Runs a pipeline step by step. RETURNS: the documents, and their readings if there is a component for these."""
    reader, readings = reader_of(nlp), []
    for _, pipe in nlp.pipeline:
        if n_best and reader is not None and pipe is reader:
            readings = n_best_readings(reader, docs, n_best)
        docs = list(pipe.pipe(docs, batch_size=len(docs))) if hasattr(pipe, "pipe") else [pipe(doc) for doc in docs]
    return docs, readings


# Messages


def _send(connection: socket.socket, message: Any) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    connection.sendall(LENGTH.pack(len(data)) + data)


def _receive(connection: socket.socket) -> Any:
    """Returns a message, or None when the other end is closed."""
    head = _exactly(connection, LENGTH.size)
    data = head and _exactly(connection, LENGTH.unpack(head)[0])
    return pickle.loads(data) if data else None


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = connection.recv(size - len(parts))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def resident() -> int:
    """Returns this process's resident memory in bytes, 0 if unknown."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
