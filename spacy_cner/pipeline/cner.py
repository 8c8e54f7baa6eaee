"""The `cner` component: entities of Chinese text, from character tags."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model

from ..models.tagger import set_labels
from ..text.char_view import gold_entity_tags
from .class_embeddings import initialize_class_embeddings
from .entities import Entity, EntityPipe, FindSpans, check_alignment_mode, check_decoding, check_label, check_labels
from .scores import entity_score
from .tagging import CharTagger, char_offsets

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


@Language.factory(
    "cner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": DEFAULT_MODEL,
        "window": 256,
        "loss_weight": 1.0,
        "corpora": None,
        "decoding": "path",
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
    model: Model[list[Doc], list[Any]],
    window: int,
    loss_weight: float,
    corpora: list[str] | None,
    decoding: str,
    threshold: float,
    overwrite: bool,
    alignment_mode: str,
    spans_key: str,
    scorer: Callable | None,
) -> "ChineseEntityRecognizer":
    """Makes the component.

    model: `spacy_cner.CrfTagger.v1`.
    window: longer documents are cut into windows of at most so many characters, at sentence ends where there are any.
    loss_weight: what the component's gradient is multiplied by; 1 - lambda in joint training (Wu et al. 2019, eq. 6).
    corpora: names of corpora of `spacy_cner.MixedCorpus.v1`; the component then learns from their documents alone. So
        several components learn side by side, each what one corpus annotates.
    decoding: what becomes an entity. "path": the spans of the most probable sequence of tags (Viterbi). "spans": of all
        spans that are probable enough (`threshold`), those that do not overlap and are over it by most in sum; it
        finds what the best path leaves out because no single way to tag it is likely. The threshold weighs recall
        against precision then; `python -m spacy_cner calibrate` chooses it.
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
        loss_weight=loss_weight,
        corpora=corpora,
        decoding=decoding,
        threshold=threshold,
        overwrite=overwrite,
        alignment_mode=alignment_mode,
        spans_key=spans_key,
        scorer=scorer,
    )


class ChineseEntityRecognizer(EntityPipe, CharTagger):
    """Tags characters with a CRF and sets `doc.ents`."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Any]],
        name: str = "cner",
        *,
        window: int = 256,
        loss_weight: float = 1.0,
        corpora: list[str] | None = None,
        decoding: str = "path",
        threshold: float = 0.0,
        overwrite: bool = False,
        alignment_mode: str = "expand",
        spans_key: str = "cner",
        scorer: Callable | None = None,
    ):
        check_alignment_mode(alignment_mode)
        check_decoding(decoding, threshold)
        super().__init__(vocab, model, name, window=window, loss_weight=loss_weight, corpora=corpora, labels=[])
        self.decoding, self.threshold = decoding, threshold
        self.overwrite, self.alignment_mode, self.spans_key = overwrite, alignment_mode, spans_key
        self.scorer = scorer

    # Labels

    def add_label(self, label: str) -> int:
        """Adds an entity type; a trained model keeps what it knows. RETURNS: 1, or 0 if it was there."""
        check_label(label)
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        if self.model.get_ref("output").has_dim("nO"):
            set_labels(self.model, self.labels)
        return 1

    # Prediction

    def find(self, docs: Iterable[Doc], spans: FindSpans) -> list[list[Entity]]:
        views = self.views(docs)
        entities: list[list[Entity]] = [[] for _ in views]
        for tagged in self.tagged(views):
            for window, row in zip(tagged.windows, spans(tagged.scores)):
                for start, end, label, score in row:
                    first, last = char_offsets(views[window.index], window.start + start, window.start + end)
                    entities[window.index].append(Entity(first, last, label, score))
        return [sorted(found) for found in entities]

    # Training

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        index = {tag: i for i, tag in enumerate(self.tags)}
        return gold_entity_tags(example, view, self.tag_scheme, index)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | None = None,
        train: Path | None = None,
    ) -> None:
        """Collects the labels (those given, else those of the examples, in the order of the alphabet) and builds the
        model. If it has classification attention, the class embeddings are computed from `train`, a .spacy file, or
        from the examples, of which spaCy gives only 100 where the training corpus is a stream.

        Raises InputError if there is no label at all."""
        validate_get_examples(get_examples, "ChineseEntityRecognizer.initialize")
        if labels is None:
            own = self.own_examples(get_examples())
            labels = sorted({entity.label_ for example in own for entity in example.reference.ents})
        for label in labels:
            self.add_label(label)
        check_labels(self.labels, self.name)
        set_labels(self.model, self.labels)
        self.initialize_model(get_examples)
        if nlp is not None:
            examples = get_examples() if train is None else Corpus(train, gold_preproc=False)(nlp)
            initialize_class_embeddings(self, self.labels, examples, nlp)


if not Span.has_extension("score"):
    Span.set_extension("score", getter=entity_score)
