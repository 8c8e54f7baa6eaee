"""Terms as bytes."""

from array import array

import numpy
import srsly

from .columns import SEPARATOR, TermColumns


def pack(columns: TermColumns) -> bytes:
    """Returns the terms as msgpack, about as many bytes as their texts have in UTF-8."""
    names = {name: i for i, name in enumerate(dict.fromkeys(columns.labels))}
    plain = all(weight == 1 for weight in columns.weights)
    saved = {
        "texts": SEPARATOR.join(columns.texts).encode("utf-8", "surrogatepass"),
        "names": list(names),
        "labels": numpy.array([names[label] for label in columns.labels], dtype="<u2").tobytes(),
        "kb_ids": SEPARATOR.join(columns.kb_ids).encode("utf-8", "surrogatepass") if any(columns.kb_ids) else None,
        "weights": None if plain else numpy.array(columns.weights, dtype="<f4").tobytes(),
    }
    return srsly.msgpack_dumps(saved)


def unpack(data: bytes) -> TermColumns:
    """Returns the terms that `pack` was given."""
    saved = srsly.msgpack_loads(data)
    labels = [saved["names"][i] for i in numpy.frombuffer(saved["labels"], dtype="<u2").tolist()]
    if not labels:
        return TermColumns()
    texts = saved["texts"].decode("utf-8", "surrogatepass").split(SEPARATOR)
    kb_ids = saved["kb_ids"]
    found = [""] * len(texts) if kb_ids is None else kb_ids.decode("utf-8", "surrogatepass").split(SEPARATOR)
    weights = array("f", [1.0]) * len(texts)
    if saved["weights"] is not None:
        weights = array("f", numpy.frombuffer(saved["weights"], dtype="<f4").tolist())
    return TermColumns(texts, labels, found, weights)
