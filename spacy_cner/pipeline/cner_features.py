"""The `cner_features` component: entities of Chinese text by a CRF over sparse features, without a neural network."""

from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, Union

import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab

from ..errors import InputError
from ..features.columns import DOC_COLUMNS
from ..features.tagger import FeatureTagger
from ..features.template import parse_templates
from ..features.word_list import own_lists, read_list
from ..tags import scheme_letters, tag_list
from .char_view import CharView, gold_entity_tags
from .entities import Entity, check_alignment_mode, check_label, check_labels, scored_spans, set_entities
from .tagging import char_offsets

DEFAULT_TEMPLATES = [
    *("c[-2]", "c[-1]", "c[0]", "c[1]", "c[2]"),
    *("c[-2]c[-1]", "c[-1]c[0]", "c[0]c[1]", "c[1]c[2]", "c[-1]c[1]"),
    *("class[-1]", "class[0]", "class[1]", "class[-1]class[0]class[1]"),
]


@Language.factory(
    "cner_features",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "templates": DEFAULT_TEMPLATES,
        "tag_scheme": "bioes",
        "min_count": 1,
        "c1": 0.1,
        "c2": 0.01,
        "max_iterations": 200,
        "outside_penalty": 0.0,
        "window": 256,
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
    templates: List[str],
    tag_scheme: str,
    min_count: int,
    c1: float,
    c2: float,
    max_iterations: int,
    outside_penalty: float,
    window: int,
    threshold: float,
    overwrite: bool,
    alignment_mode: str,
    spans_key: str,
    scorer: Optional[Callable],
) -> "FeatureEntityRecognizer":
    """Makes the component. Its training is part of `initialize`: the likelihood is convex, so there is one best set of
    weights for the data, and no loop over batches that would come nearer to it.

    templates: what to look at, in a notation like CRF++'s. `c[-1]c[0]` is the pair of the character before and the
        current one. Columns: `c`, the character; `class`, whether it is a digit, a letter, a Chinese digit, ...;
        `word`, its place in its word; `pos`, that word's part of speech; `tag`, its place in an entity that an earlier
        component has found; any list of characters or words by its name (`surname`, `place_tail`, `org_tail`,
        `not_name`, or one given to `initialize`). Before a template, `B:` makes its features those of a pair of tags
        instead of one tag ("state bigram x observation", Feng et al. 2008, Table 2).
    tag_scheme: bio, bioes, bmes or bilou.
    min_count: features that occur less often in the training data are left out.
    c1, c2: weights of the L1 and the L2 penalty, as CRFsuite has them.
    max_iterations: of L-BFGS, or OWL-QN where c1 > 0.
    outside_penalty: is taken from the score of the tag O in prediction: more than 0 finds more entities, and more wrong
        ones (Minkov et al. 2006, "NER systems that suit user's preferences"). Scores are then those of the CRF so
        changed.
    window, threshold, overwrite, alignment_mode, spans_key, scorer: as for `cner`."""
    return FeatureEntityRecognizer(
        nlp.vocab,
        name,
        templates=templates,
        tag_scheme=tag_scheme,
        min_count=min_count,
        c1=c1,
        c2=c2,
        max_iterations=max_iterations,
        outside_penalty=outside_penalty,
        window=window,
        threshold=threshold,
        overwrite=overwrite,
        alignment_mode=alignment_mode,
        spans_key=spans_key,
        scorer=scorer,
    )


