"""The average of pipelines that were trained from the same start."""

from collections.abc import Sequence
from typing import Any, cast

import numpy
import torch
from spacy.language import Language
from thinc.api import Config, Model, PyTorchShim
from thinc.model import serialize_attr
from thinc.util import to_numpy

from ..errors import InputError
from ..loading import load_pipeline
from .engines import is_compiled
from .weights import KEPT_ATTRS, TAGGED, has_weights

# Matrices of so many weights are alike (cosine) after trainings from the same start: 0.97 and more for Transformers
# that read different documents. After random starts it is about 0.
MATRIX, ALIKE = 1000, 0.5


def average_pipelines(names: Sequence[str]) -> Language:
    """Returns a pipeline whose weights are the means of those of several pipelines (a "model soup": Wortsman et al.
    2022, section 2, uniform soup).

    It is as large and as fast as one of them. Their trainings must have begun with the same weights: an encoder, a
    recogniser. The average of trainings that began at random finds nothing, but for the last layer, which is linear.
    All else, such as a threshold, is that of the first; it has no scores yet.

    names: two or more pipelines, packages or paths, of the same components, labels and layers.
    Raises InputError where they differ, where they began elsewhere, and for pipelines that have no weights to average,
    such as compiled ones."""
    if len(names) < 2:
        raise InputError(f"expected two or more pipelines, got {len(names)}")
    pipelines = [load_pipeline(name) for name in names]
    first, *others = pipelines
    for name, nlp in zip(names, pipelines):
        _check_networks(name, nlp)
    for name, nlp in zip(names[1:], others):
        _check_settings(names[0], first, name, nlp)
        for (component, wanted), (_, got) in zip(_models(first), _models(nlp)):
            _check_weights(wanted, got, f"{name}: expected {component!r} of the start of {names[0]}")
    for (_, model), *same in zip(*map(_models, pipelines)):
        for nodes in zip(model.walk(), *(each.walk() for _, each in same)):
            _average(*nodes)
    first.meta["performance"] = {}
    return first


def _models(nlp: Language) -> list[tuple[str, Model]]:
    """The names and networks of the components that have one."""
    pipes = ((name, getattr(pipe, "model", None)) for name, pipe in nlp.components)
    return [(name, model) for name, model in pipes if isinstance(model, Model)]


def _check_networks(name: str, nlp: Language) -> None:
    models = _models(nlp)
    if not models:
        raise InputError(f"{name}: expected a pipeline with a network, got {nlp.pipe_names}")
    if any(is_compiled(model) for _, model in models):
        raise InputError(f"{name}: expected a pipeline that was trained, got a compiled one; compile the average")


def _check_settings(first: str, wanted: Language, name: str, got: Language) -> None:
    """Raises InputError where components, settings of layers, labels, or what has no network differ."""
    if wanted.component_names != got.component_names:
        raise InputError(f"{name}: expected the components of {first}, {wanted.pipe_names}, got {got.pipe_names}")
    ours, theirs = _settings(wanted), _settings(got)
    for key in {**ours, **theirs}:
        if ours.get(key) != theirs.get(key):
            raise InputError(f"{name}: expected {key} = {ours.get(key)}, as {first} has, got {theirs.get(key)}")
    for component, _ in _models(wanted):
        labels, others = (list(getattr(nlp.get_pipe(component), "labels", ())) for nlp in (wanted, got))
        if labels != others:
            raise InputError(
                f"{name}: expected {component!r} with the labels of {first}, {', '.join(labels)}, got "
                f"{', '.join(others)}"
            )
    pipes: dict[str, Any] = dict(wanted.components)
    others_pipes: dict[str, Any] = dict(got.components)
    for component, pipe in pipes.items():
        has_none = hasattr(pipe, "to_bytes") and not isinstance(getattr(pipe, "model", None), Model)
        if has_none and pipe.to_bytes() != others_pipes[component].to_bytes():
            raise InputError(f"{name}: expected {component!r} of {first}, which has no network, got another one")


