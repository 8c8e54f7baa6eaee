"""The layer of `spacy_cner.CharTransformer.v1`. This module needs spacy-transformers, whose shim loads and saves
encoder and tokenizer."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from spacy.tokens import Doc
from spacy_transformers.data_classes import HFObjects
from spacy_transformers.layers.hf_shim import HFShim
from spacy_transformers.layers.transformer_model import huggingface_from_pretrained
from thinc.api import ArgsKwargs, CupyOps, Model, Optimizer, get_current_ops, torch2xp, xp2torch
from thinc.types import Floats2d

from ..errors import InputError
from ..nn.precision import Precision, autocast
from ..text.batching import batches_by_length
from ..text.chars import codepoints
from ..text.windows import split_windows
from .torch_layers import EvaluatingShim, Scaled, own_averages, padded_size
from .word_pieces import WordPieces

LAYER = re.compile(r"\.(?:layers?|h|blocks?)\.(\d+)\.")


@dataclass(frozen=True)
class LayerScales:
    """The learning-rate scales of an encoder's layers, from the settings of `build_char_transformer`."""

    trained_layers: int | None
    lr_scale: float
    layer_decay: float

    def of(self, name: str, layers: int) -> float:
        """Returns the learning-rate scale of a parameter in an encoder with this number of layers; 0 if it is
        frozen."""
        found = LAYER.search(f".{name}")
        # The number of layers above it.
        above = layers - 1 - int(found[1]) if found else (layers if "embed" in name else 0)
        if self.trained_layers is not None and above >= self.trained_layers:
            return 0.0
        return self.lr_scale * self.layer_decay**above


class TransformerShim(EvaluatingShim, HFShim):
    """An HFShim with a learning-rate scale for each layer."""

    def __init__(self, scales: LayerScales, *, mixed_precision: bool, transformer_config: dict[str, Any]):
        objects = HFObjects(None, None, None, {"use_fast": True}, transformer_config)
        on_gpu = isinstance(get_current_ops(), CupyOps)
        # The mixed precision of spacy-transformers is for GPUs only.
        scaled = mixed_precision and on_gpu
        super().__init__(objects, mixed_precision=scaled, grad_scaler_config={"enabled": scaled})
        self.precision_on_cpu: Precision = "auto" if mixed_precision and not on_gpu else "float32"
        self.scales = scales
        self._pieces: WordPieces | None = None

    @property
    def encoder(self) -> Any:
        """The transformers model. Raises ValueError if it was neither loaded nor initialised."""
        if self._model is None:
            raise InputError("expected an initialised model, got one without its encoder; call nlp.initialize first")
        return self._model

    @property
    def pieces(self) -> WordPieces:
        """The encoder's tokenizer."""
        if self._pieces is None:
            tokenizer = self._hfmodel.tokenizer
            longest = getattr(self.encoder.config, "max_position_embeddings", tokenizer.model_max_length)
            self._pieces = WordPieces(tokenizer, min(longest, tokenizer.model_max_length))
        return self._pieces

    @property
    def is_trained(self) -> bool:
        """Whether any weights are trained."""
        return any(weights.requires_grad for weights in self.encoder.parameters())

    def load(self, name: str) -> None:
        """Loads an encoder from the hub or a folder. Raises InputError if there is no such encoder."""
        settings = (self._hfmodel._init_tokenizer_config, self._hfmodel._init_transformer_config)
        try:
            self._hfmodel = huggingface_from_pretrained(name, *map(dict, settings))
        except (OSError, ValueError) as error:
            raise InputError(
                f"expected the name of an encoder of Hugging Face, or a folder with one, got {name!r}: {error}"
            ) from error
        self._model = self._hfmodel.transformer
        self._freeze()
        _ = self.pieces  # raises an error if the tokenizer is not a fast one

    def lr_scale_of(self, name: str) -> float:
        """Returns the learning-rate scale of a parameter."""
        return self.scales.of(name, self.encoder.config.num_hidden_layers)

    def _freeze(self) -> None:
        for name, weights in self.encoder.named_parameters():
            weights.requires_grad_(self.lr_scale_of(name) > 0)

    def finish_update(self, optimizer: Optimizer) -> None:
        """Updates each weight at its layer's learning rate."""
        super().finish_update(Scaled(optimizer, self.lr_scale_of))  # type: ignore[arg-type]

    def use_params(self, params):
        """Uses the optimizer's averages for a while, see `own_averages`."""
        return own_averages(self, params)

    def from_bytes(self, bytes_data: bytes) -> "TransformerShim":
        """Loads encoder and tokenizer."""
        super().from_bytes(bytes_data)
        self._pieces = None
        if self._model is not None:
            self._freeze()
        return self


