"""Segmented text: one sentence a line, words separated by spaces. SIGHAN 2005 and 2008, and the like."""

from collections.abc import Iterator
from functools import partial

from .document import AnnotatedText, join_words
from .source import Sentence, Source


def read_segmented(source: Source) -> Iterator[Sentence]:
    """Reads one sentence a line. Any white space separates words and is not part of the text. Entities are missing."""
    for number, line in source.lines():
        yield source.attempt(number, line, partial(_read_words, line))


def _read_words(line: str) -> AnnotatedText:
    text, words = join_words(line.split())
    return AnnotatedText(text, None, words)
