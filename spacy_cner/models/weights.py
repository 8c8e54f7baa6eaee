"""The weights of a trained tagger in a small file, and how another tagger starts from them."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy
import srsly
import torch
from thinc.api import Model
from thinc.model import deserialize_attr, serialize_attr
from torch.nn import functional

from ..errors import InputError
from ..files import read_described
from .packing import pack, unpack
from .torch_layers import SizedShim, sized_shim

# The references of a tagger's layers that have a row or column for each tag.
TAGGED = ("output", "crf", "features")
KEPT_ATTRS = ("table", "index")  # which n-gram and which feature has which row


def export_weights(model: Model, labels: list[str]) -> bytes:
    """Returns what training changed, packed for `start_from`: large matrices in 8 bits with a scale for each row, other
    weights in half precision. Frozen layers and lexicons, which have files of their own, are left
    out.

    model: a `spacy_cner.CrfTagger.v1`. labels: its component's."""
    layers = []
    for node, frozen in nodes(model):
        layer: dict[str, Any] = {"name": leaf_name(node)}
        if not frozen:
            layer["attrs"] = {
                name: serialize_attr(value, value, name, node)
                for name, value in node.attrs.items()
                if name in KEPT_ATTRS
            }
            layer["params"] = {name: pack(node.ops.to_numpy(node.get_param(name))) for name in node.param_names}
            layer["shims"] = [_pack_shim(sized_shim(node)) for _ in node.shims]
        layers.append(layer)
    tags = sized_shim(model.get_ref("crf")).cfg["tags"]
    return zlib.compress(srsly.msgpack_dumps({"labels": labels, "tags": tags, "layers": layers}), 9)


class StartedFrom(NamedTuple):
    """What a tagger has started from: the labels of the file, and whether that one was pooled with a partner already,
    whose columns, or sparse features, it has."""

    labels: list[str]
    has_partner: bool
    has_features: bool


def start_from(model: Model, path: Path) -> StartedFrom:
    """Gives an initialised tagger the weights of another one of the same architecture. Labels that both have keep what
    was learned of them; the others begin on the features that were learned. What only this one has begins at 0: sparse
    features, and the columns of a partner.

    path: a file that `export_weights` made.
    Raises InputError if the file is missing, damaged or of another architecture."""
    saved = read_weights(path)
    own, layers = [node for node, frozen in nodes(model) if not frozen and has_weights(node)], saved["layers"]
    names = [layer["name"] for layer in layers]
    if (features := model.maybe_get_ref("features")) is not None and features.name not in names:
        own = [node for node in own if node is not features]
    if sorted(node.name for node in own) != sorted(names):
        wanted = ", ".join(node.name for node in own)
        raise InputError(f"{path}: expected weights of the layers {wanted}, got {', '.join(names)}")
    tagged = [model.maybe_get_ref(name) for name in TAGGED]
    pairs = tag_pairs(model, saved["tags"], path)
    partner = partner_width(model)
    output = next(layer for layer in saved["layers"] if layer["name"] == model.get_ref("output").name)
    read = max(unpack(value).shape[-1] for name, value in output["shims"][0]["weights"].items() if "weight" in name)
    for node in own:
        layer = layers.pop(next(i for i, layer in enumerate(layers) if layer["name"] == node.name))
        load_layer(node, layer, path, tags=pairs if any(node is each for each in tagged) else None, partner=partner)
    has_features = features is not None and features.name in names
    return StartedFrom(saved["labels"], partner > 0 and read == model.get_ref("output").get_dim("nI"), has_features)


def read_weights(path: Path) -> dict[str, Any]:
    """Returns what `export_weights` packed: `labels`, `tags`, and the `layers` that have weights. Raises InputError for
    another file."""
    try:
        message = srsly.msgpack_loads(zlib.decompress(read_described(path)))
        layers = [layer for layer in message["layers"] if layer.get("params") or layer.get("shims")]
        return {"labels": message["labels"], "tags": message["tags"], "layers": layers}
    except OSError as error:
        raise InputError(f"{path}: expected the weights of a tagger, got {error.strerror}") from None
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise InputError(f"{path}: expected the weights of a tagger, as export-recogniser writes them") from error


