"""Torch modules as Thinc layers: built when their sizes are known, rebuilt from saved sizes, resizable."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, cast

import numpy
import srsly
import torch
from thinc.api import (
    ArgsKwargs,
    Model,
    Optimizer,
    PyTorchShim,
    Shim,
    get_current_ops,
    get_torch_default_device,
    torch2xp,
    xp2torch,
)
from thinc.types import Floats2d
from thinc.util import to_numpy
from torch import nn

from ..errors import InputError
from ..nn.precision import Operation, Precision, autocast, check_precision, gains_by_bfloat16
from ..text.batching import batches_by_length
from .engines import padded_size

_SWITCHING = Lock()


class EvaluatingShim(PyTorchShim):
    """A PyTorchShim that several threads may predict with, and whose copies have optimizer states of their own."""

    def copy(self) -> "EvaluatingShim":
        """Returns a copy that optimizers do not take for the original: PyTorchShim's has the same `id`."""
        copied = cast(EvaluatingShim, super().copy())
        copied._renew()
        return copied

    def _renew(self) -> None:
        with Shim.global_id_lock:
            Shim.global_id += 1
            self.id = Shim.global_id

    def predict(self, inputs: ArgsKwargs) -> Any:
        """Runs the module in evaluation mode, in which it stays until `begin_update`: PyTorchShim switches dropout on
        again, also for threads that are in the middle of a prediction."""
        with _SWITCHING:
            if self._model.training:
                self._model.eval()
        with torch.no_grad(), torch.autocast("cuda", enabled=self._mixed_precision):
            return self._model(*inputs.args, **inputs.kwargs)


class SizedShim(EvaluatingShim):
    """A PyTorchShim whose module is made by `build_module(**sizes)` once the sizes are known, at initialisation or from
    saved bytes. So a pipeline loads without knowing its number of labels beforehand."""

    def __init__(self, build_module: Callable[..., nn.Module]):
        super().__init__(None, config={})
        self.build_module = build_module

    @property
    def is_built(self) -> bool:
        """Whether there is a module."""
        return self._model is not None

    def require_built(self) -> nn.Module:
        """Returns the module. Raises ValueError if it was not built yet."""
        if self._model is None:
            raise InputError(
                "expected an initialised model, got one that was neither initialised nor loaded; call "
                "nlp.initialize(...) first"
            )
        return self._model

    def forget(self) -> None:
        """Drops the module, if there is one, with all that it has learned. Optimizers that know it do not know the
        next one."""
        if self._model is not None:
            self._model = None
            self._renew()

    def build(self, **sizes: Any) -> None:
        """Makes a new module with these sizes; weights of the old one are kept as far as they fit. If the sizes differ,
        optimizers begin anew with the module: what they keep has the old shapes."""
        old = self._model
        if old is not None and sizes != self.cfg:
            self._renew()
        self.cfg = sizes
        self._model = self.build_module(**sizes).to(get_torch_default_device())
        if old is not None:
            with torch.no_grad():
                for name, weights in self._model.named_parameters():
                    kept = old.get_parameter(name)
                    corner = tuple(slice(min(n, m)) for n, m in zip(weights.shape, kept.shape))
                    weights[corner] = kept[corner]

    def to_bytes(self) -> bytes:
        """Returns sizes and weights."""
        if self._model is None:
            return srsly.msgpack_dumps({"config": {}, "state": None})
        return super().to_bytes()

    def from_bytes(self, bytes_data: bytes) -> "SizedShim":
        """Builds the module of saved sizes and weights."""
        message = srsly.msgpack_loads(bytes_data)
        if message["state"] is not None:
            self.build(**message["config"])
            super().from_bytes(bytes_data)
        return self

    def finish_update(self, optimizer: Optimizer) -> None:
        """Updates the weights, if there are any."""
        if self._model is not None:
            super().finish_update(optimizer)

    def use_params(self, params):
        """Uses the optimizer's averages for a while, see `own_averages`."""
        return own_averages(self, params)

    def to_device(self, device_type: str, device_id: int) -> None:
        """Moves the module, if there is one."""
        if self._model is not None:
            super().to_device(device_type, device_id)


