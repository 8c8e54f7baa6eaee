"""Embeddings of entity classes from the entities of a training set ("Classification Attention for Chinese NER", section
3.2), for models with classification attention."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from spacy import registry
from spacy.language import Language
from spacy.schemas import ConfigSchemaInit, ConfigSchemaPretrain
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.initialize import init_tok2vec
from spacy.util import minibatch

from ..errors import InputError
from ..files import read_described
from ..models.attention import classification_attention_of, set_class_embeddings
from ..text.tags import tags_to_spans
from .network_tagging import NetworkTagger

BATCH = 64  # documents that are in memory at once


@dataclass
class ClassMoments:
    """What is kept of the entities of a class: as much for millions of them as for one.

    total: (width,), the sum of their embeddings. second: (width, width), the sum of their outer products. float64."""

    count: int
    total: numpy.ndarray
    second: numpy.ndarray

    @classmethod
    def of_none(cls, width: int) -> "ClassMoments":
        return cls(0, numpy.zeros(width), numpy.zeros((width, width)))

    def add(self, entities: numpy.ndarray) -> None:
        """entities: (n, width)."""
        rows = entities.astype("float64")
        self.count += len(rows)
        self.total += rows.sum(0)
        self.second += rows.T @ rows

    def embedding(self, alpha: float) -> numpy.ndarray:
        """The mean of the embeddings e - alpha u u'e, where u is the first singular vector of the matrix whose columns
        they are: (width,), zero for a class without entities. As the map is linear, that is the mean's own image; and u
        is the first eigenvector of the sum of outer products."""
        if not self.count:
            return self.total
        mean = self.total / self.count
        first = numpy.linalg.eigh(self.second)[1][:, -1]
        return mean - alpha * first * (first @ mean)


def initialize_class_embeddings(
    tagger: NetworkTagger, labels: Sequence[str], examples: Iterable[Example], nlp: Language
) -> None:
    """Computes the class embeddings of an initialised model from the entities of the examples, if it has classification
    attention. They are means of what its `tok2vec` makes of the characters of each entity (the last hidden layer, in
    the case of BERT), as it is before training. Raises InputError if the examples have no entity at all."""
    layer = classification_attention_of(tagger.model)
    if layer is None:
        return
    load_pretrained(nlp)
    moments: dict[str, ClassMoments] = {}
    for batch in minibatch(examples, BATCH):
        for label, entities in entity_embeddings(tagger, batch, nlp).items():
            moments.setdefault(label, ClassMoments.of_none(entities[0].shape[0])).add(numpy.stack(entities))
    if not moments:
        raise InputError(f"expected examples with entities, which the classes of {tagger.name!r} are made of, got none")
    none = ClassMoments.of_none(len(next(iter(moments.values())).total))
    found = {label: moments.get(label, none) for label in labels}
    embeddings = numpy.stack([found[label].embedding(layer.attrs["alpha"]) for label in labels])
    set_class_embeddings(layer, {label: found[label].count for label in labels}, embeddings.astype("float32"))


def entity_embeddings(
    tagger: NetworkTagger, examples: Sequence[Example], nlp: Language
) -> dict[str, list[numpy.ndarray]]:
    """The mean over the characters of each entity, by label. (The paper divides by n - m for the n - m + 1 characters m
    to n, which cannot be meant: it would divide by zero for an entity of one character.)"""
    views = tagger.views(example.predicted for example in examples)
    found: dict[str, list[numpy.ndarray]] = {}
    for example, view, rows in zip(examples, views, features(tagger, views, nlp)):
        tags = [tagger.tags[i] if i >= 0 else "O" for i in tagger.gold(example, view)]
        for start, end, label in tags_to_spans(tags, tagger.tag_scheme, "repair"):
            found.setdefault(label, []).append(rows[start:end].mean(0))
    return found


def features(tagger: NetworkTagger, views: list[Doc], nlp: Language) -> Iterator[numpy.ndarray]:
    """What the model's `tok2vec` makes of each character doc, its windows put together again: (n_tokens, width)."""
    if tagger.listens:
        annotate_upstream(tagger, views, nlp)
    ops, tok2vec = tagger.model.ops, tagger.model.get_ref("tok2vec")
    parts: list[dict[int, numpy.ndarray]] = [{} for _ in views]
    for windows, shown in tagger.batches(views):
        for window, rows in zip(windows, tok2vec.predict(shown)):
            parts[window.index][window.start] = ops.to_numpy(rows)
    for part in parts:
        yield numpy.concatenate([part[start] for start in sorted(part)]) if part else numpy.zeros((0, 0))


def annotate_upstream(tagger: NetworkTagger, docs: list[Doc], nlp: Language) -> None:
    """Runs the components that the model takes its features from, as they would be run before it."""
    upstream = {getattr(node, "upstream_name", None) for node in tagger.model.walk()}
    for name, pipe in nlp.pipeline:
        if hasattr(pipe, "add_listener") and upstream & {name, "*"}:
            pipe.set_annotations(docs, pipe.predict(docs))  # type: ignore[attr-defined]


def load_pretrained(nlp: Language) -> None:
    """Loads the weights of `[initialize] init_tok2vec`, as spaCy will do again when all components are initialised: too
    late for what is computed from them before."""
    config = nlp.config.interpolate()
    if config.get("pretraining") and config["initialize"]["init_tok2vec"]:
        read_described(Path(config["initialize"]["init_tok2vec"]))  # raises for a damaged file
        pretraining = registry.resolve(config["pretraining"], schema=ConfigSchemaPretrain)
        init_tok2vec(nlp, pretraining, registry.resolve(config["initialize"], schema=ConfigSchemaInit))
