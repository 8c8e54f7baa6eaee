"""An augmenter that makes pseudo labeled samples (Wu et al. 2019, section 3.3): sentences whose entities are replaced
by others of their type."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example, dont_augment
from spacy.util import registry

from ..corpus.docbin import chinese_vocab, docs_of, read_docs
from ..corpus.document import AnnotatedText, gaps, trim
from ..corpus.json_records import load_json
from ..corpus.source import Source
from ..errors import CorpusError, InputError
from ..text.progress import progress
from ..text.spans import touching

# From labels to distinct names; each name is a text that is one entity and has words.
NamePool = dict[str, list[AnnotatedText]]


@registry.augmenters("spacy_cner.pseudo_samples.v1")
def make_pseudo_samples(
    amount: float = 1.0,
    seed: int = 0,
    types: list[str] | None = None,
    train: str | None = None,
    gazetteers: list[str] = [],  # noqa: B006  (never changed; spaCy's config validation needs the list itself)
) -> Callable[[Language, Example], Iterator[Example]]:
    """Makes an augmenter for `[corpora.train.augmenter]` that yields every example, followed by its pseudo samples.

    amount: number of pseudo samples for each sentence with an entity that can be replaced. 0.3 means one sample with
        probability 0.3; 2.5 means two samples, and a third with probability 0.5; 0 means none. The paper's comparison
        has 1 (section 4.2).
    seed: seed of the augmenter's own random numbers.
    types: the labels whose entities are replaced; by default all.
    train: a .spacy file or a folder of them, normally ${paths.train}, whose entities are the names to draw from (the
        paper's EN). Read when the first example comes.
    gazetteers: files of more names (see `read_gazetteer`).

    spaCy calls an augmenter when it reads a corpus. With `max_epochs` of 0 or more that happens once, so all epochs
    repeat the same samples. With `max_epochs = -1` each epoch has new samples.

    Raises InputError if there is nothing to draw names from, and for an amount that is negative or not finite."""
    sampler = PseudoSampler(amount=amount, seed=seed, types=types, train=train, gazetteers=gazetteers)
    return sampler if amount else dont_augment


class PseudoSampler:
    """An augmenter that makes pseudo samples of documents; its settings are described in `make_pseudo_samples`.

    Every entity of a wanted type is replaced by a name drawn uniformly from the *other* distinct names of its label, if
    there are any. A sample has one token per character, entities, and words if its document has them. Other annotation
    is dropped. Text outside the replaced entities is not changed."""

    def __init__(
        self,
        *,
        amount: float = 1.0,
        seed: int = 0,
        types: Sequence[str] | None = None,
        train: str | None = None,
        gazetteers: Sequence[str] = (),
    ):
        if not 0 <= amount < float("inf"):
            raise InputError(f"expected an amount of pseudo samples of 0 or more, got {amount}")
        if amount > 0 and not train and not gazetteers:
            raise InputError("expected `train` or `gazetteers` to take the names for pseudo samples from, got neither")
        self.amount, self.types, self.train, self.gazetteers = amount, types, train, gazetteers
        self._random = random.Random(seed)
        self._pool: NamePool | None = None

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        for sample in self.samples(example.reference):
            yield Example(nlp.make_doc(sample.text), sample.to_doc(nlp.vocab))

    def samples(self, doc: Doc) -> Iterator[AnnotatedText]:
        """Yields the pseudo samples of a document, none if any entity annotation is missing. Raises CorpusError for a
        document that breaks the rules of AnnotatedText, and InputError for unusable names (see `pool`)."""
        source = annotated(doc) if self.amount else None
        if source is None:
            return
        whole = int(self.amount)
        for _ in range(whole + (self._random.random() < self.amount - whole)):
            names = [self._draw(source.text[start:end], label) for start, end, label in source.entities or ()]
            if any(names):
                yield replace_entities(source, names)

    def _draw(self, text: str, label: str) -> AnnotatedText | None:
        names = self.pool.get(label, [])
        # At least one of two different names differs from the text.
        drawn = self._random.sample(names, min(2, len(names)))
        return next((name for name in drawn if name.text != text), None)

    @property
    def pool(self) -> NamePool:
        """The names of the wanted types, read at first use. Raises InputError for files that cannot be read, and if a
        type has no names."""
        if self._pool is None:
            pool = name_pool(chain(self._train_texts(), *map(read_gazetteer, map(Path, self.gazetteers))))
            where = ", ".join([*([str(self.train)] if self.train else []), *map(str, self.gazetteers)])
            if not pool:
                raise InputError(f"expected names for pseudo samples in {where}, found no entity")
            unknown = [label for label in self.types or () if label not in pool]
            if unknown:
                raise InputError(f"expected names of {', '.join(unknown)} in {where}, found only {', '.join(pool)}")
            self._pool = pool if self.types is None else {label: pool[label] for label in self.types}
        return self._pool

    def _train_texts(self) -> Iterator[AnnotatedText]:
        if self.train:
            try:
                yield from filter(None, map(annotated, read_docs(Path(self.train))))
            except CorpusError as error:
                raise CorpusError(error.message, path=error.path or self.train, text=error.text) from None


def add_pseudo_samples(docs: DocBin, sampler: PseudoSampler, *, only_pseudo: bool = False) -> tuple[DocBin, int]:
    """Returns the documents, each followed by its pseudo samples, or the samples alone; and the number of samples."""
    has_user_data = any(data is not None for data in docs.user_data)
    output, count, vocab = DocBin(attrs=docs.attrs, store_user_data=has_user_data), 0, chinese_vocab()
    for doc in progress(docs_of(docs, vocab), total=len(docs), unit="doc"):
        if not only_pseudo:
            output.add(doc)
        for sample in sampler.samples(doc):
            output.add(sample.to_doc(vocab))
            count += 1
    return output, count


def annotated(doc: Doc) -> AnnotatedText | None:
    """Returns the document's text and annotation; None if it has no entities, or any entity annotation is missing."""
    if not doc.ents or not doc.has_annotation("ENT_IOB", require_complete=True):
        return None
    return AnnotatedText.from_doc(doc)


def name_pool(sources: Iterable[AnnotatedText]) -> NamePool:
    """Collects the distinct entities by label.

    Each gets its most frequent segmentation among the places where words begin and end with it. If there is no such
    place, it is one word ("entity names are usually regarded as independent words")."""
    found: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for source in sources:
        for start, end, label in source.entities or ():
            segmentations = found[label, source.text[start:end]]
            words = touching(source.words or [], start, end)
            if words and (words[0][0], words[-1][1]) == (start, end):
                segmentations[tuple((first - start, last - start) for first, last in words)] += 1
    pool: NamePool = defaultdict(list)
    for (label, name), segmentations in found.items():
        words = segmentations.most_common(1)[0][0] if segmentations else [(0, len(name))]
        pool[label].append(AnnotatedText(name, [(0, len(name), label)], list(words)))
    return dict(pool)


def replace_entities(source: AnnotatedText, names: Sequence[AnnotatedText | None]) -> AnnotatedText:
    """Replaces each entity of `source` by its name in `names`; None keeps an entity. A word that crosses the border of
    a replaced entity is cut there."""
    replaced = {span[:2]: name for span, name in zip(source.entities or (), names, strict=True) if name}
    pieces, entities, words = [], [], []
    length = 0
    for start, end in sorted([*replaced, *gaps(replaced, len(source.text))]):
        name = replaced.get((start, end))
        if name is None:
            shift = length - start
            pieces.append(source.text[start:end])
            entities += [(a + shift, b + shift, label) for a, b, label in touching(source.entities or [], start, end)]
            inside = touching(source.words or [], start, end)
            words += [(max(a, start) + shift, min(b, end) + shift) for a, b in inside]
        else:
            pieces.append(name.text)
            entities += [(length + a, length + b, label) for a, b, label in name.entities or ()]
            words += [(length + a, length + b) for a, b in name.words or ()]
        length += len(pieces[-1])
    text = "".join(pieces)
    return AnnotatedText(text, entities, None if source.words is None else trim(text, words))


def read_gazetteer(path: Path) -> Iterator[AnnotatedText]:
    """Reads names from a UTF-8 file, each as a text that is one entity.

    A line is `name<TAB>label` or, in a file called `.jsonl`, a pattern of spaCy's entity ruler, `{"label": ...,
    "pattern": name}`. Blank lines are ignored. Raises CorpusError, with file and line, for other lines, also for
    patterns of tokens."""
    source = Source.read(path, "utf-8")
    for number, line in source.lines():
        _, name = source.attempt(number, line, partial(parse_name, line, is_pattern=path.suffix == ".jsonl"))
        if isinstance(name, CorpusError):
            raise name
        yield name


def parse_name(line: str, *, is_pattern: bool) -> AnnotatedText:
    """Parses a line of a gazetteer. Raises InputError for a malformed one."""
    try:
        name, label = itemgetter("pattern", "label")(load_json(line)) if is_pattern else line.split("\t")
        name, label = name.strip(), label.strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        expected = '{"label": a string, "pattern": a string}' if is_pattern else "a name, a tab and a label"
        raise InputError(f"expected {expected}") from None
    return AnnotatedText(name, [(0, len(name), label)])
