"""Extraction of features from documents."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from .columns import CharBatch, check_columns
from .hashing import mix, seed_key
from .template import Template, columns_of, parse_templates
from .word_list import WordList

PART = 2**16  # characters


class Features(NamedTuple):
    """The features of n characters, the concatenated characters of all documents; one number for each template.

    plain: uint64 (templates, n), for templates of single tags. bigram: uint64 (templates, n), for templates of tag
    pairs."""

    plain: numpy.ndarray
    bigram: numpy.ndarray


class Extractor:
    """Extracts the features that templates describe.

    lists: word lists by the names that templates use. Raises InputError for a template that is malformed or repeated,
    and for an unknown column."""

    def __init__(self, templates: Iterable[str], lists: Mapping[str, WordList]):
        parsed = parse_templates(templates)
        self.plain = [template for template in parsed if not template.bigram]
        self.bigram = [template for template in parsed if template.bigram]
        self.names = columns_of(parsed)
        check_columns(self.names, lists)
        self.lists = lists
        self.margin = max((abs(offset) for template in parsed for _, offset in template.parts), default=0)

    def __call__(self, docs: list[Doc], views: list[Doc]) -> Features:
        """Extracts the features of documents; `views` are their character views."""
        return next(self.parts(docs, views, size=max(1, sum(map(len, views)))))

    def parts(
        self, docs: list[Doc], views: list[Doc], points: list[numpy.ndarray] | None = None, *, size: int = PART
    ) -> Iterator[Features]:
        """Extracts the features of so many characters at a time, so that long documents take little memory; of none,
        one empty part. points: the views' `codepoints`, if they are known."""
        batch = CharBatch(docs, views, self.margin, points)
        columns = {name: batch.column(name, self.lists) for name in self.names}
        for start in range(0, max(1, len(batch.inside)), size):
            positions = batch.inside[start : start + size]
            yield Features(*(self._keys(templates, columns, positions) for templates in (self.plain, self.bigram)))

    def _keys(
        self, templates: list[Template], columns: dict[str, numpy.ndarray], positions: numpy.ndarray
    ) -> numpy.ndarray:
        found = numpy.empty((len(templates), len(positions)), dtype="uint64")
        if not len(positions):
            return found
        start, stop = int(positions[0]), int(positions[-1]) + 1
        for template, row in zip(templates, found):
            keys = seed_key(template.seed)
            for name, offset in template.parts:
                keys = mix(keys, columns[name][start + offset : stop + offset])
            numpy.take(keys, positions - start, out=row)
        return found
