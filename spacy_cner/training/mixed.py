"""A reader that mixes several corpora with different annotation into one training corpus."""

import copy
import math
import random
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from spacy import registry
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example, dont_augment
from spacy.util import SimpleFrozenDict
from spacy.vocab import Vocab

from ..corpus.fast_spans import fast_spans
from ..errors import InputError
from ..scratch import ScratchFile
from ..text.chars import is_char_doc
from ..text.windows import split_windows
from ..text.words import WORDS_KEY
from .packed import Packed, pack, unpack
from .taught import KEY, part_of

ExampleReader = Callable[[Language], Iterable[Example]]

ENTS, WORDS = "ents", "words"
KINDS = (ENTS, WORDS)
CORPUS_KEY = "corpus"  # example.reference.user_data["corpus"] is the name of the corpus it came from
# The number of examples from which spaCy initialises a streamed pipeline (`spacy.training.initialize.init_nlp`).
SAMPLE_SIZE = 100
# Tokens of a corpus that are kept as documents, with what training leaves on them: 300 MB. More are packed, in a file.
UNPACKED = 500_000
START = attrgetter("start")


class Item(NamedTuple):
    """A document of a corpus: an example, as it is or packed, and the number of its reference's tokens.

    shows: the corpus, the kinds of annotation, and the labels of entities and words that can be learned from it."""

    corpus: str
    example: Example | Packed
    length: int
    shows: frozenset[tuple[str, ...]]

    def read(self, nlp: Language) -> Example:
        return self.example if isinstance(self.example, Example) else unpack(self.example, nlp.vocab)


@registry.readers("spacy_cner.MixedCorpus.v1")
def make_mixed_corpus(
    corpora: dict[str, Any],
    sizes: dict[str, float] = SimpleFrozenDict(),
    annotations: dict[str, list[str]] = SimpleFrozenDict(),
    max_length: int = 0,
    seed: int = 0,
    shuffle: bool = True,
) -> "MixedCorpus":
    """Makes a reader that mixes others. Meant for streaming (`[training] max_epochs = -1`), where each epoch is a fresh
    sample in a fresh order.

    corpora: readers by name, such as `spacy.Corpus.v1` blocks, each with or without an augmenter.
    sizes: the number of documents that a corpus gives each epoch, relative to all documents of the corpora without a
        size. 1.0 means a random sample of that size, a new one each epoch (Peng & Dredze 2016, section 3), or all
        documents if there are fewer. Counted before augmentation and cutting. A corpus without a size gives all.
    annotations: the annotation kept of a corpus: "ents", "words" or both. The other kind becomes missing annotation. A
        corpus that is not named keeps both.
    max_length: longer documents are cut into windows of at most this many tokens, see `cut`; 0 for no limit.
    seed: seed of the samples and orders.
    shuffle: if False, the corpora follow one another in order."""
    return MixedCorpus(corpora, sizes, annotations, max_length, seed, shuffle)