def char_transformer(
    name: str | None,
    *,
    window: int,
    trained_layers: int | None,
    lr_scale: float,
    layer_decay: float,
    mixed_precision: bool,
    transformer_config: dict[str, Any],
) -> Model[list[Doc], list[Floats2d]]:
    """Makes the layer; `build_char_transformer` describes the settings."""
    shim = TransformerShim(
        LayerScales(trained_layers, lr_scale, layer_decay),
        mixed_precision=mixed_precision,
        transformer_config=transformer_config,
    )
    return Model(
        "char_transformer",
        _forward,
        init=partial(_init, encoder=name),
        dims={"nO": None},
        attrs={"window": window, "requires_extra": "transformers"},
        shims=[shim],
    )


def _init(model: Model, X: Any = None, Y: Any = None, encoder: str | None = None) -> None:
    """Loads the encoder, also in place of one that has learned since. Without a name, keeps what a saved pipeline
    brought along."""
    shim: Any = model.shims[0]
    if encoder:
        shim.load(encoder)
    elif shim._model is None:
        raise InputError("expected the name or the folder of an encoder, as in --paths.encoder FOLDER, got none")
    model.set_dim("nO", shim.encoder.config.hidden_size)


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    shim = model.shims[0]
    parts = [list(_parts(doc, model.attrs["window"], shim.pieces)) for doc in docs]
    sequences = [sequence for part in parts for sequence in part]
    train = is_train and shim.is_trained
    if train:
        # In training, a batch is encoded at once.
        rows, backprop = _encode(shim, sequences, True)
    else:
        rows, backprop = _predict(shim, sequences, padded_size(model.ops)), _no_backprop
    lengths = [sum(map(len, part)) for part in parts]

    def finish(gradients: list[Floats2d]) -> list[Doc]:
        backprop(xp2torch(model.ops.xp.concatenate(gradients), device=rows.device))
        return []

    return model.ops.unflatten(torch2xp(rows), lengths), finish


def _parts(doc: Doc, window: int, pieces: WordPieces) -> Iterator[list[str]]:
    """Yields the characters of a document, in parts that are encoded separately."""
    chars = [chr(codepoint) for codepoint in codepoints(doc)]
    for start, end in split_windows(chars, window):
        for part in pieces.split(chars[start:end]):
            yield chars[start:end][part.start : part.stop]


def _predict(shim: TransformerShim, sequences: list[list[str]], size: int) -> torch.Tensor:
    found: list[Any] = [None] * len(sequences)
    for batch in batches_by_length(sequences, size):
        rows, _ = _encode(shim, [sequences[i] for i in batch], False)
        for i, part in zip(batch, rows.split([len(sequences[i]) for i in batch])):
            found[i] = part
    return torch.cat(found) if found else _none(shim)


def _encode(shim: TransformerShim, sequences: list[list[str]], train: bool) -> tuple[torch.Tensor, Callable]:
    """Returns the rows of all tokens, (n_tokens, width), and a function that takes their gradient."""
    if not sequences:
        return _none(shim), _no_backprop
    encoded = shim.pieces.encode(sequences)
    inputs = {name: torch.from_numpy(values).to(shim.device) for name, values in encoded.inputs.items()}
    with autocast(shim.precision_on_cpu, "cpu", train):
        output, torch_backprop = shim(ArgsKwargs(args=(), kwargs=inputs), train)
    # shape: (N, S, width)
    hidden = output.last_hidden_state
    pieces, tokens = (torch.from_numpy(indices).to(shim.device) for indices in (encoded.pieces, encoded.tokens))
    flat, counts = hidden.detach().float().flatten(0, 1), torch.bincount(tokens)[:, None]
    rows = flat.new_zeros(len(counts), flat.shape[1]).index_add_(0, tokens, flat[pieces]) / counts

    def backprop(gradient: torch.Tensor) -> None:
        d_flat = torch.zeros_like(flat)
        d_flat[pieces] = (gradient / counts)[tokens]
        d_hidden = d_flat.view_as(hidden).to(hidden.dtype)
        torch_backprop(ArgsKwargs(args=((hidden,),), kwargs={"grad_tensors": (d_hidden,)}))

    return rows, backprop


def _none(shim: TransformerShim) -> torch.Tensor:
    return torch.zeros(0, shim.encoder.config.hidden_size, device=shim.device)


def _no_backprop(gradient: torch.Tensor) -> None:
    pass