def _settings(nlp: Language) -> dict[str, Any]:
    """The settings of a pipeline's layers by their place: names of functions, and numbers. Paths may differ."""
    found: dict[str, Any] = {}

    def collect(section: Any, place: str) -> None:
        if isinstance(section, dict):
            for key, value in section.items():
                collect(value, f"{place}.{key}")
        elif "@" in place or not isinstance(section, str):
            found[place] = section

    for name, component in Config(nlp.config).interpolate()["components"].items():
        collect(component.get("model", {}), f"components.{name}.model")
    return found


def _check_weights(wanted: Model, got: Model, expected: str) -> None:
    """Raises InputError for layers of other rows or shapes, and for those that began elsewhere.

    expected: the beginning of the message."""
    tagged = [wanted.maybe_get_ref(name) for name in TAGGED]
    last = {id(inner) for node in tagged if node is not None for inner in node.walk()}
    for node, same in zip(wanted.walk(), got.walk()):
        if _rows(node) != _rows(same):
            raise InputError(f"{expected}, got {node.name} for others of its rows; train on the same documents")
        weights, others = _weights(node), _weights(same)
        if {key: value.shape for key, value in weights.items()} != {key: v.shape for key, v in others.items()}:
            raise InputError(f"{expected}, got {node.name} in other shapes")
        for value, other in zip(weights.values(), others.values()):
            if id(node) not in last and value.ndim > 1 and value.size >= MATRIX and _cosine(value, other) < ALIKE:
                raise InputError(f"{expected}, got {node.name} whose weights have nothing in common with that one's")


def _rows(node: Model) -> dict[str, bytes]:
    """Which n-gram or feature has which row of a layer's own weights."""
    if not has_weights(node):
        return {}
    kept = {name: node.attrs[name] for name in KEPT_ATTRS if name in node.attrs}
    return {name: serialize_attr(value, value, name, node) for name, value in kept.items()}


def _cosine(value: numpy.ndarray, other: numpy.ndarray) -> float:
    """1 for equal matrices."""
    if numpy.array_equal(value, other):
        return 1.0
    flat, against = (numpy.ravel(each).astype("float64") for each in (value, other))
    return float(flat @ against / max(numpy.linalg.norm(flat) * numpy.linalg.norm(against), 1e-12))


def _weights(node: Model) -> dict[str, numpy.ndarray]:
    """Returns all weights of a layer, not of those inside it: Thinc's by name, and those of each PyTorch module."""
    weights = {name: to_numpy(node.get_param(name)) for name in node.param_names}
    for i, shim in enumerate(node.shims):
        if not isinstance(shim, PyTorchShim):
            raise InputError(f"expected layers of Thinc and of PyTorch, got {node.name} with {type(shim).__name__}")
        state = shim._model.state_dict()
        weights |= {f"{i}.{name}": value.detach().cpu().numpy() for name, value in state.items()}
    return weights


def _average(node: Model, *others: Model) -> None:
    """Gives the first layer the means."""
    all_weights = [_weights(each) for each in (node, *others)]
    means = {name: _mean([weights[name] for weights in all_weights]) for name in all_weights[0]}
    for name in node.param_names:
        node.set_param(name, node.ops.asarray_f(cast(Any, means[name])))
    for i, shim in enumerate(node.shims):
        module: torch.nn.Module = shim._model
        module.load_state_dict({name: torch.from_numpy(means[f"{i}.{name}"]) for name in module.state_dict()})


def _mean(values: list[numpy.ndarray]) -> numpy.ndarray:
    """Returns the mean in the type of the values; what is the same everywhere, such as frozen weights, as it is."""
    if all(numpy.array_equal(values[0], value) for value in values[1:]):
        return values[0].copy()
    return numpy.mean(values, axis=0, dtype="float64").astype(values[0].dtype)