class MixedCorpus:
    """A reader that mixes corpora; each call is an epoch.

    spaCy initialises a pipeline from the first 100 examples of a stream. So an epoch begins with examples that show
    every corpus, every kind of annotation, and every label. If 100 examples cannot show all labels, give the labels in
    `[initialize.components]`.

    A `spacy.Corpus.v1` is read once and kept in memory, packed where it is large; its augmenter is applied again each
    epoch. Readers of other kinds are called each epoch. `example.reference.user_data["corpus"]` names the corpus of an
    example.

    Raises InputError for unknown names of corpora or kinds of annotation, for sizes that are not positive, and if all
    corpora have sizes. When called, raises InputError for an empty corpus, and for one that lacks an annotation that
    `annotations` keeps of it."""

    def __init__(
        self,
        corpora: dict[str, ExampleReader],
        sizes: dict[str, float],
        annotations: dict[str, list[str]],
        max_length: int,
        seed: int,
        shuffle: bool,
    ):
        _check(corpora, sizes, annotations, max_length)
        self.corpora, self.sizes, self.annotations = corpora, sizes, annotations
        self.max_length, self.seed, self.shuffle = max_length, seed, shuffle
        self._epoch, self._tokens = 0, 0
        self._kept: dict[tuple[str, Vocab], list[Item]] = {}
        self._scratch = ScratchFile()
        self._shown: dict[
            frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]
        ] = {}  # one object for all that are equal

    def __call__(self, nlp: Language) -> Iterator[Example]:
        rng = random.Random(f"{self.seed} {self._epoch}")
        self._epoch += 1
        items = self._choose(nlp, rng)
        if self.shuffle:
            rng.shuffle(items)
        # Initialisation asks for the first examples many times; the others are made only for training.
        front, rest = _showing_first(items)
        items = front + rest
        scratch = ScratchFile()
        for start, end in ((0, SAMPLE_SIZE), (SAMPLE_SIZE, len(items))):
            made = [made for item in items[start:end] for made in self._make(nlp, item, scratch)]
            if self.shuffle:
                rng.shuffle(made)
            front, rest = _showing_first(made)
            for item in front + rest:
                yield item.read(nlp)

    def _choose(self, nlp: Language, rng: random.Random) -> list[Item]:
        """Draws the documents of this epoch."""
        corpora = {name: self._read(nlp, name) for name in self.corpora}
        whole = sum(len(items) for name, items in corpora.items() if name not in self.sizes)
        chosen: list[Item] = []
        for name, items in corpora.items():
            if name in self.sizes:
                # A label that initialisation has not seen could not be learned from later samples.
                front, rest = _showing_first(rng.sample(items, len(items)))
                count = round(min(len(items), max(1, len(front), self.sizes[name] * whole)))
                items = [*front, *rest][:count]
            chosen.extend(items)
        return chosen

    def _read(self, nlp: Language, name: str) -> list[Item]:
        if (name, nlp.vocab) in self._kept:
            return self._kept[name, nlp.vocab]
        reader = self.corpora[name]
        plain = _plain(reader)
        kinds = self.annotations.get(name, KINDS)
        with fast_spans():
            items = []
            for example in plain(nlp):
                packed = plain is not reader and self._tokens > UNPACKED
                items.append(self._item(name, example, kinds, self._scratch if packed else None))
                self._tokens += len(example.reference)
        if not items:
            where = f" (.spacy files in {reader.path})" if isinstance(reader, Corpus) else ""
            raise InputError(f"expected documents in the corpus {name!r}{where}, got none")
        for kind in self.annotations.get(name, ()):
            if not any((kind,) in item.shows for item in items):
                raise InputError(f"expected a corpus {name!r} with {kind}, got {len(items)} documents without")
        if plain is not reader:
            self._kept[name, nlp.vocab] = items
        return items

    def _make(self, nlp: Language, item: Item, scratch: ScratchFile) -> Iterator[Item]:
        """Yields the training examples made from a document; packed, as it is, in `scratch`."""
        augment, kinds = _augmenter(self.corpora[item.corpus]), self.annotations.get(item.corpus, KINDS)
        if augment is dont_augment and kinds is KINDS and not 0 < self.max_length < item.length:
            yield item
            return
        for example in augment(nlp, item.read(nlp)):
            for part in cut(nlp, keep(example, kinds), self.max_length):
                yield self._item(item.corpus, part, KINDS, None if isinstance(item.example, Example) else scratch)

    def _item(self, corpus: str, example: Example, kinds: Sequence[str], scratch: ScratchFile | None) -> Item:
        """scratch: where to pack the example, or None to keep it as it is."""
        example.reference.user_data[CORPUS_KEY] = corpus
        shows = _shows(corpus, example.reference, kinds)
        shows = self._shown.setdefault(shows, shows)
        return Item(corpus, pack(example, scratch) if scratch else example, len(example.reference), shows)


def keep(example: Example, kinds: Sequence[str]) -> Example:
    """Returns the example with only these KINDS of annotation, and any of neither kind. The given one is not
    changed."""
    drops_ents = ENTS not in kinds and example.reference.has_annotation("ENT_IOB")
    drops_words = WORDS not in kinds and WORDS_KEY in example.reference.spans
    if not (drops_ents or drops_words):
        return example
    reference = example.reference.copy()
    if drops_ents:
        reference.set_ents([], default="missing")
    if drops_words:
        del reference.spans[WORDS_KEY]
    return Example(example.predicted, reference)


