"""From documents to features."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from .columns import CharBatch, check_columns
from .hashing import mix, seed_key
from .template import Template, columns_of, parse_templates
from .word_list import WordList


class Features(NamedTuple):
    """One number for each template and character: `plain` uint64 (templates, n), and `bigram` uint64 (templates, n) of
    the templates for pairs of tags. The characters are those of all documents, one after the other."""

    plain: numpy.ndarray
    bigram: numpy.ndarray


class Extractor:
    """Finds the features that templates describe.

    lists: by the names that templates use."""

    def __init__(self, templates: Iterable[str], lists: Mapping[str, WordList]):
        parsed = parse_templates(templates)
        self.plain = [template for template in parsed if not template.bigram]
        self.bigram = [template for template in parsed if template.bigram]
        self.names = columns_of(parsed)
        check_columns(self.names, lists)
        self.lists = lists
        self.margin = max((abs(offset) for template in parsed for _, offset in template.parts), default=0)

    def __call__(self, docs: list[Doc], views: list[Doc]) -> Features:
        """views: the character views of the documents."""
        batch = CharBatch(docs, views, self.margin)
        columns = {name: batch.column(name, self.lists) for name in self.names}
        return Features(*(self._keys(templates, columns, batch) for templates in (self.plain, self.bigram)))

    def _keys(self, templates: list[Template], columns: dict[str, numpy.ndarray], batch: CharBatch) -> numpy.ndarray:
        margin, stop = self.margin, batch.size - self.margin
        places = batch.inside - margin
        found = numpy.empty((len(templates), len(places)), dtype="uint64")
        for template, row in zip(templates, found):
            keys = seed_key(template.seed)
            for name, offset in template.parts:
                keys = mix(keys, columns[name][margin + offset : stop + offset])
            numpy.take(keys, places, out=row)
        return found
