"""The objective of pre-training: masked language modelling over characters (Devlin et al. 2019, section 3.1)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy
import torch
from spacy import registry
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model, Ops, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import nn

from ..corpus.segment import add_words, load_segmenter
from ..errors import InputError
from ..models.char_bert import SPECIAL
from ..models.gram_table import GramTable
from ..models.torch_layers import sequence_layer, sized_shim
from ..nn.precision import Precision
from ..text.chars import codepoints_of
from ..text.words import WORDS_KEY
from ..vectors.ngrams import NgramVectors
from .huggingface import is_char_bert, save_bert
from .masking import mask_docs

OTHER_CLASS = 0  # the class of all characters without one of their own


class MLMLogits(NamedTuple):
    """The predictions for the masked characters, and their true classes.

    logits: (n_masked, n_classes). targets: int64 (n_masked,)."""

    logits: Floats2d
    targets: numpy.ndarray


@registry.architectures("spacy_cner.MaskedCharacters.v1")
def make_masked_characters(
    mask_prob: float = 0.15,
    max_span: int = 1,
    hidden: int = 256,
    vocabulary: str | None = None,
    precision: Precision = "float32",
    words: str | None = None,
) -> Callable[[Vocab, Model], Model]:
    """Makes an objective for `[pretraining.objective]`: a softmax over characters at the masked positions.

    mask_prob: share of the characters that are masked. max_span: see `mask_docs`.
    words: the segmenter whose words are masked as a whole: jieba, pkuseg, or a pipeline with `cws`.
    hidden: width of the layer (GELU, normalised) between the features and the softmax.
    vocabulary: a file that `python -m spacy_cner vectors` wrote. Each of its characters is a class; all others share
        one. By default these are the characters with vectors in the tok2vec's `spacy_cner.CharNgramEmbed.v1`.
    precision: precision of the MLM head in training.
    Raises InputError for a setting out of range."""
    if not 0 < mask_prob < 1:
        raise InputError(f"expected a mask_prob between 0 and 1, got {mask_prob}")
    if max_span < 1:
        raise InputError(f"expected a max_span of at least 1, got {max_span}")
    return partial(
        _build,
        mask_prob=mask_prob,
        max_span=max_span,
        hidden=hidden,
        vocabulary=vocabulary,
        precision=precision,
        words=words,
    )


def _build(
    vocab: Vocab,
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    mask_prob: float,
    max_span: int,
    hidden: int,
    vocabulary: str | None,
    precision: Precision,
    words: str | None,
) -> Model[list[Doc], Any]:
    classes = character_classes(tok2vec, vocabulary)
    build = partial(_mlm_head, hidden=hidden)
    head = sequence_layer("mlm_head", build, nO=len(classes), precision=precision)
    segmenter = load_segmenter(words) if words else None
    model: Model = Model(
        "masked_characters",
        partial(_forward, classes=classes, mask_prob=mask_prob, max_span=max_span, segmenter=segmenter),
        init=_init,
        layers=[tok2vec, head],
        refs={"tok2vec": tok2vec, "head": head},
        # `spacy pretrain` looks for the loss here.
        attrs={"loss": mlm_loss},
    )
    if is_char_bert(tok2vec):
        # The loop calls this in addition to its own way of saving.
        model.attrs["save"] = save_bert
    return model


def character_classes(tok2vec: Model, vocabulary: str | None = None) -> GramTable:
    """Makes a table whose rows are the classes of characters, OTHER_CLASS for characters without one of their own.

    Raises InputError if no character has a class of its own."""
    if vocabulary is not None:
        known = NgramVectors.load(Path(vocabulary)).grams.get(1, [])
    else:
        tables = (node.attrs.get("table") for node in tok2vec.walk())
        known = next((t.known for t in tables if isinstance(t, GramTable) and t.order == 1), [])
    if not known:
        raise InputError(
            "expected an embedding with vectors, whose characters pre-training predicts, got none; "
            "give --paths.vectors (see `python -m spacy_cner vectors`), or a vocabulary to the objective"
        )
    return GramTable(1, known, 0)


def _mlm_head(nI: int, nO: int, hidden: int) -> nn.Module:
    return MLMHead(nI, nO, hidden)


class MLMHead(nn.Module):
    """The head of BERT's masked language model: from features to logits of characters."""

    def __init__(self, width_in: int, width_out: int, hidden: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width_in, hidden), nn.GELU(), nn.LayerNorm(hidden), nn.Linear(hidden, width_out)
        )

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded (B, T, width_in) to (B, T, width_out); `lengths` is not used."""
        return self.layers(padded)


def _init(model: Model, X: list[Doc] | None = None, Y: Any = None) -> None:
    tok2vec = model.get_ref("tok2vec")
    built = [shim._model is not None for node in tok2vec.walk() for shim in node.shims]
    if not built or not all(built):  # or else spaCy has just initialised it, and the weights are those of the seed
        tok2vec.initialize(X=X)
    head = model.get_ref("head")
    head.initialize(X=None if X is None else tok2vec.predict(X))
    if is_char_bert(tok2vec) and sized_shim(head).is_built:
        _start_from_embedding(sized_shim(head).require_built(), sized_shim(tok2vec).require_built())


def _start_from_embedding(head: Any, bert: Any) -> None:
    """Initialises the output weights with the input embeddings, so that a BERT's two tables start equal."""
    output, embedding = head.inner.layers[-1].weight, bert.embeddings.word_embeddings.weight
    if output.shape[1] == embedding.shape[1] and len(output) - 1 == len(embedding) - len(SPECIAL):
        with torch.no_grad():
            output[1:] = embedding[len(SPECIAL) :]


