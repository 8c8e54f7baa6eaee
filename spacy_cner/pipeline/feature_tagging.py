"""What components that score tags by sparse features have in common."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy
import srsly
from spacy import util
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab

from ..decoding.tag_scores import Tagged
from ..errors import InputError
from ..features.clusters import cluster_lists
from ..features.columns import DOC_COLUMNS
from ..features.index import uses_words
from ..features.template import columns_of, parse_templates
from ..features.template_sets import DEFAULT_TEMPLATES
from ..features.word_list import WordList, own_lists, read_list
from ..models.feature_tagger import FeatureTagger, TrainingData
from ..text.tags import scheme_letters
from .saving import SavedParts
from .settings import Setting, at_least
from .tagging import CharTagger


def check_folds(folds: int) -> None:
    """Raises InputError for a number that makes no folds."""
    if folds < 0 or folds == 1:
        raise InputError(f"expected at least 2 folds, or 0 for none, got {folds}")


class SavedTagger(SavedParts):
    """Saves and loads what a component has learned."""

    cfg: dict[str, Any]
    tagger: FeatureTagger | None

    def _save(self) -> dict[str, Callable[[], bytes]]:
        return {
            "cfg": lambda: srsly.msgpack_dumps(self.cfg),
            "tagger": lambda: srsly.msgpack_dumps(None if self.tagger is None else self.tagger.to_dict()),
        }

    def _load(self) -> dict[str, Callable[[bytes], None]]:
        def load_tagger(data: bytes) -> None:
            saved = srsly.msgpack_loads(data)
            self.tagger = None if saved is None else FeatureTagger.from_dict(saved)

        return {"cfg": lambda data: self.cfg.update(srsly.msgpack_loads(data)), "tagger": load_tagger}


class FeatureTaggerPipe(CharTagger, SavedTagger):
    """Scores tags by sparse features and a CRF. It learns in `initialize`, from all data at once: the likelihood is
    convex, so there is one best set of weights, and no loop over batches that would come nearer to it.

    held_out: with `folds`, the training documents with what the component has found in each when it had not learned
    from it, until a later component has taken them."""

    templates = Setting[list[str]](DEFAULT_TEMPLATES, parse_templates)
    """What to look at, in a notation like CRF++'s. `c[-1]c[0]` is the pair of the character before and the current one.
    Columns: `c`, the character; `class`, whether it is a digit, a letter, a Chinese digit, ...; `word`, its place in
    its word; `pos`, that word's part of speech; `tag`, its place in an entity that an earlier component has found;
    `known`, its place in a term that a `cner_dictionary` has found; any list of characters or words by its name
    (`surname`, `given_name`, `title`, `place_tail`, `org_tail`, `not_name`, or one given to `initialize`, clusters of
    words among them). After `B:`, features are those of a pair of tags instead of one tag
    ("state bigram x observation", Feng et al. 2008, Table 2)."""
    tag_scheme = Setting[str]("bioes", scheme_letters)
    """bio, bioes, bmes or bilou."""
    min_count = Setting[int](1)
    """Features that occur less often in the training data are left out."""
    c1 = Setting[float](0.1, at_least(0))
    """The weight of the L1 penalty, as CRFsuite has it."""
    c2 = Setting[float](0.01, at_least(0))
    """The weight of the L2 penalty, as CRFsuite has it."""
    epochs = Setting[int](0, at_least(0))
    """How often a training batch by batch (FTRL-Proximal) reads the data. 0 trains by L-BFGS on all data at once, or by
    OWL-QN where c1 > 0, in at most `max_iterations`."""
    max_iterations = Setting[int](200, at_least(0))
    """The most iterations of L-BFGS or OWL-QN."""
    folds = Setting[int](0, check_folds)
    """2 or more, for a component after this one that looks at its annotation: that one learns from what this one finds
    in each part of the training data when it has learned from the other parts only."""

    def __init__(self, vocab: Vocab, name: str = "", *, scorer: Callable | None = None, **settings: Any):
        self.vocab, self.name, self.scorer = vocab, name, scorer
        self.cfg: dict[str, Any] = {"labels": []}
        self.configure(settings)
        self.tagger = None
        self.held_out: list[Doc] | None = None
        self._known: set[int] = set()  # hashes of the texts of the last training

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

    def scored(self, docs: Iterable[Doc]) -> tuple[list[Doc], Iterator[Tagged]]:
        tagger = self.require_tagger()
        tagger.window = self.window  # it may be another one than in the training
        docs = list(docs)
        views = self.by_characters(docs)
        return views, tagger.tag(docs, views)

    def require_tagger(self) -> FeatureTagger:
        """The trained tagger. Raises ValueError if there is none."""
        if self.tagger is None:
            raise ValueError(
                f"expected the component {self.name!r} to be trained, got one that was neither initialised with "
                "examples nor loaded; call nlp.initialize(...) first"
            )
        return self.tagger

    @property
    def requires_extra(self) -> str | None:
        """The extra that templates of words need where no earlier component gives these."""
        return "words" if uses_words(self.templates) else None

    # Training

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | None = None,
        lists: dict[str, str | Path] | None = None,
        training_list: str | None = None,
        lexicon: str | Path | None = None,
        clusters: dict[str, int] | None = None,
    ) -> None:
        """Trains the component on all examples.

        labels: those to learn, else those of the examples, in the order of the alphabet.
        lists: files of characters or words by the names that templates use, in addition to the package's own; with a
            class behind each entry, after a tab, the features tell the classes apart.
        training_list: the name of a list of the entities, or words, that the examples have at least twice.
        lexicon, clusters: a file that `python -m spacy_cner words` wrote, and into how many clusters its words are put,
            by the name that templates use.
        Where templates look at words, parts of speech or entities, the components before this one are applied to the
        examples. Raises InputError if there is no label, if a template has a column that does not exist, and if there
        are `folds` but fewer than two examples with annotation."""
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        examples = self.own_examples(get_examples())
        self.tagger = None
        self.cfg["labels"] = self.collect_labels(lambda: examples, labels)
        files = {**own_lists(), **(lists or {})}
        named = {*columns_of(parse_templates(self.templates)), *(lists or {})}
        known = {name: read_list(path) for name, path in files.items() if name in named}
        if training_list:
            known[training_list] = repeated(text for example in examples for text in self.annotated(example))
        known.update(cluster_lists(lexicon, clusters or {}))
        tagger = FeatureTagger(self.tags, self.tag_scheme, self.templates, known, window=self.window)
        docs = self._documents(examples, nlp)
        views = self.by_characters(docs)
        gold = [self.gold(example, view) for example, view in zip(examples, views, strict=True)]
        if not any((row >= 0).any() for row in gold):
            raise InputError(f"expected examples with annotation for the component {self.name!r}, got none")
        self._known = {hash(doc.text) for doc in docs}
        examples.clear()  # of a large corpus they take gigabytes, as documents do
        data = tagger.prepare(docs, views, gold, min_count=self.min_count)
        self.held_out = self._hold_out(tagger, data, docs, views) if self.folds else None
        del docs, views, gold
        self._log("all documents")
        self._train(tagger, data)
        tagger.forget_unused()
        self._log(f"{len(tagger.dictionary)} features have weights")
        self.tagger = tagger

    def update(self, examples: Iterable[Example], **ignored: Any) -> dict[str, float]:
        """Learns nothing, as spaCy's loops call it after `initialize`, and warns of examples that were not among the
        training data of that. `spacy train` gives the same ones. RETURNS: the losses, unchanged."""
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.update")
        self.require_tagger()
        if any(hash(example.reference.text) not in self._known for example in examples if self.learns_from(example)):
            warnings.warn(
                f"the component {self.name!r} does not learn by nlp.update: it learns in nlp.initialize, from all "
                "examples at once, and some of these were not there",
                stacklevel=2,
            )
        return ignored.get("losses") or {}

    def _train(self, tagger: FeatureTagger, data: TrainingData, left_out: Iterable[int] = ()) -> None:
        tagger.train(
            data,
            c1=self.c1,
            c2=self.c2,
            epochs=self.epochs,
            max_iterations=self.max_iterations,
            left_out=set(left_out),
            report=self._report,
        )

    def _hold_out(self, tagger: FeatureTagger, data: TrainingData, docs: list[Doc], views: list[Doc]) -> list[Doc]:
        held_out = [doc.copy() for doc in docs]
        known = {
            window.index
            for window, characters in zip(data.windows, data.positions)
            if (data.tags[characters.start : characters.stop] >= 0).any()
        }
        if len(known) < 2:
            raise InputError(
                f"expected at least 2 documents with annotation for the folds of the component {self.name!r}, "
                f"got {len(known)}"
            )
        # Dealt out by themselves, so that each part of the data has some beyond it to learn from.
        order = sorted(range(len(docs)), key=lambda i: i not in known)
        for fold in range(self.folds):
            chosen = order[fold :: self.folds]
            self._log(f"all but fold {fold + 1} of {self.folds}")
            self._train(tagger, data, chosen)
            found = self.read(views, tagger.tag_prepared(data, set(chosen)))
            self.set_annotations([held_out[i] for i in chosen], [found[i] for i in chosen])
        return held_out

    def _documents(self, examples: list[Example], nlp: Language | None) -> list[Doc]:
        """The examples' documents, with what earlier components annotate if features look at it: those that are
        enabled, or that the config names as `training.annotating_components`."""
        docs = [example.predicted for example in examples]
        if nlp is None or set(columns_of(parse_templates(self.templates))).isdisjoint(DOC_COLUMNS):
            return docs
        texts = [doc.text for doc in docs]
        # `spacy train` disables components that come from another pipeline while it initialises the others.
        annotating = {*nlp.pipe_names, *nlp.config.get("training", {}).get("annotating_components", ())}
        before = list(takewhile(lambda item: item[1] is not self, nlp.components))
        earlier = [(name, component) for name, component in before if name in annotating]
        todo = []
        for name, component in reversed(earlier):
            held_out = getattr(component, "held_out", None)
            if held_out is not None and [doc.text for doc in held_out] == texts:
                docs, component.held_out = held_out, None  # type: ignore[attr-defined]
                break
            todo.append((name, component))
        else:
            docs = [doc.copy() for doc in docs]
        for name, component in reversed(todo):
            self._log(f"applying {name}")
            docs = list(component.pipe(docs)) if hasattr(component, "pipe") else [component(doc) for doc in docs]
        for doc in docs:
            # Of a tok2vec; for a whole corpus that is gigabytes, and features look at annotation.
            doc.tensor = numpy.zeros((0,), dtype="f")
        return docs

    def _report(self, number: int, loss: float) -> None:
        if self.epochs or number % 10 == 0:
            self._log(f"{'epoch' if self.epochs else 'iteration'} {number}, loss {loss:.1f}")

    def _log(self, message: str) -> None:
        util.logger.info("%s: %s", self.name, message)


def repeated(texts: Iterable[str]) -> WordList:
    """A list of what occurs at least twice. What occurs once is left out, so that the training data has what is in no
    list too, as other texts do."""
    return WordList(text for text, count in Counter(texts).items() if count > 1)
