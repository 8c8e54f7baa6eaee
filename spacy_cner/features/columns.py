"""The columns that templates read: one integer for each character of a batch of documents."""

from collections.abc import Callable, Iterable, Mapping

import numpy
from spacy.tokens import Doc

from ..errors import InputError
from ..text.char_view import token_offsets
from ..text.chars import codepoints_of, normalize_codepoints
from ..text.matches import longest, matches_of
from ..text.words import border_column, category_column, tagged_words_of, words_of
from .classes import char_classes
from .word_list import WordList

EDGE = -1  # the value before and after a document, in all columns

DocColumn = Callable[[Doc, numpy.ndarray, numpy.ndarray], numpy.ndarray]


def word_column(doc: Doc, starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """Returns the position of each character in its word, int64 (n,); `border_column` says how it is coded."""
    return border_column(words_of(doc), starts, ends)


def pos_column(doc: Doc, starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """Returns the category of the part of speech of each character's word, int64 (n,)."""
    return category_column(tagged_words_of(doc), starts, ends)


def tag_column(doc: Doc, starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """Returns the BIOES tags of `doc.ents`, which an earlier recogniser has set, int64 (n,)."""
    return _span_tags([(entity.start_char, entity.end_char, entity.label) for entity in doc.ents], starts, ends)


def _span_tags(spans: list[tuple[int, int, int]], starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    tags = numpy.zeros(len(starts), dtype="int64")
    for start, end, name in spans:
        first = int(numpy.searchsorted(ends, start, side="right"))
        stop = int(numpy.searchsorted(starts, end))
        # Hashes of labels are the same everywhere; dropping four bits makes room for the position in the span.
        label = int(name) >> 4
        tags[first:stop] = label * 5 + 2
        tags[stop - 1 : stop] = label * 5 + 3
        tags[first : first + 1] = label * 5 + (4 if stop - first == 1 else 1)
    return tags


def known_column(doc: Doc, starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """Returns the BIOES tags of the terms that a `cner_dictionary` has found, the longest of the first, int64 (n,)."""
    spans = [(match.start, match.end, doc.vocab.strings.add(match.label)) for match in longest(matches_of(doc))]
    return _span_tags(spans, starts, ends)


# Columns by name that need more of a document than its characters.
DOC_COLUMNS: dict[str, DocColumn] = {"word": word_column, "pos": pos_column, "tag": tag_column, "known": known_column}
CHAR_COLUMNS = ("c", "class")


def check_columns(names: Iterable[str], lists: Mapping[str, object]) -> None:
    """Raises InputError for an unknown column, and for a list with the name of a built-in column."""
    own = [*CHAR_COLUMNS, *DOC_COLUMNS]
    for name in names:
        if name not in own and name not in lists:
            raise InputError(f"expected a column out of {', '.join([*own, *lists])}, got {name!r} in a template")
    for name in lists:
        if name in own:
            raise InputError(f"expected a list with a name of its own, got {name!r}, which is a column already")


class CharBatch:
    """Concatenated documents, with `margin` EDGEs before, between and after them. So the neighbours of all characters
    are found by shifting an array.

    docs: documents with any tokens. views: their character views, with one token per character. points: the
    `codepoints` of these, if they are known.
    inside: (n,), the indices of the characters in the arrays of length N that `column` returns."""

    def __init__(self, docs: list[Doc], views: list[Doc], margin: int, points: list[numpy.ndarray] | None = None):
        self.docs, self.views, self.margin = docs, views, margin
        lengths = numpy.array([len(view) for view in views], dtype="int64")
        ends = numpy.cumsum(lengths + margin)
        self.size = int(ends[-1]) + margin if len(ends) else margin
        before = margin * numpy.repeat(numpy.arange(1, len(views) + 1), lengths)
        self.inside = numpy.arange(lengths.sum()) + before
        plain = codepoints_of(views) if points is None else points
        self._chars = self._spread(normalize_codepoints(numpy.concatenate(plain)) if plain else numpy.zeros(0))

    def column(self, name: str, lists: Mapping[str, WordList]) -> numpy.ndarray:
        """Returns the column of this name, int64 (N,)."""
        if name == "c":
            return self._chars
        if name in DOC_COLUMNS:
            parts = [DOC_COLUMNS[name](doc, *token_offsets(view)) for doc, view in zip(self.docs, self.views)]
            return self._spread(numpy.concatenate(parts) if parts else numpy.zeros(0))
        values = char_classes(self._chars) if name == "class" else lists[name].match(self._chars)
        return numpy.where(self._chars == EDGE, EDGE, values)

    def _spread(self, values: numpy.ndarray) -> numpy.ndarray:
        column = numpy.full(self.size, EDGE, dtype="int64")
        column[self.inside] = values
        return column
