"""What components that tag characters by sparse features and a CRF have in common."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy
import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from ..errors import InputError
from ..features.columns import DOC_COLUMNS
from ..features.index import uses_words
from ..features.template import columns_of, parse_templates
from ..features.word_list import WordList, own_lists, read_list
from ..models.feature_tagger import FeatureTagger, TaggedParts, TrainingData
from ..text.char_view import CharView
from ..text.tags import scheme_letters

Paths = dict[str, str | Path]
DEFAULT_TEMPLATES = [
    *("c[-2]", "c[-1]", "c[0]", "c[1]", "c[2]"),
    *("c[-2]c[-1]", "c[-1]c[0]", "c[0]c[1]", "c[1]c[2]", "c[-1]c[1]"),
    *("class[-1]", "class[0]", "class[1]", "class[-1]class[0]class[1]"),
]


def training_list(name: str | None, entries: Iterable[str]) -> dict[str, WordList]:
    """A list of that name of what occurs at least twice; none without a name. What occurs once is left out, so that the
    training data has what is in no list too, as other texts do."""
    counts = Counter(entries)
    return {name: WordList(entry for entry, count in counts.items() if count > 1)} if name else {}


class FeatureTaggerPipe(Pipe):
    """Learns in `initialize`, from all data at once. A component says what the tags mean: `read`, `set_annotations` and
    `initialize`, which calls `learn`.

    held_out: with `folds`, the training documents with what the component has found in each when it had not learned
    from it, until a later component has taken them."""

    outside_penalty = 0.0

    def __init__(
        self,
        vocab: Vocab,
        name: str,
        *,
        templates: list[str],
        tag_scheme: str,
        min_count: int,
        c1: float,
        c2: float,
        passes: int,
        max_iterations: int,
        folds: int,
        window: int,
    ):
        scheme_letters(tag_scheme)
        self._columns = set(columns_of(parse_templates(templates)))
        if min(c1, c2) < 0:
            raise ValueError(f"expected penalties of at least 0, got c1 = {c1} and c2 = {c2}")
        if folds == 1:
            raise ValueError("expected at least 2 folds, or 0 for none, got 1")
        self.vocab, self.name = vocab, name
        self.templates, self.tag_scheme, self.window = templates, tag_scheme, window
        self.min_count, self.folds = min_count, folds
        self.training: dict[str, Any] = {"c1": c1, "c2": c2, "passes": passes, "max_iterations": max_iterations}
        self.cfg: dict[str, Any] = {}
        self.view = CharView(vocab)
        self.tagger: FeatureTagger | None = None
        self.held_out: list[Doc] | None = None

    # Prediction

    @property
    def requires_extra(self) -> str | None:
        """The extra that templates of words need where no earlier component gives these."""
        return "words" if uses_words(self.templates) else None

    def read(self, views: list[Doc], found: Iterable[TaggedParts]) -> list[Any]:
        """What the tags of parts of the documents say of each document."""
        raise NotImplementedError

    def set_annotations(self, docs: Iterable[Doc], annotations: list[Any]) -> None:
        raise NotImplementedError

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

    def predict(self, docs: Iterable[Doc]) -> list[Any]:
        """For each document what `read` tells of it."""
        return self.read(*self.tagged(docs))

    def tagged(self, docs: Iterable[Doc]) -> tuple[list[Doc], Iterable[TaggedParts]]:
        """The documents by characters, and the scores of their tags, part by part."""
        tagger = self.require_tagger()
        docs = list(docs)
        views = [self.view(doc) for doc in docs]
        return views, tagger.tag(docs, views, self.outside_penalty)

    def require_tagger(self) -> FeatureTagger:
        """The trained tagger. Raises ValueError if there is none."""
        if self.tagger is None:
            raise ValueError(
                f"expected the component {self.name!r} to be trained, got one that was neither initialised with "
                "examples nor loaded; call nlp.initialize(...) first"
            )
        return self.tagger

    # Training

    def learn(
        self,
        examples: list[Example],
        tags: list[str],
        gold: Callable[[Example, Doc], numpy.ndarray],
        nlp: Language | None,
        lists: Paths | None,
        found: Mapping[str, WordList],
    ) -> None:
        """Trains the tagger. lists, found: files, and lists made of the training data, by the names that templates use.
        gold: the indices of an example's tags for a character view, -1 where not known; int64
        (n_tokens,)."""
        files = {**own_lists(), **(lists or {})}
        known = {name: read_list(path) for name, path in files.items() if name in {*self._columns, *(lists or {})}}
        known.update(found)
        tagger = FeatureTagger(tags, self.tag_scheme, self.templates, known, window=self.window)
        docs = self._documents(examples, nlp)
        views = [self.view(doc) for doc in docs]
        tagged = [gold(example, view) for example, view in zip(examples, views, strict=True)]
        if not any((row >= 0).any() for row in tagged):
            raise InputError(f"expected examples with annotation for the component {self.name!r}, got none")
        data = tagger.prepare(docs, views, tagged, min_count=self.min_count)
        self.held_out = self._hold_out(tagger, data, docs, views) if self.folds else None
        self._log("all documents")
        tagger.train(data, **self.training, report=self._report)
        tagger.forget_unused()
        self._log(f"{len(tagger.dictionary)} features have weights")
        self.tagger = tagger

    def _hold_out(self, tagger: FeatureTagger, data: TrainingData, docs: list[Doc], views: list[Doc]) -> list[Doc]:
        held_out = [doc.copy() for doc in docs]
        for fold in range(self.folds):
            chosen = range(fold, len(docs), self.folds)
            self._log(f"all but fold {fold + 1} of {self.folds}")
            tagger.train(data, **self.training, left_out=chosen, report=self._report)
            found = self.read(views, tagger.tag_prepared(data, chosen))
            self.set_annotations([held_out[i] for i in chosen], [found[i] for i in chosen])
        return held_out

    def _documents(self, examples: list[Example], nlp: Language | None) -> list[Doc]:
        """The examples' documents, with what earlier components annotate if features look at it: those that are
        enabled, or that the config names as `training.annotating_components`."""
        docs = [example.predicted for example in examples]
        if nlp is None or self._columns.isdisjoint(DOC_COLUMNS):
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
        if self.training["passes"] or number % 10 == 0:
            self._log(f"{'pass' if self.training['passes'] else 'iteration'} {number}, loss {loss:.1f}")

    def _log(self, message: str) -> None:
        util.logger.info("%s: %s", self.name, message)

    # Saving

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return util.to_bytes({"cfg": self._save_cfg, "tagger": self._save_tagger}, exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "FeatureTaggerPipe":
        util.from_bytes(bytes_data, {"cfg": self._load_cfg, "tagger": self._load_tagger}, exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        savers: dict[str, Callable[[Path], Any]] = {
            "cfg": lambda file: file.write_bytes(self._save_cfg()),
            "tagger": lambda file: file.write_bytes(self._save_tagger()),
        }
        util.to_disk(path, savers, exclude)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "FeatureTaggerPipe":
        loaders: dict[str, Callable[[Path], Any]] = {
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
