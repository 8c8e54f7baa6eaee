"""The objective of pre-training: guess masked characters (the cloze task of Devlin et al. 2019, section 3.1)."""

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
from ..text.chars import codepoints
from ..text.words import WORDS_KEY
from ..vectors.ngrams import NgramVectors
from .huggingface import is_char_bert, save_bert
from .masking import mask_docs

OTHER = 0  # the class of all characters that have none of their own


class Guesses(NamedTuple):
    """What the model says of the masked characters, and what they are.

    scores: (n_masked, n_classes). targets: int64 (n_masked,)."""

    scores: Floats2d
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
    """Makes an objective for `[pretraining.objective]`: a softmax over characters at the masked positions alone.

    mask_prob: share of the characters that are masked. max_span: see `mask_docs`.
    words: what finds words, which are then masked as a whole: jieba, pkuseg, or a pipeline with `cws`.
    hidden: width of the layer (GELU, normalised) between the features and the softmax.
    vocabulary: a file that `python -m spacy_cner vectors` wrote, whose characters are told apart, all others being one
        class; by default the characters with vectors of their own in the `spacy_cner.CharNgramEmbed.v1` of the tok2vec.
    precision: of the output layer in training."""
    if not 0 < mask_prob < 1:
        raise ValueError(f"expected a mask_prob between 0 and 1, got {mask_prob}")
    if max_span < 1:
        raise ValueError(f"expected a max_span of at least 1, got {max_span}")
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
    build = partial(_guesser, hidden=hidden)
    head = sequence_layer("guess_characters", build, nO=len(classes), precision=precision)
    segmenter = load_segmenter(words) if words else None
    model: Model = Model(
        "masked_characters",
        partial(_forward, classes=classes, mask_prob=mask_prob, max_span=max_span, segmenter=segmenter),
        init=_init,
        layers=[tok2vec, head],
        refs={"tok2vec": tok2vec, "head": head},
        # Where `spacy pretrain` looks for it.
        attrs={"loss": guess_loss},
    )
    if is_char_bert(tok2vec):
        # What the loop calls beside its own way to save.
        model.attrs["save"] = save_bert
    return model


def character_classes(tok2vec: Model, vocabulary: str | None = None) -> GramTable:
    """A table whose rows are the classes of characters, OTHER for those without one of their own.

    Raises InputError if there are no characters to tell apart."""
    if vocabulary is not None:
        known = NgramVectors.load(Path(vocabulary)).grams.get(1, [])
    else:
        tables = (node.attrs.get("table") for node in tok2vec.walk())
        known = next((t.known for t in tables if isinstance(t, GramTable) and t.order == 1), [])
    if not known:
        raise InputError(
            "expected an embedding with vectors, whose characters are those that pre-training guesses, got none; "
            "give --paths.vectors (see `python -m spacy_cner vectors`), or a vocabulary to the objective"
        )
    return GramTable(1, known, 0)


def _guesser(nI: int, nO: int, hidden: int) -> nn.Module:
    return Guesser(nI, nO, hidden)


class Guesser(nn.Module):
    """From features to scores of characters, as the head of BERT's masked language model."""

    def __init__(self, width_in: int, width_out: int, hidden: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width_in, hidden), nn.GELU(), nn.LayerNorm(hidden), nn.Linear(hidden, width_out)
        )

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """padded (B, T, width_in). RETURNS (B, T, width_out)."""
        return self.layers(padded)


def _init(model: Model, X: list[Doc] | None = None, Y: Any = None) -> None:
    tok2vec = model.get_ref("tok2vec")
    tok2vec.initialize(X=X)
    head = model.get_ref("head")
    head.initialize(X=None if X is None else tok2vec.predict(X))
    if is_char_bert(tok2vec) and sized_shim(head).is_built:
        _start_from_embedding(sized_shim(head).require_built(), sized_shim(tok2vec).require_built())


def _start_from_embedding(guesser: Any, bert: Any) -> None:
    """A character is first guessed by its likeness to what is read of it: a BERT's two tables begin as one."""
    output, embedding = guesser.inner.layers[-1].weight, bert.embeddings.word_embeddings.weight
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
) -> tuple[Guesses, Callable]:
    ops: Any = model.ops
    words = None if segmenter is None else [_words(doc) for doc in add_words(segmenter, docs)]
    masked, places = mask_docs(docs, mask_prob, max_span, words)
    features, backprop_features = model.get_ref("tok2vec")(masked, is_train)
    flat, lengths, rows = ops.flatten(features), [len(doc) for doc in docs], ops.asarray(places)
    # The rows of all documents as one sequence: nothing is padded.
    (scores,), backprop_head = model.get_ref("head")([flat[rows]], is_train)
    true = classes.rows_of([codepoints(doc) for doc in docs])[places]

    def backprop(d_scores: Floats2d) -> list[Doc]:
        d_flat = ops.alloc2f(*flat.shape)
        d_flat[rows] = backprop_head([d_scores])[0]
        return backprop_features(ops.unflatten(d_flat, lengths))

    return Guesses(scores, true), backprop


def _words(doc: Doc) -> list[tuple[int, int]]:
    return [(word.start, word.end) for word in doc.spans[WORDS_KEY]] if len(doc) else []


def guess_loss(ops: Ops, docs: list[Doc], guesses: Guesses) -> tuple[float, Floats2d]:
    """The cross-entropy in nats, summed over the masked characters, and the gradient of its mean with respect to the
    scores, (n_masked, n_classes)."""
    scores = xp2torch(guesses.scores)
    targets = torch.as_tensor(guesses.targets, device=scores.device)[:, None]
    log_probabilities = scores.log_softmax(dim=1)
    loss = -log_probabilities.gather(1, targets).sum()
    gradient = log_probabilities.exp_()
    gradient.scatter_add_(1, targets, -torch.ones_like(targets, dtype=gradient.dtype))
    return float(loss), cast(Floats2d, torch2xp(gradient.div_(max(1, len(targets)))))
