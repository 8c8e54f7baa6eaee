"""Documents as models read them: one token per character, in windows, with gold tags for training."""

import sys
from collections.abc import Iterable, Mapping

import numpy
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab

from ..errors import InputError
from .char_tokenizer import CharTokenizer
from .chars import codepoints, is_char_doc, same_text
from .matches import copy_matches, has_matches
from .spans import touching
from .tags import OUTSIDE, has_ends, spans_to_tags
from .windows import Window, split_windows
from .words import WORDS_KEY, words_of

UTF32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"  # of numpy's code points, without a byte order mark
UNKNOWN = -1  # the tag of a token whose annotation is missing
ENDED = -2  # the same behind a known span whose end the scheme does not mark: the tag does not continue it

Roles = dict[str, int]  # the index of the tag for each role: B, I, E, S


class CharView:
    """Makes character views of documents, whatever their tokenizer.

    words: whether the view's `doc.spans["words"]` gets the document's words (see `words_of`)."""

    def __init__(self, vocab: Vocab, words: bool = False):
        self.words = words
        self._tokenizer = CharTokenizer(vocab)

    def __call__(self, doc: Doc) -> Doc:
        """Returns the document itself if it has one token per character, else a new one with its text."""
        if is_char_doc(doc):
            return doc
        view = self._tokenizer(doc.text)
        if has_matches(doc):
            copy_matches(doc, view, 0, len(doc.text))
        if self.words:
            starts, ends = token_offsets(view)
            kept = [(covering(starts, ends, word.start, word.end), word.tag) for word in words_of(doc)]
            set_words(view, [(part.start, part.stop, tag) for part, tag in kept if part.start < part.stop])
        return view


def windows_of(docs: Iterable[Doc], size: int, *, overlap: int = 0) -> list[Window]:
    """Splits character docs into windows of at most `size` tokens, as `split_windows` does; a doc without tokens has
    none."""
    windows = []
    for index, doc in enumerate(docs):
        borders = [(0, len(doc))]
        if len(doc) > size:
            borders = split_windows(codepoints(doc).tobytes().decode(UTF32), size, overlap)
        windows += [Window(index, start, stop) for start, stop in borders if start < stop]
    return windows


class WindowDocs:
    """Makes documents of windows of character docs. The words of a document are looked up once, as it may have many
    windows."""

    def __init__(self, docs: list[Doc]):
        self.docs = docs
        self._words: dict[int, list[tuple[int, int, str]]] = {}

    def __call__(self, window: Window) -> Doc:
        """Returns what a window covers, with its words; the doc itself if that is all."""
        doc, (start, stop) = self.docs[window.index], (window.start, window.stop)
        if len(window) == len(doc):
            return doc
        # Span.as_doc processes the whole document each time.
        tokens = [doc[i] for i in range(start, stop)]
        spaces = [bool(token.whitespace_) for token in tokens]
        part = Doc(doc.vocab, words=[token.text for token in tokens], spaces=spaces)
        if has_matches(doc):
            copy_matches(doc, part, tokens[0].idx, tokens[-1].idx + len(tokens[-1]))
        if WORDS_KEY in doc.spans:
            inside = self._inside(window)
            borders = [(max(first, start), min(last, stop), tag) for first, last, tag in inside]
            set_words(part, [(first - start, last - start, tag) for first, last, tag in borders])
        return part

    def _inside(self, window: Window) -> list[tuple[int, int, str]]:
        """Words do not overlap, so those of a window stand together in the sorted list."""
        words = self._words.get(window.index)
        if words is None:
            group = self.docs[window.index].spans[WORDS_KEY]
            words = self._words[window.index] = sorted((word.start, word.end, word.label_) for word in group)
        return touching(words, window.start, window.stop)


def set_words(doc: Doc, words: Iterable[tuple[int, int, str]], scores: list[float] | None = None) -> None:
    """Sets `doc.spans["words"]` to words of tokens: start, end (exclusive), and part of speech or "". Its
    `attrs["scores"]` gets the probability of each, if `scores` has these."""
    spans = [Span(doc, start, end, label=tag) for start, end, tag in words]
    attrs = {} if scores is None else {"scores": scores}
    doc.spans[WORDS_KEY] = SpanGroup(doc, name=WORDS_KEY, spans=spans, attrs=attrs)


def gold_entity_tags(example: Example, view: Doc, scheme: str, tag_index: dict[str, int]) -> numpy.ndarray:
    """Returns the index of each token's gold tag in the character view, int64 (n_tokens,).

    It is UNKNOWN where the reference has no annotation, and for an entity whose border lies inside a token of the view
    (a run of white space). In a scheme without ends, it is ENDED instead right behind a known entity.

    Raises InputError if the texts differ, and for an entity label that the model lacks."""
    reference = example.reference
    check_same_text(reference, view)
    tags = numpy.zeros(len(view), dtype="int64")
    if not len(view):
        return tags
    offsets, ends = token_offsets(view)
    for token in _without_annotation(reference):
        tags[covering(offsets, ends, token.idx, token.idx + len(token))] = UNKNOWN
    for entity in reference.ents:
        covered = covering(offsets, ends, entity.start_char, entity.end_char)
        length = covered.stop - covered.start
        if not length:
            continue  # only a space, which belongs to no token of the view
        if offsets[covered][0] != entity.start_char or ends[covered][-1] != entity.end_char:
            tags[covered] = UNKNOWN
            continue
        names = spans_to_tags([(0, length, entity.label_)], length, scheme)
        if names[0] not in tag_index:
            raise InputError(
                f"expected a label that the model was initialised with, got {entity.label_!r} for "
                f"{entity.text!r} in {reference.text[:60]!r}; see add_label"
            )
        tags[covered] = [tag_index[name] for name in names]
    if not has_ends(scheme):
        tags[1:][(tags[1:] == UNKNOWN) & (tags[:-1] > tag_index[OUTSIDE])] = ENDED
    return tags