def _forward(
    model: Model,
    docs: list[Doc],
    is_train: bool,
    *,
    classes: GramTable,
    mask_prob: float,
    max_span: int,
    segmenter: Language | None,
) -> tuple[MLMLogits, Callable]:
    ops: Any = model.ops
    words = None if segmenter is None else [_words(doc) for doc in add_words(segmenter, docs)]
    masked, positions = mask_docs(docs, mask_prob, max_span, words)
    features, backprop_features = model.get_ref("tok2vec")(masked, is_train)
    flat, lengths, rows = ops.flatten(features), [len(doc) for doc in docs], ops.asarray(positions)
    # The rows of all documents form one sequence, so nothing is padded.
    (logits,), backprop_head = model.get_ref("head")([flat[rows]], is_train)
    true = classes.rows_of(codepoints_of(docs))[positions]

    def backprop(d_logits: Floats2d) -> list[Doc]:
        d_flat = ops.alloc2f(*flat.shape)
        d_flat[rows] = backprop_head([d_logits])[0]
        return backprop_features(ops.unflatten(d_flat, lengths))

    return MLMLogits(logits, true), backprop


def _words(doc: Doc) -> list[tuple[int, int]]:
    return [(word.start, word.end) for word in doc.spans[WORDS_KEY]] if len(doc) else []


def mlm_loss(ops: Ops, docs: list[Doc], predicted: MLMLogits) -> tuple[float, Floats2d]:
    """Returns the cross-entropy in nats, summed over the masked characters, and the gradient of its mean with respect
    to the logits, (n_masked, n_classes)."""
    logits = xp2torch(predicted.logits)
    targets = torch.as_tensor(predicted.targets, device=logits.device)[:, None]
    log_probabilities = logits.log_softmax(dim=1)
    loss = -log_probabilities.gather(1, targets).sum()
    gradient = log_probabilities.exp_()
    gradient.scatter_add_(1, targets, -torch.ones_like(targets, dtype=gradient.dtype))
    return float(loss), cast(Floats2d, torch2xp(gradient.div_(max(1, len(targets)))))
