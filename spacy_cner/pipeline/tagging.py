"""What components that tag characters with a CRF have in common."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from ..errors import InputError
from ..models.tag_scores import TagScores
from ..models.tagger import crf_loss, crf_of, score_tags
from ..models.torch_layers import pad, padded_size, sized_shim
from ..text.batching import batches_by_length
from ..text.char_view import UNKNOWN, CharView, Window, window_tags, windows_of
from ..text.tags import Transitions, allowed_transitions
from ..training.mixed import CORPUS_KEY


class Tagged(NamedTuple):
    """Windows with the scores of their tags, B = len(windows)."""

    windows: list[Window]
    scores: TagScores


class CharTagger(TrainablePipe):
    """Tags the characters of the text, whatever the tokenizer: documents that have not one token per character are
    seen through a `CharView`, long ones in windows.

    A component says what the tags mean: `gold` for training, `predict` and `set_annotations` for the rest."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Any]],
        name: str,
        *,
        window: int,
        loss_weight: float,
        corpora: list[str] | None = None,
        **cfg: Any,
    ):
        if loss_weight < 0:
            raise ValueError(f"expected a loss_weight of at least 0, got {loss_weight}")
        super().__init__(vocab, model, name, **cfg)
        self.window, self.loss_weight, self.corpora = window, loss_weight, corpora
        self.view = CharView(vocab, words=any(node.attrs.get("needs_words") for node in model.walk()))

    @property
    def tag_scheme(self) -> str:
        return self.model.attrs["tag_scheme"]

    @property
    def tags(self) -> list[str]:
        """The CRF's tags, in order."""
        return sized_shim(self.model.get_ref("crf")).cfg["tags"]

    @property
    def transitions(self) -> Transitions:
        return allowed_transitions(self.tags, self.tag_scheme)

    @property
    def listens(self) -> bool:
        """True if the model takes its features from a shared `tok2vec` or `transformer` component."""
        return any(hasattr(node, "upstream_name") for node in self.model.walk())

    def views(self, docs: Iterable[Doc]) -> list[Doc]:
        """The documents by characters. Raises InputError for one of words if the features are shared: those of its
        characters are not known."""
        docs = list(docs)
        views = [self.view(doc) for doc in docs]
        if self.listens:
            for doc, view in zip(docs, views):
                if view is not doc:
                    raise InputError(
                        f"expected one character per token for the component {self.name!r}, which listens to shared "
                        f"features, got words in {doc.text[:40]!r}; components that merge tokens, such as `cws` with "
                        "retokenize = true, must come after it"
                    )
        return views

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        """The index of the gold tag of each token of the view, -1 where it is not known; int64 (n_tokens,)."""
        raise NotImplementedError

    def learns_from(self, example: Example) -> bool:
        """Whether the example is of one of `corpora`, if there are any."""
        return self.corpora is None or example.reference.user_data.get(CORPUS_KEY) in self.corpora

    def own_examples(self, examples: Iterable[Example]) -> list[Example]:
        """Those that the component learns from. Raises InputError if there are none, but others."""
        examples = list(examples)
        own = [example for example in examples if self.learns_from(example)]
        if examples and not own:
            found = sorted({str(example.reference.user_data.get(CORPUS_KEY)) for example in examples})
            raise InputError(
                f"expected examples of the corpora {', '.join(self.corpora or ())} (of spacy_cner.MixedCorpus.v1) for "
                f"the component {self.name!r}, got none but of {', '.join(found)}"
            )
        return own

    def tagged(self, views: list[Doc]) -> Iterator[Tagged]:
        """The scores of the tags of character docs, batch by batch, without the windows that hold no token."""
        if not any(len(view) for view in views):
            return
        for batch in self.batches(views):
            scores = self.model.predict([window.doc for window in batch])
            for part in batches_by_length(batch, padded_size(self.model.ops)):
                kept = [i for i in part if len(batch[i])]
                if kept:
                    emissions, lengths = pad([scores[i] for i in kept])
                    found = TagScores(crf_of(self.model), self.tags, self.tag_scheme, emissions, lengths)
                    yield Tagged([batch[i] for i in kept], found)

    def batches(self, views: list[Doc]) -> list[list[Window]]:
        """The windows of character docs, in batches for the model."""
        if self.listens:
            # It must be called with the very documents its tok2vec has seen.
            return [[Window(i, 0, view) for i, view in enumerate(views)]]
        windows = windows_of(views, self.window)
        return [[windows[i] for i in batch] for batch in batches_by_length(windows, padded_size(self.model.ops))]

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learns from a batch. The loss is the negative log-likelihood summed over the batch (Wu et al. 2019, eq. 4 and
        5); the gradient is that of its mean over sequences, times `loss_weight` (eq. 6). Documents without annotation,
        and those of other corpora than the component's, are passed over; tokens without it are marginalised."""
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.update")
        views = self.views(example.predicted for example in examples)
        if not any(len(view) for view in views):
            return losses
        set_dropout_rate(self.model, drop)
        gold = [
            self.gold(example, view) if self.learns_from(example) else numpy.full(len(view), UNKNOWN)
            for example, view in zip(examples, views)
        ]
        scale = self.loss_weight / max(1, sum((tags >= 0).any() for tags in gold))
        continues = self.transitions.continues
        for batch in self.batches(views):
            tags = [window_tags(gold[window.index], window, continues) for window in batch]
            losses[self.name] += self._learn([window.doc for window in batch], tags, scale)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _learn(self, docs: list[Doc], tags: list[numpy.ndarray], scale: float) -> float:
        """Backpropagates the loss of one batch and returns it. Sequences of which nothing is known would add nothing
        but work, so only a shared tok2vec, which waits for each of its listeners, hears of them."""
        known = [i for i, sequence in enumerate(tags) if (sequence >= 0).any()]
        if not self.listens:
            docs, tags, known = [docs[i] for i in known], [tags[i] for i in known], list(range(len(known)))
        if not docs:
            return 0.0
        loss = 0.0
        vectors, backprop_vectors = self.model.get_ref("tok2vec").begin_update(docs)
        gradients = [self.model.ops.alloc2f(*rows.shape) for rows in vectors]
        if known:
            chosen = [docs[i] for i in known], [vectors[i] for i in known]
            emissions, backprop_scores = score_tags(self.model, *chosen, is_train=True)
            loss, found = crf_loss(self.model, emissions, [tags[i] for i in known], scale)
            for i, gradient in zip(known, backprop_scores(found)):
                gradients[i] = gradient
        backprop_vectors(gradients)
        return loss

    def get_loss(self, examples: Iterable[Example], scores: list[Any]) -> tuple[float, list[Any]]:
        """The loss and its gradient for emission scores of whole documents (one token per character)."""
        gold = [self.gold(example, self.view(example.predicted)) for example in examples]
        return crf_loss(self.model, scores, gold)

    def initialize_model(self, get_examples: Callable[[], Iterable[Example]]) -> None:
        """Finds the sizes of the model's layers, whose tags must have been set."""
        sample = [self.view(example.x) for example in islice(get_examples(), 10)]
        self.model.initialize(X=[view for view in sample if len(view)] or [self.view(Doc(self.vocab, words=["中"]))])


def char_offsets(view: Doc, start: int, end: int) -> tuple[int, int]:
    """Where the tokens from `start` to `end` (exclusive) of a character view stand in the text."""
    last = view[end - 1]
    return view[start].idx, last.idx + len(last)