def tag_pairs(model: Model, tags: list[str], path: Path) -> list[tuple[int, int]]:
    """Returns the indices, in the tagger and in `tags`, of the tags that both have. Raises InputError for tags of
    another scheme.

    path: the file that the tags are from."""
    known = {tag: i for i, tag in enumerate(tags)}
    own = sized_shim(model.get_ref("crf")).cfg["tags"]
    if {tag[0] for tag in tags} != {tag[0] for tag in own}:
        raise InputError(f"{path}: expected tags of the scheme {model.attrs['tag_scheme']}, got {', '.join(tags[:5])}")
    return [(i, known[tag]) for i, tag in enumerate(own) if tag in known]


def load_layer(
    node: Model, layer: dict[str, Any], path: Path, *, tags: list[tuple[int, int]] | None = None, partner: int = 0
) -> None:
    """Gives a layer what a file has of it. Raises InputError for other shapes.

    tags: the indices, here and in the file, of the tags that both have; None for a layer without tags. partner: the
    width of what stands behind the columns that the file has."""
    for name, value in layer["attrs"].items():
        node.attrs[name] = deserialize_attr(node.attrs[name], value, name, node)
    for name, packed in layer["params"].items():
        value, shape = unpack(packed), tuple(node.get_param(name).shape)
        if "table" in layer["attrs"]:  # the rows are those of the file's table
            shape = (value.shape[0], *shape[1:])
        check_shape(node, name, shape, value.shape, path)
        node.set_param(name, node.ops.asarray_f(cast(Any, value)))
    for shim in layer["shims"]:
        _load_shim(node, shim, tags, partner, path)


def has_weights(node: Model) -> bool:
    """Returns whether a layer has weights of its own, not those of layers inside."""
    return not node.layers and bool(node.param_names or node.shims)


def check_shape(node: Model, name: str, wanted: tuple, got: tuple, path: Path) -> None:
    """Raises InputError if a weight of a file has not the shape of the layer's."""
    if tuple(wanted) != tuple(got):
        raise InputError(f"{path}: expected {name} of {node.name} in the shape {tuple(wanted)}, got {tuple(got)}")


def nodes(model: Model) -> Iterator[tuple[Model, bool]]:
    """Yields the layers of a model in the order of `Model.walk`, and whether each is frozen: its weights come from a
    file of their own, and training leaves them as they are."""
    frozen = {id(inner) for node in model.walk() if node.attrs.get("frozen") for inner in node.walk()}
    for node in model.walk():
        yield node, id(node) in frozen


def leaf_name(node: Model) -> str:
    """Returns the name of a layer that has no layers inside, "" for others: they are named after these."""
    return "" if node.layers else node.name


def _pack_shim(shim: SizedShim) -> dict[str, Any]:
    weights = {name: pack(value.detach().cpu().numpy()) for name, value in shim.require_built().named_parameters()}
    return {"config": shim.cfg, "weights": weights}


def partner_width(model: Model) -> int:
    """Returns the width of the partner's states that a tagger reads, 0 if it has none (see `pooling`)."""
    partner = model.maybe_get_ref("partner")
    return 0 if partner is None else partner.get_dim("nO")


def _load_shim(
    node: Model, saved: dict[str, Any], tags: list[tuple[int, int]] | None, partner: int, path: Path
) -> None:
    shim = sized_shim(node)
    if "size" in shim.cfg:  # the known features are those of the file
        shim.build(**{**saved["config"], "width": shim.cfg["width"]})
    with torch.no_grad():
        for name, own in shim.require_built().named_parameters():
            value = torch.from_numpy(unpack(saved["weights"][name])).to(own.device)
            if partner and value.ndim == own.ndim == 2 and value.shape[1] + partner == own.shape[1]:
                value = functional.pad(value, (0, partner))
            if tags is None:
                check_shape(node, name, tuple(own.shape), tuple(value.shape), path)
                own.copy_(value)
            elif tags:
                if own.ndim == 2 and name != "transitions" and "size" not in shim.cfg:
                    check_shape(node, name, (len(value), *own.shape[1:]), tuple(value.shape), path)
                here, there = (torch.tensor(indices) for indices in zip(*tags))
                _copy(own, value, here, there, by_column="size" in shim.cfg, square=name == "transitions")


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
