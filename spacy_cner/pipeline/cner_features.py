"""The `cner_features` component: entities of Chinese text by a CRF over sparse features, without a neural network."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab

from ..features.clusters import cluster_lists
from ..models.feature_tagger import TaggedParts
from ..text.char_view import gold_entity_tags
from ..text.tags import tag_list
from .entities import Entity, EntityPipe, FindSpans, check_alignment_mode, check_decoding, check_label, check_labels
from .feature_tagging import DEFAULT_TEMPLATES, FeatureTaggerPipe, training_list
from .tagging import char_offsets


@Language.factory(
    "cner_features",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "templates": DEFAULT_TEMPLATES,
        "tag_scheme": "bioes",
        "min_count": 1,
        "c1": 0.1,
        "c2": 0.01,
        "passes": 0,
        "max_iterations": 200,
        "folds": 0,
        "outside_penalty": 0.0,
        "window": 256,
        "decoding": "path",
        "threshold": 0.0,
        "overwrite": False,
        "alignment_mode": "expand",
        "spans_key": "cner",
        "scorer": {"@scorers": "spacy_cner.ents_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_cner_features(
    nlp: Language,
    name: str,
    templates: list[str],
    tag_scheme: str,
    min_count: int,
    c1: float,
    c2: float,
    passes: int,
    max_iterations: int,
    folds: int,
    outside_penalty: float,
    window: int,
    decoding: str,
    threshold: float,
    overwrite: bool,
    alignment_mode: str,
    spans_key: str,
    scorer: Callable | None,
) -> "FeatureEntityRecognizer":
    """Makes the component. Its training is part of `initialize`: the likelihood is convex, so there is one best set of
    weights for the data, and no loop over batches that would come nearer to it.

    templates: what to look at, in a notation like CRF++'s. `c[-1]c[0]` is the pair of the character before and the
        current one. Columns: `c`, the character; `class`, whether it is a digit, a letter, a Chinese digit, ...;
        `word`, its place in its word; `pos`, that word's part of speech; `tag`, its place in an entity that an earlier
        component has found; any list of characters or words by its name (`surname`, `place_tail`, `org_tail`,
        `not_name`, or one given to `initialize`, clusters of words among them). Before a template, `B:` makes its
        features those of a pair of tags instead of one tag ("state bigram x observation", Feng et al. 2008, Table 2).
    tag_scheme: bio, bioes, bmes or bilou.
    min_count: features that occur less often in the training data are left out.
    c1, c2: weights of the L1 and the L2 penalty, as CRFsuite has them.
    passes: over the data, of a training batch by batch (FTRL-Proximal). 0: L-BFGS on all data at once, or OWL-QN where
        c1 > 0, with `max_iterations`.
    folds: 2 or more, for a component after this one that looks at its entities: that learns from what this one finds in
        a part of the training data when it has learned from the others only.
    outside_penalty: is taken from the score of the tag O in prediction: more than 0 finds more entities, and more wrong
        ones (Minkov et al. 2006, "NER systems that suit user's preferences"). Scores are then those of the CRF so
        changed.
    window, decoding, threshold, overwrite, alignment_mode, spans_key, scorer: as for `cner`."""
    return FeatureEntityRecognizer(
        nlp.vocab,
        name,
        templates=templates,
        tag_scheme=tag_scheme,
        min_count=min_count,
        c1=c1,
        c2=c2,
        passes=passes,
        max_iterations=max_iterations,
        folds=folds,
        outside_penalty=outside_penalty,
        window=window,
        decoding=decoding,
        threshold=threshold,
        overwrite=overwrite,
        alignment_mode=alignment_mode,
        spans_key=spans_key,
        scorer=scorer,
    )


class FeatureEntityRecognizer(EntityPipe, FeatureTaggerPipe):
    """Tags characters by sparse features and a CRF, and sets `doc.ents`."""

    def __init__(
        self,
        vocab: Vocab,
        name: str = "cner_features",
        *,
        templates: list[str],
        tag_scheme: str = "bioes",
        min_count: int = 1,
        c1: float = 0.1,
        c2: float = 0.01,
        passes: int = 0,
        max_iterations: int = 200,
        folds: int = 0,
        outside_penalty: float = 0.0,
        window: int = 256,
        decoding: str = "path",
        threshold: float = 0.0,
        overwrite: bool = False,
        alignment_mode: str = "expand",
        spans_key: str = "cner",
        scorer: Callable | None = None,
    ):
        check_alignment_mode(alignment_mode)
        check_decoding(decoding, threshold)
        super().__init__(
            vocab, name, templates=templates, tag_scheme=tag_scheme, min_count=min_count, c1=c1, c2=c2, passes=passes,
            max_iterations=max_iterations, folds=folds, window=window,
        )  # fmt: skip
        self.outside_penalty, self.decoding, self.threshold = outside_penalty, decoding, threshold
        self.overwrite, self.alignment_mode, self.spans_key = overwrite, alignment_mode, spans_key
        self.scorer = scorer
        self.cfg["labels"] = []

    # Labels

    def add_label(self, label: str) -> int:
        """Adds an entity type before the training. RETURNS: 1, or 0 if it was there."""
        check_label(label)
        if label in self.labels:
            return 0
        if self.tagger is not None:
            raise ValueError(f"expected all labels before the component {self.name!r} is trained, got {label!r} after")
        self.cfg["labels"].append(label)
        return 1

    # Prediction

    def read(self, views: list[Doc], found: Iterable[TaggedParts]) -> list[list[Entity]]:
        return self._entities(views, found, self.spans)

    def find(self, docs: Iterable[Doc], spans: FindSpans) -> list[list[Entity]]:
        return self._entities(*self.tagged(docs), spans)

    def _entities(self, views: list[Doc], found: Iterable[TaggedParts], spans: FindSpans) -> list[list[Entity]]:
        entities: list[list[Entity]] = [[] for _ in views]
        for tagged in found:
            for part, row in zip(tagged.parts, spans(tagged.scores)):
                for start, end, label, score in row:
                    first, last = char_offsets(views[part.doc], part.start + start, part.start + end)
                    entities[part.doc].append(Entity(first, last, label, score))
        return [sorted(row) for row in entities]

    # Training

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | None = None,
        lists: dict[str, str | Path] | None = None,
        entity_list: str | None = None,
        lexicon: str | Path | None = None,
        clusters: dict[str, int] | None = None,
    ) -> None:
        """Trains the component on all examples.

        labels: those given, else those of the examples, in the order of the alphabet.
        lists: files of characters or words by the names that templates use, in addition to the package's own; with a
            class behind each entry, after a tab, the features tell the classes apart.
        entity_list: the name of a list of the entities that the examples have at least twice.
        lexicon, clusters: a file that `python -m spacy_cner words` wrote, and into how many clusters its words are put,
            by the name that templates use.
        Where templates look at words, parts of speech or entities, the components before this one are applied to the
        examples. Raises InputError if there is no label, or a template has a column that does not exist."""
        validate_get_examples(get_examples, "FeatureEntityRecognizer.initialize")
        examples = list(get_examples())
        if labels is None:
            labels = sorted({entity.label_ for example in examples for entity in example.reference.ents})
        self.tagger = None
        for label in labels:
            self.add_label(label)
        check_labels(self.labels, self.name)
        tags = tag_list(self.labels, self.tag_scheme)
        index = {tag: i for i, tag in enumerate(tags)}
        names = training_list(entity_list, (ent.text for example in examples for ent in example.reference.ents))

        def gold(example: Example, view: Doc) -> numpy.ndarray:
            return gold_entity_tags(example, view, self.tag_scheme, index)

        names.update(cluster_lists(lexicon, clusters or {}))
        self.learn(examples, tags, gold, nlp, lists, names)