@contextmanager
def own_averages(shim: PyTorchShim, params: dict[tuple[int, str], Any]) -> Iterator[None]:
    """Replaces a shim's weights by the optimizer's averages (`use_averages`) inside this context. PyTorchShim itself
    looks for them under names that Thinc's optimizer does not use."""
    weights = dict(shim._model.named_parameters()) if shim._model is not None else {}
    own = {name: weight.data for name, weight in weights.items() if (shim.id, name) in params}
    try:
        for name, weight in own.items():
            weights[name].data = xp2torch(params[shim.id, name], device=weight.device)
        yield
    finally:
        for name, weight in own.items():
            weights[name].data = weight


def sized_shim(layer: Model) -> SizedShim:
    """Returns the shim of a layer that has one."""
    return cast(SizedShim, layer.shims[0])


def pad(sequences: Sequence[Floats2d], *, requires_grad: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Pads B arrays (n_i, D) with zeros to one tensor (B, T, D); returns it with the lengths (B,)."""
    lengths = [len(x) for x in sequences]
    flat = xp2torch(get_current_ops().flatten(cast(Any, sequences)))
    size = max(lengths)
    padded = flat.new_zeros(len(lengths) * size, *flat.shape[1:])
    padded.index_copy_(0, _positions(lengths, size).to(flat.device), flat)
    padded = padded.view(len(lengths), size, *flat.shape[1:])
    return padded.requires_grad_(requires_grad), torch.tensor(lengths, device=flat.device)


def unpad(padded: torch.Tensor, lengths: torch.Tensor) -> list[Floats2d]:
    """Inverts `pad`: padded (B, T, D) to B arrays (n_i, D)."""
    sizes: Any = lengths.tolist()
    positions = _positions(sizes, padded.shape[1]).to(padded.device)
    flat = padded.detach().flatten(0, 1).index_select(0, positions)
    return get_current_ops().unflatten(cast(Floats2d, torch2xp(flat)), sizes)


def _positions(lengths: Sequence[int], size: int) -> torch.Tensor:
    """Returns the positions of the elements of all sequences, (sum of lengths,), if each is padded to `size`."""
    ends = numpy.cumsum(lengths)
    starts = numpy.arange(len(lengths)) * size - (ends - lengths)
    return torch.from_numpy(numpy.arange(ends[-1]) + numpy.repeat(starts, lengths))


class Scaled(NamedTuple):
    """An optimizer with a learning-rate scale for each parameter."""

    optimizer: Optimizer
    lr_scale_of: Callable[[str], float]

    def __call__(self, key: tuple[int, str], weights: Any, gradient: Any) -> tuple[Any, Any]:
        return self.optimizer(key, weights, gradient, lr_scale=self.lr_scale_of(key[1]))


class _ScaledShim(SizedShim):
    """A SizedShim that learns at a part of the learning rate."""

    def __init__(self, build_module: Callable[..., nn.Module], lr_scale: float):
        super().__init__(build_module)
        self.lr_scale = lr_scale

    def finish_update(self, optimizer: Optimizer) -> None:
        """Updates the weights, if there are any."""
        super().finish_update(Scaled(optimizer, lambda _: self.lr_scale))  # type: ignore[arg-type]


def sequence_layer(
    name: str,
    build_module: Callable[..., nn.Module],
    *,
    nI: int | None = None,
    nO: int | None = None,
    precision: Precision = "float32",
    lr_scale: float = 1.0,
) -> Model[list[Floats2d], list[Floats2d]]:
    """Makes a layer over sequences from a torch module.

    build_module: called with nI and nO; makes a module that maps (B, T, nI) and lengths (B,) to (B, T, nO). Its results
        for a sequence must not depend on other sequences or on padding.
    precision: precision of training, see `Precision`. bfloat16 is about twice as fast on CPUs with AMX, and on GPUs.
    lr_scale: learning-rate scale of its weights."""
    check_precision(precision)
    return Model(
        name,
        _forward,
        init=init_sizes,
        dims={"nI": nI, "nO": nO},
        shims=[_ScaledShim(partial(mixed, build_module, precision), lr_scale)],
    )


class _Mixed(nn.Module):
    """Trains `inner` in this precision; takes and returns float32."""

    def __init__(self, inner: nn.Module, precision: Precision):
        super().__init__()
        self.inner, self.precision = inner, precision
        recurrent = any(isinstance(part, nn.LSTM) for part in inner.modules())
        self.kind: Operation = "recurrent" if recurrent else "product"

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        with autocast(self.precision, padded.device.type, self.training, self.kind):
            return self.inner(padded, lengths).float()


def chosen_precisions(model: Model) -> dict[str, str]:
    """Returns in which precision the layers of a model train whose precision is "auto", by their names."""
    found = {}
    for node in model.walk():
        for shim in node.shims:
            module = getattr(shim, "_model", None)
            if isinstance(module, _Mixed) and module.precision == "auto":
                device = next((weight.device.type for weight in module.parameters()), "cpu")
                found[node.name] = "bfloat16" if gains_by_bfloat16(device, module.kind) else "float32"
    return found


def mixed(build_module: Callable[..., nn.Module], precision: Precision, **sizes: int) -> nn.Module:
    """Builds a module that trains in this precision, and predicts in the precision of `predict_in`."""
    return _Mixed(build_module(**sizes), precision)


def init_sizes(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Takes sizes that are not known yet from samples of input and output, and builds a new module."""
    for dim, sample in (("nI", X), ("nO", Y)):
        if sample and model.has_dim(dim) is None:
            model.set_dim(dim, sample[0].shape[1])
    shim = sized_shim(model)
    shim.forget()
    shim.build(nI=model.get_dim("nI"), nO=model.get_dim("nO"))


def _forward(model: Model, Xs: list[Floats2d], is_train: bool) -> tuple[list[Floats2d], Callable]:
    if not any(len(X) for X in Xs):
        nI, nO = model.get_dim("nI"), model.get_dim("nO")
        return [model.ops.alloc2f(0, nO) for _ in Xs], lambda dYs: [model.ops.alloc2f(0, nI) for _ in dYs]
    if not is_train:
        return predict_sequences(model, Xs), _no_backprop
    shim = sized_shim(model)
    shim.require_built()
    padded, lengths = pad(Xs, requires_grad=True)
    output, torch_backprop = shim(ArgsKwargs(args=(padded, lengths), kwargs={}), True)

    def backprop(dYs: list[Floats2d]) -> list[Floats2d]:
        gradient, _ = pad(dYs)
        inputs = torch_backprop(ArgsKwargs(args=((output,),), kwargs={"grad_tensors": (gradient,)}))
        return unpad(inputs.args[0], lengths)

    return unpad(output, lengths), backprop


def predict_sequences(model: Model, sequences: Sequence[Any]) -> list[Floats2d]:
    """Returns the results of a `sequence_layer`, or a layer like it, for arrays (n_i, ...): (n_i, nO) each. Computes in
    batches of sequences of similar length."""
    shim = sized_shim(model)
    shim.require_built()
    outputs: list[Any] = [model.ops.alloc2f(0, model.get_dim("nO"))] * len(sequences)
    for batch in batches_by_length(sequences, padded_size(model.ops)):
        if not len(sequences[batch[0]]):  # the longest; networks do not accept an empty batch
            continue
        padded, lengths = pad([sequences[i] for i in batch])
        output, _ = shim(ArgsKwargs(args=(padded, lengths), kwargs={}), False)
        for i, rows in zip(batch, unpad(output, lengths)):
            outputs[i] = rows
    return outputs


def _no_backprop(dYs: list[Floats2d]) -> list[Floats2d]:
    raise ValueError("expected a forward pass with is_train=True before backprop, got one that only predicts")


def as_numpy(weights: Any) -> numpy.ndarray:
    """Returns weights of torch, CuPy or numpy as an array on the CPU."""
    if isinstance(weights, torch.Tensor):
        return weights.detach().cpu().numpy()
    return to_numpy(weights)
