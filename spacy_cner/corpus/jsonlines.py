"""JSON lines: one object with a text and its entities a line, as CLUENER has them and as doccano exports them."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..errors import InputError
from .document import AnnotatedText, Entity
from .source import Sentence, Source

GetEntities = Callable[[dict[str, Any], str], list[Entity] | None]

NO_ENTITIES = "object without annotation, its entities are missing"


def read_cluener(source: Source) -> Iterator[Sentence]:
    """`{"text": …, "label": {type: {mention: [[start, end]]}}}`, `end` being the last character of the mention."""
    return read_objects(source, cluener_entities)


def read_doccano(source: Source) -> Iterator[Sentence]:
    """`{"text": …, "label": [[start, end, label]]}`, `end` being after the last character. Also the other names doccano
    has used: `data` for the text, `labels`, and `entities` with objects of `start_offset`, `end_offset` and `label`."""
    return read_objects(source, doccano_entities)


def read_objects(source: Source, get_entities: GetEntities) -> Iterator[Sentence]:
    for number, line in source.lines():
        yield source.attempt(number, line, partial(read_object, source, number, line, get_entities))


def read_object(source: Source, number: int, line: str, get_entities: GetEntities) -> AnnotatedText:
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"expected one JSON object a line, got invalid JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"expected a JSON object, got {type(content).__name__}")
    text = content.get("text", content.get("data"))
    if not isinstance(text, str):
        raise InputError(f'expected a string under "text", got {text!r}')
    entities = get_entities(content, text)
    if entities is None:
        source.note(NO_ENTITIES, number)
    if content.get("relations"):
        source.note("relations, not converted", number)
    return AnnotatedText(text, None if entities is None else sorted(entities))


def cluener_entities(content: dict[str, Any], text: str) -> list[Entity] | None:
    if "label" not in content:
        return None
    try:
        found = [
            (mention, entity(start, last + 1, label))
            for label, mentions in content["label"].items()
            for mention, places in mentions.items()
            for start, last in places
        ]
    except (AttributeError, TypeError, ValueError):
        expected = "{type: {mention: [[start, end]]}}"
        raise InputError(f'expected {expected} under "label", got {content["label"]!r}') from None
    for mention, (start, end, _) in found:
        if text[start:end] != mention:
            raise InputError(f"expected {mention!r} at {start}-{end - 1} (the end counts), got {text[start:end]!r}")
    return [item for _, item in found]


def doccano_entities(content: dict[str, Any], text: str) -> list[Entity] | None:
    key = next((key for key in ("entities", "label", "labels") if key in content), None)
    if key is None:
        return None
    try:
        return [
            entity(item["start_offset"], item["end_offset"], item["label"]) if isinstance(item, dict) else entity(*item)
            for item in content[key]
        ]
    except (KeyError, TypeError):
        raise InputError(f'expected [[start, end, label]] under "{key}", got {content[key]!r}') from None


def entity(start: int, end: int, label: str) -> Entity:
    """Raises TypeError for offsets that are not whole numbers, and for a label that is not a string."""
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise TypeError
    return start, end, label
