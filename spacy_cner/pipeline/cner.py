"""The `cner` component: entities of Chinese text, from character tags."""

from itertools import islice
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import numpy
import torch
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, NumpyOps, Optimizer, set_dropout_rate

from ..errors import InputError
from ..models.tagger import crf_loss, crf_of, set_labels
from ..models.torch_layers import pad, sized_shim
from ..tags import Transitions, allowed_transitions, tags_to_spans
from .char_view import CharView, Window, batches_by_length, gold_tags, window_tags, windows_of
from .scores import entity_score

DEFAULT_CONFIG = """
[model]
@architectures = "spacy_cner.CrfTagger.v1"
tag_scheme = "bioes"

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

[model.encoder]
@architectures = "spacy_cner.BiLSTM.v1"
width = 400
depth = 1
"""
DEFAULT_MODEL = Config().from_str(DEFAULT_CONFIG)["model"]
# Padded characters that go through the network at once: bounds the memory whatever the documents, keeps a CPU's caches
# warm (4,096 are a third faster than 16,384) and a GPU busy.
PADDED_SIZE_CPU = 4096
PADDED_SIZE_GPU = 65536


class Entity(NamedTuple):
    """An entity at character offsets of a document's text, with its probability."""

    start: int
    end: int
    label: str
    score: float


