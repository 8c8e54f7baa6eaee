"""The weights of a trained tagger in a small file, and how another tagger starts from them."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import srsly
import torch
from thinc.api import Model
from thinc.model import deserialize_attr

from ..errors import InputError
from ..files import read_described
from .torch_layers import sized_shim

# Layers whose weights come from files of their own, and which training leaves as they are.
FROZEN = ("frozen_tok2vec", "jieba_network")
# The references of a tagger's layers that have a row or column for each tag.
TAGGED = ("output", "crf", "features")


def export_weights(model: Model, labels: list[str]) -> bytes:
    """Returns the weights that training changed, in half precision, for `start_from`. Those of frozen layers are left
    out.

    model: a `spacy_cner.CrfTagger.v1`. labels: its component's."""
    message = srsly.msgpack_loads(half(model.to_bytes()))
    for i, (_, frozen) in enumerate(nodes(model)):
        if frozen:
            message["attrs"][i], message["params"][i], message["shims"][i] = {}, {}, []
    names = [node.name for node, _ in nodes(model)]
    tags = sized_shim(model.get_ref("crf")).cfg["tags"]
    return srsly.msgpack_dumps({"names": names, "labels": labels, "tags": tags, **message})


def start_from(model: Model, path: Path) -> list[str]:
    """Gives an initialised tagger the weights of another one of the same architecture. Labels that both have keep what
    was learned of them; the others begin on the features that were learned.

    path: a file that `export_weights` made.
    RETURNS: the labels of that file. Raises InputError if the file is missing, damaged or of another architecture."""
    try:
        message = srsly.msgpack_loads(read_described(path))
        names, tags = message["names"], message["tags"]
    except OSError as error:
        raise InputError(f"{path}: expected the weights of a tagger, got {error.strerror}") from None
    except InputError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected the weights of a tagger, as export-recogniser writes them") from error
    own = list(nodes(model))
    if [node.name for node, _ in own] != names:
        raise InputError(f"{path}: expected weights of the layers {[node.name for node, _ in own]}, got {names}")
    tagged = [model.maybe_get_ref(name) for name in TAGGED]
    known = {tag: i for i, tag in enumerate(tags)}
    pairs = [(i, known[tag]) for i, tag in enumerate(sized_shim(model.get_ref("crf")).cfg["tags"]) if tag in known]
    for i, (node, frozen) in enumerate(own):
        if frozen:
            continue
        for name, value in message["attrs"][i].items():
            node.attrs[name] = deserialize_attr(node.attrs[name], value, name, node)
        for name, value in message["params"][i].items():
            if value is not None:
                if node.has_param(name) and node.get_param(name).shape != value.shape:
                    shape = node.get_param(name).shape
                    raise InputError(f"{path}: expected {name} of {node.name} in the shape {shape}, got {value.shape}")
                node.set_param(name, node.ops.asarray_f(value))
        for saved in message["shims"][i]:
            _load_shim(node, saved, pairs if any(node is layer for layer in tagged) else None, path)
    return message["labels"]


def nodes(model: Model) -> Iterator[tuple[Model, bool]]:
    """Yields the layers of a model in the order of `Model.walk`, and whether each is frozen."""
    frozen = {id(inner) for node in model.walk() if node.name in FROZEN for inner in node.walk()}
    for node in model.walk():
        yield node, id(node) in frozen


def _load_shim(node: Model, saved: bytes, tags: list[tuple[int, int]] | None, path: Path) -> None:
    """tags: the indices, here and in the file, of the tags that both have; None for a layer without tags."""
    shim, message = sized_shim(node), srsly.msgpack_loads(saved)
    state = torch.load(io.BytesIO(message["state"]), map_location="cpu", weights_only=True)
    if "size" in shim.cfg:  # the known features are those of the file
        shim.build(**{**message["config"], "width": shim.cfg["width"]})
    with torch.no_grad():
        for name, own in shim.require_built().named_parameters():
            value = state[name].to(own.device, own.dtype)
            if tags is None:
                if own.shape != value.shape:
                    wanted, got = tuple(own.shape), tuple(value.shape)
                    raise InputError(f"{path}: expected {name} of {node.name} in the shape {wanted}, got {got}")
                own.copy_(value)
            elif tags:
                here, there = (torch.tensor(indices) for indices in zip(*tags))
                _copy(own, value, here, there, by_column=node.name == "sparse_features", square=name == "transitions")


def _copy(
    own: torch.Tensor, value: torch.Tensor, here: torch.Tensor, there: torch.Tensor, *, by_column: bool, square: bool
) -> None:
    if square:
        own[here[:, None], here] = value[there[:, None], there]
    elif by_column:
        own.zero_()
        own[:, here] = value[:, there]
    else:
        own[here] = value[there]


def half(model: bytes) -> bytes:
    """Converts the float32 weights in the result of `Model.to_bytes` to float16. Loading makes them float32 again."""
    message = srsly.msgpack_loads(model)
    for params in message["params"]:
        params.update({name: _half_array(value) for name, value in params.items() if value is not None})
    for shims in message["shims"]:
        shims[:] = [_half_shim(shim) for shim in shims]
    return srsly.msgpack_dumps(message)


def _half_array(values: numpy.ndarray) -> numpy.ndarray:
    return values.astype("float16") if values.dtype == numpy.float32 else values


def _half_shim(shim: bytes) -> bytes:
    message: dict[str, Any] = srsly.msgpack_loads(shim)
    if message["state"] is not None:
        state = torch.load(io.BytesIO(message["state"]), map_location="cpu", weights_only=True)
        buffer = io.BytesIO()
        torch.save({name: w.half() if w.dtype == torch.float32 else w for name, w in state.items()}, buffer)
        message["state"] = buffer.getvalue()
    return srsly.msgpack_dumps(message)