class FeatureEntityRecognizer(Pipe):
    """Tags characters by sparse features and a CRF, and sets `doc.ents`."""

    def __init__(
        self,
        vocab: Vocab,
        name: str = "cner_features",
        *,
        templates: List[str],
        tag_scheme: str = "bioes",
        min_count: int = 1,
        c1: float = 0.1,
        c2: float = 0.01,
        max_iterations: int = 200,
        outside_penalty: float = 0.0,
        window: int = 256,
        threshold: float = 0.0,
        overwrite: bool = False,
        alignment_mode: str = "expand",
        spans_key: str = "cner",
        scorer: Optional[Callable] = None,
    ):
        check_alignment_mode(alignment_mode)
        scheme_letters(tag_scheme)
        self._columns = {column for template in parse_templates(templates) for column, _ in template.parts}
        if min(c1, c2) < 0:
            raise ValueError(f"expected penalties of at least 0, got c1 = {c1} and c2 = {c2}")
        self.vocab, self.name, self.scorer = vocab, name, scorer
        self.templates, self.tag_scheme, self.window = templates, tag_scheme, window
        self.min_count, self.c1, self.c2, self.max_iterations = min_count, c1, c2, max_iterations
        self.outside_penalty, self.threshold = outside_penalty, threshold
        self.overwrite, self.alignment_mode, self.spans_key = overwrite, alignment_mode, spans_key
        self.cfg: Dict[str, Any] = {"labels": []}
        self.view = CharView(vocab)
        self.tagger: Optional[FeatureTagger] = None

    # Labels

    @property
    def labels(self) -> Tuple[str, ...]:
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> List[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

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

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc], batch_size=1), doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        error_handler = self.get_error_handler()
        for docs in util.minibatch(stream, size=batch_size):
            try:
                self.set_annotations(docs, self.predict(docs))
                yield from docs
            except Exception as error:
                error_handler(self.name, self, docs, error)

    def predict(self, docs: Iterable[Doc]) -> List[List[Entity]]:
        """The entities of each document, from left to right, those over the threshold."""
        tagger = self.require_tagger()
        docs = list(docs)
        views = [self.view(doc) for doc in docs]
        entities: List[List[Entity]] = [[] for _ in docs]
        for found in tagger.tag(docs, views, self.outside_penalty):
            spans = scored_spans(
                tagger.model.crf,
                tagger.tags,
                tagger.scheme,
                found.paths,
                found.emissions,
                found.lengths,
                threshold=self.threshold,
                transitions=found.transitions,
            )
            for part, row in zip(found.parts, spans):
                for start, end, label, score in row:
                    first, last = char_offsets(views[part.doc], part.start + start, part.start + end)
                    entities[part.doc].append(Entity(first, last, label, score))
        return [sorted(row) for row in entities]

    def set_annotations(self, docs: Iterable[Doc], entities: List[List[Entity]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`."""
        set_entities(
            docs, entities, overwrite=self.overwrite, alignment_mode=self.alignment_mode, spans_key=self.spans_key
        )

    def require_tagger(self) -> FeatureTagger:
        """The trained tagger. Raises ValueError if there is none."""
        if self.tagger is None:
            raise ValueError(
                f"expected the component {self.name!r} to be trained, got one that was neither initialised with "
                "examples nor loaded; call nlp.initialize(...) first"
            )
        return self.tagger

    # Training

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[List[str]] = None,
        lists: Optional[Dict[str, Union[str, Path]]] = None,
    ) -> None:
        """Trains the component on all examples.

        labels: those given, else those of the examples, in the order of the alphabet.
        lists: files of characters or words by the names that templates use, in addition to the package's own.
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
        files = {**own_lists(), **(lists or {})}
        found = {name: read_list(path) for name, path in files.items() if name in {*self._columns, *(lists or {})}}
        tags = tag_list(self.labels, self.tag_scheme)
        tagger = FeatureTagger(tags, self.tag_scheme, self.templates, found, window=self.window)
        if not self._columns.isdisjoint(DOC_COLUMNS) and nlp is not None:
            docs = self._apply_earlier(nlp, [example.predicted.copy() for example in examples])
        else:
            docs = [example.predicted for example in examples]
        views = [self.view(doc) for doc in docs]
        index = {tag: i for i, tag in enumerate(tags)}
        gold = [
            gold_entity_tags(example, view, self.tag_scheme, index)
            for example, view in zip(examples, views, strict=True)
        ]
        if not any((row >= 0).any() for row in gold):
            raise InputError(f"expected examples with entity annotation for the component {self.name!r}, got none")
        result = tagger.train(
            docs,
            views,
            gold,
            min_count=self.min_count,
            c1=self.c1,
            c2=self.c2,
            max_iterations=self.max_iterations,
            report=self._report,
        )
        util.logger.info(
            "%s: %d features after %d iterations (%s)", self.name, len(tagger.dictionary), *result[2:]
        )
        self.tagger = tagger

    def _report(self, iteration: int, value: float) -> None:
        if iteration % 10 == 0:
            util.logger.info("%s: iteration %d, objective %.1f", self.name, iteration, value)

    def _apply_earlier(self, nlp: Language, docs: List[Doc]) -> List[Doc]:
        for _, component in nlp.components:
            if component is self:
                break
            docs = list(component.pipe(docs)) if hasattr(component, "pipe") else [component(doc) for doc in docs]
        return docs

    # Saving

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return util.to_bytes({"cfg": self._save_cfg, "tagger": self._save_tagger}, exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "FeatureEntityRecognizer":
        util.from_bytes(bytes_data, {"cfg": self._load_cfg, "tagger": self._load_tagger}, exclude)
        return self

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        savers: Dict[str, Callable[[Path], Any]] = {
            "cfg": lambda file: file.write_bytes(self._save_cfg()),
            "tagger": lambda file: file.write_bytes(self._save_tagger()),
        }
        util.to_disk(path, savers, exclude)

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "FeatureEntityRecognizer":
        loaders: Dict[str, Callable[[Path], Any]] = {
            "cfg": lambda file: self._load_cfg(file.read_bytes()),
            "tagger": lambda file: self._load_tagger(file.read_bytes()),
        }
        util.from_disk(path, loaders, exclude)
        return self

    def _save_cfg(self) -> bytes:
        return srsly.msgpack_dumps(self.cfg)

    def _load_cfg(self, data: bytes) -> None:
        self.cfg = srsly.msgpack_loads(data)

    def _save_tagger(self) -> bytes:
        return srsly.msgpack_dumps(None if self.tagger is None else self.tagger.to_dict())

    def _load_tagger(self, data: bytes) -> None:
        saved = srsly.msgpack_loads(data)
        self.tagger = None if saved is None else FeatureTagger.from_dict(saved)