@Language.factory(
    "cner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": DEFAULT_MODEL,
        "window": 256,
        "threshold": 0.0,
        "overwrite": False,
        "alignment_mode": "expand",
        "spans_key": "cner",
        "scorer": {"@scorers": "spacy_cner.ents_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_cner(
    nlp: Language,
    name: str,
    model: Model[List[Doc], List[Any]],
    window: int,
    threshold: float,
    overwrite: bool,
    alignment_mode: str,
    spans_key: str,
    scorer: Optional[Callable],
) -> "ChineseEntityRecognizer":
    """Makes the component.

    model: `spacy_cner.CrfTagger.v1`.
    window: longer documents are cut into windows of at most so many characters, at sentence ends where there are any.
    threshold: entities less probable than this are left out.
    overwrite: False keeps the entities that components before this one have set; of its own it then adds those that do
        not overlap them. True replaces them.
    alignment_mode: what becomes of an entity that cuts a token of a word-tokenised document, in the words of
        `Doc.char_span`: "expand" it to whole tokens, "contract" it, or leave it out ("strict").
    spans_key: `doc.spans[spans_key]` holds the same entities, their probabilities in its `attrs["scores"]`.
    scorer: scores `doc.ents`."""
    return ChineseEntityRecognizer(
        nlp.vocab,
        model,
        name,
        window=window,
        threshold=threshold,
        overwrite=overwrite,
        alignment_mode=alignment_mode,
        spans_key=spans_key,
        scorer=scorer,
    )


class ChineseEntityRecognizer(TrainablePipe):
    """Tags characters with a CRF and sets `doc.ents`; works on the characters of the text whatever the tokenizer."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[List[Doc], List[Any]],
        name: str = "cner",
        *,
        window: int = 256,
        threshold: float = 0.0,
        overwrite: bool = False,
        alignment_mode: str = "expand",
        spans_key: str = "cner",
        scorer: Optional[Callable] = None,
    ):
        if alignment_mode not in ("expand", "contract", "strict"):
            raise ValueError(f"expected the alignment_mode expand, contract or strict, got {alignment_mode!r}")
        super().__init__(vocab, model, name, labels=[])
        self.window, self.threshold, self.overwrite = window, threshold, overwrite
        self.alignment_mode, self.spans_key, self.scorer = alignment_mode, spans_key, scorer
        self._view = CharView(vocab)

    # Labels

    @property
    def labels(self) -> Tuple[str, ...]:
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> List[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

    @property
    def tag_scheme(self) -> str:
        return self.model.attrs["tag_scheme"]

    def add_label(self, label: str) -> int:
        """Adds an entity type; a trained model keeps what it knows. RETURNS: 1, or 0 if it was there."""
        if not isinstance(label, str) or not label:
            raise ValueError(f"expected a label that is a string with text, got {label!r}")
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        if self.model.get_ref("output").has_dim("nO"):
            set_labels(self.model, self.labels)
        return 1

    @property
    def tags(self) -> List[str]:
        """The CRF's tags, in order."""
        return sized_shim(self.model.get_ref("crf")).cfg["tags"]

    @property
    def transitions(self) -> Transitions:
        return allowed_transitions(self.tags, self.tag_scheme)

    @property
    def listens(self) -> bool:
        """True if the model takes its features from a shared `tok2vec` or `transformer` component."""
        return any(hasattr(node, "upstream_name") for node in self.model.walk())

    # Prediction

    def predict(self, docs: Iterable[Doc]) -> List[List[Entity]]:
        """The entities of each document, from left to right, those over the threshold."""
        docs = list(docs)
        views = [self._view(doc) for doc in docs]
        entities: List[List[Entity]] = [[] for _ in docs]
        if not any(len(view) for view in views):
            return entities
        transitions = self.transitions
        for windows, emissions in self._emissions(views):
            for window, spans in zip(windows, self._decode(emissions, transitions)):
                view = views[window.index]
                for start, end, label, score in spans:
                    first, last = view[window.start + start], view[window.start + end - 1]
                    entities[window.index].append(Entity(first.idx, last.idx + len(last), label, score))
        return [sorted(found) for found in entities]

    def _emissions(self, views: List[Doc]) -> Iterator[Tuple[List[Window], List[Any]]]:
        """The windows of character docs, batch by batch, with their emission scores."""
        for batch in self._batches(views):
            scores = self.model.predict([window.doc for window in batch])
            kept = [i for i, window in enumerate(batch) if len(window)]
            yield [batch[i] for i in kept], [scores[i] for i in kept]

    def _batches(self, views: List[Doc]) -> List[List[Window]]:
        if self.listens:
            # It must be called with the very documents its tok2vec has seen.
            return [[Window(i, 0, view) for i, view in enumerate(views)]]
        size = PADDED_SIZE_CPU if isinstance(self.model.ops, NumpyOps) else PADDED_SIZE_GPU
        return batches_by_length(windows_of(views, self.window), size)

    def _decode(self, emissions: List[Any], transitions: Transitions) -> List[List[Tuple[int, int, str, float]]]:
        """Best spans of each sequence with their marginal probabilities, at or over the threshold."""
        crf = crf_of(self.model)
        padded, lengths = pad(emissions)
        with torch.no_grad():
            paths, _ = crf.decode(padded, lengths)
            names = self.tags
            found = [
                tags_to_spans([names[t] for t in path[:n]], self.tag_scheme)
                for path, n in zip(paths.tolist(), lengths.tolist())
            ]
            spans = [(i, start, end) for i, row in enumerate(found) for start, end, _ in row]
            if not spans:
                return [[] for _ in found]
            probabilities = iter(
                crf.span_probabilities(
                    padded,
                    lengths,
                    torch.tensor(spans, device=padded.device),
                    paths,
                    continues=torch.from_numpy(transitions.goes_on).to(padded.device),
                ).tolist()
            )
        scored = [[(*span, next(probabilities)) for span in row] for row in found]
        return [[span for span in row if span[3] >= self.threshold] for row in scored]

    def set_annotations(self, docs: Iterable[Doc], entities: List[List[Entity]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`."""
        for doc, found in zip(docs, entities):
            kept = [] if self.overwrite else list(doc.ents)
            taken = {i for span in kept for i in range(span.start, span.end)}
            chosen: List[Tuple[Span, float]] = []
            # Expanding to tokens can make two entities meet in one; the more probable one has it.
            for entity in sorted(found, key=lambda entity: -entity.score):
                span = doc.char_span(entity.start, entity.end, label=entity.label, alignment_mode=self.alignment_mode)
                if span is None or not len(span) or not taken.isdisjoint(range(span.start, span.end)):
                    continue
                taken.update(range(span.start, span.end))
                chosen.append((span, entity.score))
            chosen.sort(key=lambda pair: pair[0].start)
            doc.set_ents([*kept, *(span for span, _ in chosen)], default="outside")
            group = SpanGroup(doc, name=self.spans_key, spans=[span for span, _ in chosen])
            group.attrs["scores"] = [score for _, score in chosen]
            doc.spans[self.spans_key] = group

    # Training

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Learns from a batch. The loss is the negative log-likelihood summed over the batch (Wu et al. 2019, eq. 4);
        its gradient is the mean over sequences. Documents without entity annotation are passed over, tokens without
        it are marginalised."""
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "ChineseEntityRecognizer.update")
        views = [self._view(example.predicted) for example in examples]
        if not any(len(view) for view in views):
            return losses
        set_dropout_rate(self.model, drop)
        gold = self._gold(examples, views)
        scale = 1.0 / max(1, sum((tags >= 0).any() for tags in gold))
        goes_on = self.transitions.goes_on
        for batch in self._batches(views):
            emissions, backprop = self.model.begin_update([window.doc for window in batch])
            tags = [window_tags(gold[window.index], window, goes_on) for window in batch]
            gradients = [self.model.ops.alloc2f(*scores.shape) for scores in emissions]
            # Sequences of which nothing is known would add nothing but work.
            known = [i for i, sequence in enumerate(tags) if (sequence >= 0).any()]
            if known:
                loss, found = crf_loss(self.model, [emissions[i] for i in known], [tags[i] for i in known], scale)
                losses[self.name] += loss
                for i, gradient in zip(known, found):
                    gradients[i] = gradient
            if known or self.listens:
                # A shared tok2vec waits for each of its listeners.
                backprop(gradients)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _gold(self, examples: List[Example], views: List[Doc]) -> List[numpy.ndarray]:
        index = {tag: i for i, tag in enumerate(self.tags)}
        return [gold_tags(example, view, self.tag_scheme, index) for example, view in zip(examples, views)]

    def get_loss(self, examples: Iterable[Example], scores: List[Any]) -> Tuple[float, List[Any]]:
        """The loss and its gradient for emission scores of whole documents (one token per character)."""
        examples = list(examples)
        return crf_loss(self.model, scores, self._gold(examples, [self._view(eg.predicted) for eg in examples]))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[List[str]] = None,
    ) -> None:
        """Collects the labels (those given, else those of the examples, in the order of the alphabet) and builds the
        model. Raises InputError if there is no label at all."""
        validate_get_examples(get_examples, "ChineseEntityRecognizer.initialize")
        if labels is None:
            labels = sorted({entity.label_ for example in get_examples() for entity in example.reference.ents})
        for label in labels:
            self.add_label(label)
        if not self.labels:
            raise InputError(
                f"expected entity labels for the component {self.name!r}: no example has an entity, no label was given "
                "by add_label or [initialize.components]"
            )
        set_labels(self.model, self.labels)
        sample = [self._view(example.x) for example in islice(get_examples(), 10)]
        self.model.initialize(X=[view for view in sample if len(view)] or [self._view(Doc(self.vocab, words=["中"]))])


if not Span.has_extension("score"):
    Span.set_extension("score", getter=entity_score)
