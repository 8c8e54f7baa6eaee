"""The index from documents to rows of a weight table: templates, the lists they use, and the known features."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy
from spacy.tokens import Doc
from spacy.training.batchers import minibatch_by_words

from ..errors import InputError
from .columns import CHAR_COLUMNS, DOC_COLUMNS, check_columns
from .dictionary import Dictionary
from .extract import Extractor
from .template import columns_of, parse_templates
from .word_list import WordList

NEED_WORDS = {"word", "pos"}
BATCH = 2**16  # characters whose features are counted at once


def check_templates(templates: Iterable[str], lists: Mapping[str, object]) -> None:
    """Raises InputError for templates of tag pairs, for templates that read entities, and for unknown columns that are
    not among the `lists`."""
    parsed = parse_templates(templates)
    for template in parsed:
        if template.bigram or any(column == "tag" for column, _ in template.parts):
            raise InputError(
                "expected templates of single tags that look at characters and words, as a network is trained with "
                f"them, got {template.text!r}; the component cner_features has the others"
            )
    check_columns(columns_of(parsed), lists)


def uses_words(templates: Iterable[str]) -> bool:
    """Returns whether a template looks at the word of a character, or at its part of speech."""
    return not NEED_WORDS.isdisjoint(columns_of(parse_templates(templates)))


def list_columns(templates: Iterable[str]) -> list[str]:
    """Returns the columns of templates that are not built in, so must be lists."""
    return [name for name in columns_of(parse_templates(templates)) if name not in (*CHAR_COLUMNS, *DOC_COLUMNS)]


class FeatureIndex:
    """Finds the rows of features in a weight table.

    templates: see `template`; of single tags, and of columns that a document's characters and words determine.
    lists: word lists by the names that templates use. dictionary: the features that have a row.

    Raises InputError as `check_templates` does."""

    def __init__(self, templates: Iterable[str], lists: Mapping[str, WordList]):
        self.templates = list(templates)
        check_templates(self.templates, lists)
        self.extract = Extractor(self.templates, lists)
        self.dictionary = Dictionary(numpy.zeros(0, dtype="uint64"))

    def __len__(self) -> int:
        """Returns the number of rows, including the row of unknown features."""
        return len(self.dictionary)

    def collect(self, docs: Iterable[Doc], min_count: int) -> None:
        """Gives a row to each feature that occurs at least `min_count` times in these documents of characters."""
        batches = minibatch_by_words(docs, BATCH)
        self.dictionary = Dictionary.from_counts((self.extract(batch, batch).plain for batch in batches), min_count)

    def rows(self, docs: list[Doc]) -> numpy.ndarray:
        """Returns the rows of each character's features, int32 (n, templates), 0 for unknown features. The documents'
        characters are concatenated."""
        return numpy.ascontiguousarray(self.dictionary.rows(self.extract(docs, docs).plain).T)

    def parts(self, docs: list[Doc], points: list[numpy.ndarray]) -> Iterator[numpy.ndarray]:
        """Yields `rows` part by part, which takes little memory. points: the documents' `codepoints`."""
        for features in self.extract.parts(docs, docs, points):
            yield self.dictionary.rows(features.plain).T

    def to_dict(self) -> dict[str, Any]:
        """Returns templates, lists and dictionary, ready for msgpack."""
        lists = {name: words.to_dict() for name, words in self.extract.lists.items()}
        return {"templates": self.templates, "lists": lists, "keys": self.dictionary.to_dict()}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "FeatureIndex":
        """Makes the index that `to_dict` was called on."""
        index = cls(saved["templates"], {name: WordList.from_dict(words) for name, words in saved["lists"].items()})
        index.dictionary = Dictionary.from_dict(saved["keys"])
        return index
