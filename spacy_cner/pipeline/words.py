"""Tags that mean words: how these are read from scores, and how they get into documents."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy
from spacy.tokens import Doc
from spacy.training import Example

from ..decoding.find_spans import span_probabilities
from ..decoding.tag_scores import Tagged, TagScores
from ..errors import InputError
from ..text.char_view import Roles, gold_word_tags, set_words, token_offsets
from ..text.chars import PUNCTUATION
from ..text.tags import parse_tag, scheme_letters
from ..text.windows import Window, border
from ..text.words import WORDS_KEY
from .retokenize import merge_words
from .settings import Setting
from .tagging import CharTagger

LABEL = "W"  # of all words, where parts of speech are not told apart


class Segmentation(NamedTuple):
    """The words of one document: where they begin, in characters of its text, int64 (n_words,), their labels, and if
    asked for their probabilities, float (n_words,)."""

    starts: numpy.ndarray
    labels: list[str]
    scores: numpy.ndarray | None = None


class WordTagger(CharTagger):
    """Reads tags as words, with parts of speech if asked for, and sets `doc.spans["words"]`."""

    retokenize = Setting[bool](False)
    """True also merges the document's tokens into the words, which are then cut where an entity that is already there
    begins or ends. Components after it that listen to features of characters then fail; those that own their features
    (`cner` by default) go on working."""
    parts_of_speech = Setting[bool](False)
    """True learns the labels of `doc.spans["words"]` too, one tag for both (Ng & Low 2004, "all-at-once,
    character-based"), and sets them; with `retokenize` also `token.tag_`. Words without a label, in a corpus where
    others have one, train nothing."""

    punctuation = Setting[str | None](None)
    """The label of punctuation marks: each is a word of its own then, whatever the tags say, and so are several of the
    same mark, such as ……. None leaves that to the tags. A model that has learned little of them may take them for a
    part of a word or a name."""
    probabilities = Setting[bool](False)
    """True gives `doc.spans["words"].attrs["scores"]`: the probability of each word with its label. Of one that
    punctuation was cut off it is that of the whole."""

    has_outside = False

    @property
    def roles(self) -> dict[str, Roles]:
        """For each label the index of the tag that begins (B), continues (I) and ends (E) a word, and is one (S)."""
        index, letters = {tag: i for i, tag in enumerate(self.tags)}, scheme_letters(self.tag_scheme)
        return {label: {role: index[f"{letter}-{label}"] for role, letter in letters.items()} for label in self.labels}

    def collect_labels(self, examples: Callable[[], list[Example]], given: list[str] | None) -> list[str]:
        found = examples()
        if not any(WORDS_KEY in example.reference.spans for example in found):
            raise InputError(
                f"expected word segmentation in doc.spans[{WORDS_KEY!r}] for the component {self.name!r}, got no "
                "example that has any; see `python -m spacy_cner segment`"
            )
        if not self.parts_of_speech:
            return [LABEL]
        words = (word for example in found for word in example.reference.spans.get(WORDS_KEY, ()))
        labels = sorted({word.label_ for word in words} - {""}) if given is None else given
        if not labels:
            raise InputError(
                f"expected parts of speech as labels in doc.spans[{WORDS_KEY!r}] for the component {self.name!r}, got "
                "no example that has any; set parts_of_speech = false to learn words alone"
            )
        return labels

    def annotated(self, example: Example) -> Iterator[str]:
        return (word.text for word in example.reference.spans.get(WORDS_KEY, ()))

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        return gold_word_tags(example, view, WORDS_KEY, self.roles, labelled=self.parts_of_speech)

    def read(self, views: list[Doc], tagged: Iterable[Tagged]) -> list[Segmentation]:
        """The words of each document."""
        parts: list[list[WordWindow]] = [[] for _ in views]
        firsts = [role[letter] for role in self.roles.values() for letter in "BS"]
        for windows, scores in tagged:
            paths = scores.paths()
            begins = numpy.isin(paths, firsts)
            begins[:, :1] = True
            chances = word_probabilities(scores, paths, begins) if self.probabilities else begins
            for window, *rows in zip(windows, paths, begins, chances):
                parts[window.index].append(WordWindow(window, *(row[: len(window)] for row in rows)))
        labels = numpy.array(
            [parse_tag(tag, self.tag_scheme).label if self.parts_of_speech else "" for tag in self.tags], dtype=object
        )
        words = []
        for view, found in zip(views, parts):
            tags, begin, chance = join_words(found, len(view))
            tokens = labels[tags]
            if self.punctuation is not None:
                marks = numpy.array([token.text in PUNCTUATION for token in view], dtype=bool)
                same = numpy.array([a.text == b.text for a, b in pairwise(view)], dtype=bool)
                begin[1:] = numpy.where(marks[1:] | marks[:-1], ~(marks[1:] & same), begin[1:])
                tokens[marks] = self.punctuation
            own = chance[begin] if self.probabilities else None
            words.append(Segmentation(token_offsets(view)[0][begin], tokens[begin].tolist(), own))
        return words

    def set_annotations(self, docs: Iterable[Doc], found: list[Segmentation]) -> None:
        """Sets `doc.spans["words"]`. White space separates words and is in none. Where a token of the document holds
        several words it counts as one, with the first one's label: its inner borders are left out."""
        for doc, words in zip(docs, found):
            spans = word_spans(doc, words.starts)
            if self.retokenize:
                merge_words(doc, spans)
                spans = [(token.i, token.i + 1) for token in doc if not token.is_space]
            places = numpy.searchsorted(words.starts, [doc[start].idx for start, _ in spans], side="right") - 1
            labelled = [(start, end, words.labels[place]) for (start, end), place in zip(spans, places)]
            set_words(doc, labelled, None if words.scores is None else words.scores[places].tolist())
            if self.retokenize and self.parts_of_speech:
                for start, _, tag in labelled:
                    doc[start].tag_ = tag


class WordWindow(NamedTuple):
    """A window and its tokens' tags, int (n,), whether each begins a word, bool (n,), and the probability of its word,
    float (n,)."""

    window: Window
    tags: numpy.ndarray
    begins: numpy.ndarray
    chances: numpy.ndarray


def join_words(parts: list[WordWindow], length: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Returns the tags, begins and chances of all tokens of a document, (length,) each, from those of its windows. Of
    two that overlap, the second takes over where both begin a word."""
    tags, begins, chances = numpy.zeros(length, dtype="int64"), numpy.zeros(length, dtype=bool), numpy.zeros(length)
    last: Window | None = None
    for part in sorted(parts, key=lambda part: part.window.start):
        window, place = part.window, part.window.start
        if last is not None and window.start < last.stop:
            place = border(last, window, lambda i: bool(begins[i] and part.begins[i - part.window.start]))  # noqa: B023
        for whole, own in zip((tags, begins, chances), part[1:]):
            whole[place : window.stop] = own[place - window.start :]
        begins[place] = True
        last = window
    return tags, begins, chances


def word_probabilities(scores: TagScores, paths: numpy.ndarray, begins: numpy.ndarray) -> numpy.ndarray:
    """Returns the probability of the word that each token is in, float (B, T): of its tags on the path, and that it is
    no longer. `begins`, bool (B, T), says where words begin."""
    spans = []
    for i, length in enumerate(scores.lengths.tolist()):
        first = numpy.flatnonzero(begins[i, :length])
        spans.append(numpy.stack([numpy.full_like(first, i), first, numpy.append(first[1:], length)], axis=1))
    places = numpy.concatenate(spans)
    found = span_probabilities(scores, places, paths)
    chances = numpy.zeros(begins.shape)
    for (i, start, end), chance in zip(places.tolist(), found.tolist()):
        chances[i, start:end] = chance
    return chances


def word_spans(doc: Doc, starts: numpy.ndarray) -> list[tuple[int, int]]:
    """The words as tokens (start, end), from the characters at which they begin."""
    if not len(doc):
        return []
    offsets, _ = token_offsets(doc)
    spaces = doc.to_array("IS_SPACE").astype(bool)
    begins = numpy.isin(offsets, starts) | spaces
    begins[0] = True
    begins[1:] |= spaces[:-1] | doc.to_array("SPACY")[:-1].astype(bool)
    first = numpy.flatnonzero(begins)
    words = numpy.stack([first, numpy.append(first[1:], len(doc))], axis=1)[~spaces[first]]
    return [(start, end) for start, end in words.tolist()]
