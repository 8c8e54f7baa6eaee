"""What components that score tags with a network have in common."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from ..decoding.tag_scores import Tagged, TagScores, pad_scores
from ..errors import InputError
from ..models.engines import crf_parameters, learned_size, padded_size, trainable
from ..models.memory import give_back
from ..text.batching import batches_by_length
from ..text.char_view import UNKNOWN, WindowDocs, window_tags, windows_of
from ..text.windows import OVERLAP, Window
from ..training.taught import Expected, expected
from .saving import Sealed
from .settings import Setting, at_least
from .tagging import CharTagger

# The CNN of Wu et al. 2019, section 3.1, with a CRF.
DEFAULT_MODEL: dict[str, Any] = Config().from_str("""
[model]
@architectures = "spacy_cner.CrfTagger.v1"

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy_cner.CharNgramEmbed.v1"
widths = [200]
buckets = [4000]
vectors = null
trainable = true

[model.tok2vec.encode]
@architectures = "spacy_cner.CharCNN.v1"
filters = 400
windows = [2, 3, 4, 5]
""")["model"]

LONG = 100  # batches of characters: of more, each has half the size, which takes a tenth longer and saves memory


class NetworkTagger(CharTagger, Sealed, TrainablePipe):
    """Scores tags with a model such as `spacy_cner.CrfTagger.v1`, and learns batch by batch."""

    loss_weight = Setting[float](1.0, at_least(0))
    """The factor of the component's gradient: in joint training 1 - lambda for entities and lambda for words (Wu et al.
    2019, eq. 6)."""
    loss_factor = 1.0
    """What `spacy_cner.HalvingLogger.v1` has made of the learning rate so far; it is not saved."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Any]],
        name: str = "",
        *,
        scorer: Callable | None = None,
        **settings: Any,
    ):
        TrainablePipe.__init__(self, vocab, model, name, labels=[])
        self.scorer = scorer
        self.configure(settings)

    @property
    def reads_words(self) -> bool:
        return any(node.attrs.get("needs_words") for node in self.model.walk())

    @property
    def tag_scheme(self) -> str:
        return self.model.attrs["tag_scheme"]

    @property
    def listens(self) -> bool:
        """True if the model takes its features from a shared `tok2vec` or `transformer` component."""
        return any(hasattr(node, "upstream_name") for node in self.model.walk())

    def views(self, docs: Iterable[Doc]) -> list[Doc]:
        """The documents by characters. Raises InputError for one of words if the features are shared: those of its
        characters are not known."""
        docs = list(docs)
        views = self.by_characters(docs)
        if self.listens:
            for doc, view in zip(docs, views):
                if view is not doc:
                    raise InputError(
                        f"expected one character per token for the component {self.name!r}, which listens to shared "
                        f"features, got words in {doc.text[:40]!r}; components that merge tokens, such as `cws` with "
                        "retokenize = true, must come after it"
                    )
        return views

    def scored(self, docs: Iterable[Doc]) -> tuple[list[Doc], Iterator[Tagged]]:
        """As that of `CharTagger`. Raises InputError as `views` does, and where shared features are missing: a
        listener of spaCy's takes these for zeros without a word."""
        views = self.views(docs)
        if any(isinstance(node, Tok2VecListener) for node in self.model.walk()):
            for view in views:
                if len(view) and not getattr(view.tensor, "size", 0):  # `doc_cleaner` leaves None
                    raise InputError(
                        f"expected the features of a `tok2vec` for the component {self.name!r}, which listens to one, "
                        f"got none for {view.text[:40]!r}; have it run before (in training it is one of "
                        "annotating_components, too), or give this component its own copy by nlp.replace_listeners "
                        "before it is taken from its pipeline"
                    )
        return views, self._scored(views)

    def _scored(self, views: list[Doc]) -> Iterator[Tagged]:
        if not any(len(view) for view in views):
            return
        crf = crf_parameters(self.model)
        for windows, docs in self.batches(views, overlap=self.window // OVERLAP):
            scores = [self.model.ops.to_numpy(rows) for rows in self.model.predict(docs)]
            for part in batches_by_length(windows, padded_size(self.model.ops)):
                kept = [i for i in part if len(windows[i])]
                if kept:
                    emissions, lengths = pad_scores([scores[i] for i in kept])
                    found = TagScores(crf, self.tags, self.tag_scheme, emissions, lengths)
                    yield Tagged([windows[i] for i in kept], found)

    def batches(
        self, views: list[Doc], *, overlap: int = 0, size: int | None = None
    ) -> Iterator[tuple[list[Window], list[Doc]]]:
        """The windows of character docs and what they show, in batches for the model, of `size` padded characters."""
        if self.listens:
            # It must be called with the very documents its tok2vec has seen.
            yield [Window(i, 0, len(view)) for i, view in enumerate(views)], views
            return
        windows, show = windows_of(views, self.window, overlap=overlap), WindowDocs(views)
        size = size or padded_size(self.model.ops)
        if sum(map(len, windows)) > LONG * size:
            size //= 2  # what allocators keep of tensors of many shapes adds up
        for batch in batches_by_length(windows, size):
            chosen = [windows[i] for i in batch]
            yield chosen, [show(window) for window in chosen]

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learns from a batch. The loss is the negative log-likelihood summed over the batch (Wu et al. 2019, eq. 4 and
        5); the gradient is that of its mean over sequences, times `loss_weight` (eq. 6) and `loss_factor`. Documents
        without annotation, and those of other corpora than the component's, are passed over; tokens without it are
        marginalised. Where a teacher has left its probabilities (`teach --probabilities`), these are learned instead of
        the tags of entities."""
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.update")
        trainable(self.model)
        views = self.views(example.predicted for example in examples)
        if not any(len(view) for view in views):
            return losses
        set_dropout_rate(self.model, drop)
        gold = [
            self.gold(example, view) if self.learns_from(example) else numpy.full(len(view), UNKNOWN)
            for example, view in zip(examples, views)
        ]
        taught = [
            expected(example.reference, len(view), self.tags)
            if self.has_outside and (tags >= 0).any() and len(view) <= self.window
            else None
            for example, view, tags in zip(examples, views, gold)
        ]
        scale = self.loss_weight * self.loss_factor / max(1, sum((tags >= 0).any() for tags in gold))
        continues = self.transitions.continues
        for windows, docs in self.batches(views, size=learned_size(self.model.ops)):
            targets = [taught[window.index] or window_tags(gold[window.index], window, continues) for window in windows]
            losses[self.name] += self._learn(docs, targets, scale)
        if sgd is not None:
            self.finish_update(sgd)
        give_back()
        return losses

    def _learn(self, docs: list[Doc], targets: list[numpy.ndarray | Expected], scale: float) -> float:
        """Backpropagates the loss of one batch and returns it. A sequence of which nothing is known adds nothing but
        work, so it is left out, except for a shared tok2vec, which waits for each of its listeners."""
        known = [i for i, target in enumerate(targets) if isinstance(target, Expected) or (target >= 0).any()]
        if not self.listens:
            docs, targets, known = [docs[i] for i in known], [targets[i] for i in known], list(range(len(known)))
        if not docs:
            return 0.0
        loss = 0.0
        vectors, backprop_vectors = self.model.get_ref("tok2vec").begin_update(docs)
        gradients = [self.model.ops.alloc2f(*rows.shape) for rows in vectors]
        if known:
            chosen = [docs[i] for i in known], [vectors[i] for i in known]
            tagger = trainable(self.model)
            emissions, backprop_scores = tagger.score_tags(self.model, *chosen, is_train=True)
            loss, found = tagger.tagger_loss(self.model, emissions, [targets[i] for i in known], scale)
            for i, gradient in zip(known, backprop_scores(found)):
                gradients[i] = gradient
        backprop_vectors(gradients)
        return loss

    def get_loss(self, examples: Iterable[Example], scores: list[Any]) -> tuple[float, list[Any]]:
        """The loss and its gradient for emission scores of whole documents (one token per character)."""
        views = self.by_characters(example.predicted for example in examples)
        gold = [self.gold(example, view) for example, view in zip(examples, views)]
        return trainable(self.model).crf_loss(self.model, scores, gold)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | None = None,
    ) -> None:
        """Collects the labels (those given, else those of the examples, in the order of the alphabet) and builds the
        model, anew if there was one. Raises InputError if there is nothing to learn."""
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        tagger = trainable(self.model)
        self.cfg["labels"] = self.collect_labels(lambda: self.own_examples(get_examples()), labels)
        tagger.forget_labels(self.model)
        tagger.set_labels(self.model, self.labels, outside=self.has_outside)
        self.loss_factor = 1.0
        sample = self.by_characters(example.x for example in islice(get_examples(), 10))
        self.model.initialize(X=[view for view in sample if len(view)] or [Doc(self.vocab, words=["中"])])
        from ..models.torch_layers import chosen_precisions

        if nlp is not None and (precisions := chosen_precisions(self.model)):
            # The weights that training finds depend on it.
            nlp.meta["precision"] = {**nlp.meta.get("precision", {}), self.name: precisions}