def cut(nlp: Language, example: Example, max_length: int) -> Iterator[Example]:
    """Cuts the example into parts of at most `max_length` tokens of its reference (see `windows`), with the annotation
    inside each. Longer entities and words are cut, and their pieces have no annotation. What a teacher thinks of a part
    is kept where each token is a character, and where the teacher is certain that no entity crosses its borders."""
    doc = example.reference
    if not max_length or len(doc) <= max_length:
        yield example
        return
    groups = {key: sorted(group, key=START) for key, group in doc.spans.items()}
    whole: Any = doc  # its type does not know these arguments
    attributes = whole._get_array_attrs()
    rows = whole.to_array(attributes)  # once: Span.as_doc would make it for each part
    thought = doc.user_data.get(KEY) if is_char_doc(doc) else None
    for start, end in windows(doc, max_length):
        reference = whole[start:end].as_doc(copy_user_data=True, array_head=attributes, array=rows)
        reference.user_data.pop(KEY, None)
        if thought and (own := part_of(thought, start, end)):
            reference.user_data[KEY] = own
        for key, spans in groups.items():
            reference.spans[key] = [
                Span(reference, span.start - start, span.end - start, span.label, kb_id=span.kb_id, span_id=span.id)
                for span in spans[bisect_left(spans, start, key=START) : bisect_left(spans, end, key=START)]
                if span.end <= end
            ]
        if reference.has_unknown_spaces:
            words, spaces = [t.text for t in reference], [bool(t.whitespace_) for t in reference]
            yield Example(Doc(nlp.vocab, words=words, spaces=spaces), reference)
        else:
            yield Example(nlp.make_doc(reference.text), reference)


def windows(doc: Doc, size: int) -> Iterator[tuple[int, int]]:
    """Yields start and end of windows of at most `size` tokens that cover `doc`, cut at sentence ends as
    `split_windows` does. A cut inside an entity or word moves back before it, unless that leaves the window empty."""
    tokens = [token.text for token in doc]
    spans = (*doc.ents, *doc.spans.get(WORDS_KEY, ()))
    inside = {i for span in spans for i in range(span.start + 1, span.end)}
    start = 0
    while len(tokens) - start > size:
        # The token after the window may be a quote that closes the sentence.
        limit = start + split_windows(tokens[start : start + size + 1], size)[0][1]
        end = next((i for i in range(limit, start, -1) if i not in inside), limit)
        yield start, end
        start = end
    yield start, len(tokens)


def _showing_first(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Splits items into those that show anything not shown before, and the others, both in order."""
    front, rest, shown = [], [], set()  # type: ignore[var-annotated]
    for item in items:
        (rest if item.shows <= shown else front).append(item)
        shown |= item.shows
    return front, rest


def _shows(corpus: str, reference: Doc, kinds: Sequence[str]) -> frozenset[tuple[str, ...]]:
    shows: set[tuple[str, ...]] = {(CORPUS_KEY, corpus)}
    if ENTS in kinds and reference.has_annotation("ENT_IOB"):
        shows |= {(ENTS,), *((ENTS, corpus, entity.label_) for entity in reference.ents)}
    if WORDS in kinds and WORDS_KEY in reference.spans:
        shows |= {(WORDS,), *((WORDS, corpus, word.label_) for word in reference.spans[WORDS_KEY] if word.label)}
    return frozenset(shows)


def _plain(reader: ExampleReader) -> ExampleReader:
    """Returns spaCy's own reader without its augmenter, and any other reader as it is."""
    if type(reader) is not Corpus:
        return reader
    plain = copy.copy(reader)
    plain.augmenter = dont_augment
    return plain


def _augmenter(reader: ExampleReader) -> Callable[[Language, Example], Iterable[Example]]:
    return reader.augmenter if type(reader) is Corpus else dont_augment


def _check(
    corpora: dict[str, ExampleReader], sizes: dict[str, float], annotations: dict[str, list[str]], max_length: int
) -> None:
    if not corpora:
        raise InputError("expected corpora to mix, got none")
    for name, reader in corpora.items():
        if not callable(reader):
            raise InputError(f"expected a reader (a block with @readers) as the corpus {name!r}, got {reader!r}")
    for argument, names in (("sizes", sizes), ("annotations", annotations)):
        unknown = [name for name in names if name not in corpora]
        if unknown:
            raise InputError(f"expected {argument} for corpora out of {', '.join(corpora)}, got one for {unknown[0]!r}")
    for name, size in sizes.items():
        if not (size > 0 and math.isfinite(size)):
            raise InputError(f"expected a size over 0 for the corpus {name!r}, got {size}")
    if len(sizes) == len(corpora):
        raise InputError("expected a corpus without a size, which the sizes of the others are relative to, got none")
    for name, kinds in annotations.items():
        if not kinds or any(kind not in KINDS for kind in kinds):
            raise InputError(f"expected annotations out of {', '.join(KINDS)} for the corpus {name!r}, got {kinds}")
    if max_length < 0:
        raise InputError(f"expected a max_length of 0 (no limit) or more, got {max_length}")