def gold_word_tags(
    example: Example, view: Doc, key: str, roles: Mapping[str, Roles], *, labelled: bool = False
) -> numpy.ndarray:
    """Returns the index of each token's gold tag in the character view, int64 (n_tokens,), from the words in
    `doc.spans[key]` of the reference.

    It is UNKNOWN at white space and outside of words, and everywhere if there is no such span group. In a scheme
    without ends, the first token behind a word is ENDED instead, be there white space between or not.

    roles: for each label the indices of its tags: B begins, I continues, E ends a word, S is a whole word.
    labelled: whether words have their own labels; the tags of unlabelled words are then UNKNOWN. If False, all words
        have the one label of `roles`.
    Raises InputError if the texts differ, if words overlap, and for a label that `roles` lacks."""
    reference = example.reference
    check_same_text(reference, view)
    tags = numpy.full(len(view), UNKNOWN, dtype="int64")
    if key not in reference.spans or not len(view):
        return tags
    words = reference.spans[key]
    spans = numpy.array([(word.start_char, word.end_char) for word in words], dtype="int64").reshape(-1, 2)
    # White space is skipped, so that words may meet inside a run of it, which is one token.
    solid = numpy.flatnonzero(view.to_array("IS_SPACE") == 0)
    offsets, ends = (borders[solid] for borders in token_offsets(view))
    solid_tags = numpy.full(len(solid), UNKNOWN, dtype="int64")
    only = next(iter(roles))
    # shape: (n_words,), the first token of each word, and the one after its last
    first, stop = numpy.searchsorted(ends, spans[:, 0], side="right"), numpy.searchsorted(offsets, spans[:, 1])
    if (first[1:] < stop[:-1]).any():
        i = int(numpy.argmax(first[1:] < stop[:-1]))
        raise InputError(
            f"expected words in text order that do not overlap, got {words[i].text!r} and {words[i + 1].text!r} in "
            f"doc.spans[{key!r}] of {reference.text[:60]!r}"
        )
    for word, start, end in zip(words, first.tolist(), stop.tolist()):
        label = word.label_ if labelled else only
        if start >= end or not label:
            continue
        if label not in roles:
            raise InputError(
                f"expected a part of speech that the model was initialised with ({', '.join(roles)}), got {label!r} "
                f"for {word.text!r} in {reference.text[:60]!r}"
            )
        role = roles[label]
        solid_tags[start:end] = role["I"]
        solid_tags[end - 1] = role["E"]
        solid_tags[start] = role["B"] if end - start > 1 else role["S"]
    if roles[only]["E"] == roles[only]["I"]:
        solid_tags[1:][(solid_tags[1:] == UNKNOWN) & (solid_tags[:-1] >= 0)] = ENDED
    tags[solid] = solid_tags
    return tags


def check_same_text(reference: Doc, view: Doc) -> None:
    """Raises InputError if the two sides of an example differ in their text."""
    if not same_text(reference, view):
        raise InputError(
            "expected an example whose two sides have the same text, got "
            f"{view.text[:60]!r} and {reference.text[:60]!r}"
        )


def token_offsets(doc: Doc) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns the start and end (exclusive) of each token in characters of the text, int64 (n_tokens,) each."""
    starts = doc.to_array("IDX").astype("int64")
    return starts, starts + doc.to_array("LENGTH").astype("int64")


def _without_annotation(doc: Doc) -> list:
    missing = numpy.flatnonzero(doc.to_array("ENT_IOB") == 0)
    return [doc[int(i)] for i in missing]


def covering(offsets: numpy.ndarray, ends: numpy.ndarray, start: int, end: int) -> slice:
    """Returns the slice of tokens that have a character from start to end (exclusive).

    offsets, ends: where the document's tokens begin and end, as `token_offsets` has them."""
    return slice(int(numpy.searchsorted(ends, start, side="right")), int(numpy.searchsorted(offsets, end, side="left")))


def window_tags(tags: numpy.ndarray, window: Window, continues: numpy.ndarray) -> numpy.ndarray:
    """Returns the gold tags of a window. Tags of an entity or word that its border cuts are UNKNOWN.

    continues: (n_tags, n_tags), the transitions inside an entity."""
    start, end = window.start, window.stop
    part = tags[start:end].copy()

    def inside(cut: int) -> bool:
        # A word may go on behind white space, of which the tag is UNKNOWN.
        before, after = cut - 1, cut
        while before > max(0, cut - len(window)) and tags[before] == UNKNOWN:
            before -= 1
        while after < min(len(tags), cut + len(window)) - 1 and tags[after] == UNKNOWN:
            after += 1
        return tags[before] >= 0 and tags[after] >= 0 and bool(continues[tags[before], tags[after]])

    cut = start
    while 0 < cut < end and inside(cut):
        part[cut - start] = UNKNOWN
        cut += 1
    cut = end
    while start < cut < len(tags) and inside(cut):
        part[cut - 1 - start] = UNKNOWN
        cut -= 1
    return part


def char_offsets(view: Doc, start: int, end: int) -> tuple[int, int]:
    """Where the tokens from `start` to `end` (exclusive) of a character view stand in the text."""
    last = view[end - 1]
    return view[start].idx, last.idx + len(last)
