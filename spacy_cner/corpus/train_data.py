"""spaCy's old `TRAIN_DATA` as JSON: `[[text, {"entities": [[start, end, label]]}], …]`."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ..errors import InputError
from .document import AnnotatedText
from .json_records import records
from .jsonlines import NO_ENTITIES, find_spans, list_of_spans
from .offsets import CODEPOINT
from .source import Sentence, Source


def read_train_data(source: Source, *, offsets: str = CODEPOINT) -> Iterator[Sentence]:
    """Reads pairs of a text and its annotations: one array of them, one pair a line, or under "annotations" of an
    object, as some annotation tools write them.

    offsets: in what they are counted, one of `spacy_cner.corpus.offsets.UNITS`."""
    for number, shown, value in records(source, _is_pair):
        if isinstance(value, dict) and isinstance(value.get("annotations"), list) and "text" not in value:
            for pair in value["annotations"]:
                if pair is None:
                    source.note("text without annotation, left out", number)
                else:
                    yield source.attempt(number, str(pair)[:80], partial(_read_pair, source, number, pair, offsets))
        else:
            yield source.attempt(number, shown, partial(_read_pair, source, number, value, offsets))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _read_pair(source: Source, number: int, pair: Any, offsets: str) -> AnnotatedText:
    if isinstance(pair, InputError):
        raise pair
    if not _is_pair(pair) or not isinstance(pair[1], dict):
        raise InputError(f'expected [text, {{"entities": [[start, end, label]]}}], got {str(pair)[:80]}')
    text, annotation = pair
    entities = find_spans(source, number, annotation, text, list_of_spans, offsets)
    if entities is None:
        source.note(NO_ENTITIES, number)
    return source.annotated(number, text, entities)
