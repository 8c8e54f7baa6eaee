"""A small BERT over characters. It uses the BertModel of transformers, and `spacy_cner.pretraining.huggingface` exports
it with a tokenizer, so it can be used anywhere."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy
import torch
from spacy import registry
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, get_torch_default_device, torch2xp
from thinc.types import Floats2d
from torch import nn

from ..errors import InputError
from ..nn.precision import Precision, autocast, check_precision
from ..text.batching import batches_by_length
from ..text.chars import MASK, codepoints
from ..vectors.ngrams import NgramVectors
from .gram_table import GramTable
from .sizes import check_sizes
from .torch_layers import SizedShim, padded_size, sized_shim

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASKED = range(len(SPECIAL))
# Standard deviation of the embedding columns that vectors initialise; the other weights of a BERT have 0.02.
VECTOR_DEVIATION = 0.04


@registry.architectures("spacy_cner.CharBert.v1")
def build_char_bert(
    vocabulary: str | None = None,
    layers: int = 4,
    width: int = 256,
    heads: int = 4,
    max_length: int = 512,
    dropout: float = 0.1,
    precision: Precision = "float32",
    compile: bool = False,
) -> Model[list[Doc], list[Floats2d]]:
    """A Transformer encoder of characters (Devlin et al. 2019), the BertModel of transformers.

    vocabulary: a file that `python -m spacy_cner vectors` wrote. Its characters are the vocabulary, and its vectors
        initialise the first columns of the embedding. Read at initialisation only.
    layers, width, heads: the encoder's size; the feed-forward layers have width 4 x `width`.
    max_length: the longest sequence in characters, including the two tokens around it. Longer ones are cut into pieces
        that are encoded separately.
    precision: precision of training, see `spacy_cner.nn.precision`.
    compile: whether to use `torch.compile`, which takes minutes at first, and pays off on a GPU.
    Docs must have one character per token. RETURNS: Model[List[Doc], List[Floats2d]], rows of `width`. Raises
    InputError for sizes that cannot be."""
    check_precision(precision)
    check_sizes(layers=layers, width=width, heads=heads)
    check_sizes(3, max_length=max_length)
    build = partial(
        _bert, layers=layers, width=width, heads=heads, max_length=max_length, dropout=dropout, compile=compile
    )
    return Model(
        "char_bert",
        partial(_forward, max_length=max_length, precision=precision),
        init=partial(_init, vocabulary=vocabulary),
        dims={"nO": width},
        attrs={"table": GramTable(1, [], 0)},
        shims=[SizedShim(build)],
    )


def _bert(
    n_vocabulary: int, layers: int, width: int, heads: int, max_length: int, dropout: float, compile: bool
) -> nn.Module:
    try:
        from transformers import BertConfig, BertModel
    except ImportError:
        raise InputError(
            "expected transformers for spacy_cner.CharBert.v1; pip install spacy_cner[transformers] gets it"
        ) from None
    config = BertConfig(
        vocab_size=n_vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=max_length,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=PAD,
        tie_word_embeddings=False,
    )
    bert = BertModel(config, add_pooling_layer=False)
    if compile:
        bert.compile(dynamic=True)  # in part_slice, so that the weights keep their names
    return bert


def _init(model: Any, X: Any = None, Y: Any = None, vocabulary: str | None = None) -> None:
    vectors = None
    if vocabulary is not None:
        known = NgramVectors.load(Path(vocabulary))
        vectors = known.vectors.get(1)
        model.attrs["table"] = GramTable(1, known.grams.get(1, []), 0)
    shim = sized_shim(model)
    shim.forget()
    shim.build(n_vocabulary=len(SPECIAL) + len(model.attrs["table"].known))
    if vectors is not None:
        _start_from(shim.require_built(), vectors)


def _start_from(bert: Any, vectors: numpy.ndarray) -> None:
    """Initialises the first columns of the embedding with the scaled vectors of the known characters. The other columns
    stay random, which distinguishes characters with similar vectors."""
    weights = bert.embeddings.word_embeddings.weight
    width = min(weights.shape[1], vectors.shape[1])
    scaled = VECTOR_DEVIATION / vectors.std() * vectors[:, :width]
    with torch.no_grad():
        weights[len(SPECIAL) :, :width] = torch.as_tensor(scaled, device=weights.device)


def character_ids(table: GramTable, doc: Doc) -> numpy.ndarray:
    """Returns the index of each character in the vocabulary, int64 (n_tokens,): SPECIAL comes first, then the table's
    known characters in order."""
    points = codepoints(doc)
    rows = table.rows(points)
    return numpy.where(points == ord(MASK), MASKED, numpy.where(rows == 0, UNK, rows + len(SPECIAL) - 1))


def _forward(
    model: Any, docs: list[Doc], is_train: bool, *, max_length: int, precision: Precision
) -> tuple[list[Floats2d], Callable]:
    """Training runs all pieces in one batch; prediction runs batches of pieces of similar length."""
    size = max_length - 2
    ids = [character_ids(model.attrs["table"], doc) for doc in docs]
    pieces = [(i, start) for i, row in enumerate(ids) for start in range(0, len(row), size)]
    features = [model.ops.alloc2f(len(row), model.get_dim("nO")) for row in ids]
    if not pieces:
        return features, lambda gradients: []
    shim = sized_shim(model)
    shim.require_built()
    rows = [ids[i][start : start + size] for i, start in pieces]
    slices = [(i, slice(start, start + size)) for i, start in pieces]
    batches = [list(range(len(rows)))] if is_train else batches_by_length(rows, padded_size(model.ops))
    calls: dict[int, Any] = {}
    for number, batch in enumerate(batches):
        inputs, seen = padded_ids([rows[j] for j in batch])
        with autocast(precision, inputs.device.type, is_train):
            result, backprop_batch = shim(ArgsKwargs(args=(inputs, seen), kwargs={}), is_train)
        hidden = result.last_hidden_state
        calls[number] = (hidden, backprop_batch)
        for j, output in zip(batch, hidden.detach().float()):
            i, part_slice = slices[j]
            features[i][part_slice] = torch2xp(output[1 : 1 + len(rows[j])])

    def backprop(gradients: list[Floats2d]) -> list[Doc]:
        (hidden, backprop_batch) = calls[0]
        gradient = torch.zeros(hidden.shape, device=hidden.device)
        for j, (i, part_slice) in enumerate(slices):
            part = cast(Any, gradients[i][part_slice])
            gradient[j, 1 : 1 + len(rows[j])] = torch.as_tensor(part, device=hidden.device)
        arguments = {"grad_tensors": (gradient.to(hidden.dtype),)}
        backprop_batch(ArgsKwargs(args=((hidden,),), kwargs=arguments))
        return []

    return features, backprop


def padded_ids(rows: list[numpy.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Adds CLS before and SEP after each sequence, and pads them: ids and attention mask, both int64 (B, T)."""
    longest = max(map(len, rows)) + 2
    ids = numpy.full((len(rows), longest), PAD, dtype="int64")
    seen = numpy.zeros_like(ids)
    for line, mask, row in zip(ids, seen, rows):
        line[0], line[1 : 1 + len(row)], line[1 + len(row)] = CLS, row, SEP
        mask[: 2 + len(row)] = 1
    device = get_torch_default_device()
    return torch.as_tensor(ids, device=device), torch.as_tensor(seen, device=device)
