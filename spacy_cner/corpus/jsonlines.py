"""JSON records with a text and its entities: CLUENER, doccano's and Prodigy's exports."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..errors import InputError
from .document import AnnotatedText, EntitySpan
from .json_records import records
from .offsets import CODEPOINT, check_mention, note_borders, note_units, to_codepoints
from .source import Sentence, Source

# How the tools have called the entities of a text.
SPAN_KEYS = ("label", "labels", "entities", "spans", "annotations", "annotation", "ents")
# Further keys that hold offsets, but no entities.
OTHER_KEYS = ("tokens", "relations", "meta", "comments", "Comments", "cats", "sents")
REJECTED = ("reject", "ignore")
NO_ENTITIES = "object without annotation, its entities are missing"

ParseSpans = Callable[[Any, str, str, str], list[EntitySpan]]  # value, its key, the text, the unit of the offsets


def read_cluener(source: Source, *, offsets: str = CODEPOINT) -> Iterator[Sentence]:
    """Reads `{"text": …, "label": {type: {mention: [[start, end]]}}}`, `end` being the last character of the mention.

    offsets: in what they are counted, one of `spacy_cner.corpus.offsets.UNITS`."""
    return read_objects(source, cluener_spans, offsets=offsets)


def read_doccano(source: Source, *, offsets: str = CODEPOINT) -> Iterator[Sentence]:
    """Reads `{"text": …, "label": [[start, end, label]]}`, `end` being after the last character. A text may be called
    `data` as well, the entities any of SPAN_KEYS; these may be objects of `start_offset`, `end_offset` and `label`, or
    `start`, `end` and `label`.

    offsets: in what they are counted, one of `spacy_cner.corpus.offsets.UNITS`."""
    return read_objects(source, list_of_spans, offsets=offsets)


def read_prodigy(source: Source, *, offsets: str = CODEPOINT) -> Iterator[Sentence]:
    """Reads Prodigy's `{"text": …, "spans": [{"start": …, "end": …, "label": …}], "answer": "accept"}`. An accepted
    text without spans has no entities. Answers to yes-or-no questions are left out: they do not say which further
    entities a text has.

    offsets: in what they are counted, one of `spacy_cner.corpus.offsets.UNITS`."""
    return read_objects(source, list_of_spans, offsets=offsets, is_prodigy=True)


def read_objects(source: Source, parse: ParseSpans, *, offsets: str, is_prodigy: bool = False) -> Iterator[Sentence]:
    """Yields the text of each object. Objects whose answer is one of REJECTED are left out and noted."""
    for number, shown, value in records(source):
        if isinstance(value, dict) and value.get("answer") in REJECTED:
            source.note(f"object with the answer {value['answer']}, left out", number)
        elif is_prodigy and isinstance(value, dict) and value.get("_is_binary") is True:
            source.note("object that answers a yes-or-no question, left out", number)
        else:
            yield source.attempt(
                number, shown, partial(_read_object, source, number, value, parse, offsets, is_prodigy)
            )


def _read_object(
    source: Source, number: int, content: Any, parse: ParseSpans, offsets: str, is_prodigy: bool
) -> AnnotatedText:
    text = text_of(content)
    entities = find_spans(source, number, content, text, parse, offsets)
    if entities is None and is_prodigy and content.get("answer") == "accept":
        entities = []
    if entities is None:
        source.note(NO_ENTITIES, number)
    if content.get("relations"):
        source.note("relations, not converted", number)
    return source.annotated(number, text, entities)


def text_of(content: Any) -> str:
    """Returns the text of an object. Raises InputError where there is none, and the error that stands for an object
    that could not be decoded."""
    if isinstance(content, InputError):
        raise content
    if not isinstance(content, dict):
        raise InputError(f"expected a JSON object, got {type(content).__name__}")
    text = content.get("text", content.get("data"))
    if not isinstance(text, str):
        raise InputError(f'expected a string under "text", got {text!r:.80}')
    return text


def find_spans(
    source: Source, number: int, content: dict[str, Any], text: str, parse: ParseSpans, offsets: str
) -> list[EntitySpan] | None:
    """Returns the entities under the one of SPAN_KEYS that is filled, in code points; None without any annotation.

    Raises InputError where two keys are filled and disagree, and where there is none but another key that looks like
    annotation."""
    filled = [key for key in SPAN_KEYS if content.get(key) not in (None, [], {})]
    found = {key: sorted(parse(content[key], key, text, offsets)) for key in filled}
    others = [key for key, value in content.items() if key not in SPAN_KEYS + OTHER_KEYS and _has_spans(value)]
    if len({tuple(entities) for entities in found.values()}) > 1:
        raise InputError(f"expected one key with annotation, got {' and '.join(filled)}, which do not agree")
    if others and not filled:
        raise InputError(f"expected annotation under one of {', '.join(SPAN_KEYS)}, got {', '.join(content)}")
    for key in others:
        source.note(f"key {key!r} that looks like annotation, not read", number)
    if not filled:
        return [] if any(content.get(key) is not None for key in SPAN_KEYS) else None
    entities = found[filled[0]]
    if offsets == CODEPOINT and parse is list_of_spans:
        note_units(source, number, text, entities)
    note_borders(source, number, text, entities)
    return entities


def _has_spans(value: Any) -> bool:
    """Returns whether a value holds pairs of offsets, somewhere up to four levels deep."""
    level = [value]
    for _ in range(4):
        for one in level:
            if isinstance(one, list) and len(one) >= 2 and all(type(offset) is int for offset in one[:2]):
                return True
            if isinstance(one, dict) and any(str(key).lower().startswith("start") for key in one):
                return True
        inner = [one for one in level if isinstance(one, (list, dict))]
        level = [item for one in inner for item in (one.values() if isinstance(one, dict) else one)][:1000]
    return False


def cluener_spans(value: Any, key: str, text: str, offsets: str) -> list[EntitySpan]:
    """Returns the entities of CLUENER's nested objects. Raises InputError for others and for a wrong mention."""
    try:
        found = [
            (mention, span(start, last + 1, label))
            for label, mentions in value.items()
            for mention, places in mentions.items()
            for start, last in places
        ]
    except (AttributeError, TypeError, ValueError):
        expected = "{type: {mention: [[start, end]]}}"
        raise InputError(f'expected {expected} under "{key}", got {value!r:.80}') from None
    entities = []
    for mention, (start, end, label) in found:
        entity = (start, end, label)
        try:
            (entity,) = to_codepoints(text, [entity], offsets)
        except InputError:
            if offsets != CODEPOINT:
                raise
        check_mention(text, entity, mention, (start, end), f"{start}-{end - 1} (the end counts)")
        entities.append(entity)
    return entities


def list_of_spans(value: Any, key: str, text: str, offsets: str) -> list[EntitySpan]:
    """Returns the entities of a list of lists or objects. Raises InputError for others, and for one whose own "text" is
    not what stands at its offsets."""
    try:
        found = [(span_of(item), item) for item in value]
    except (KeyError, TypeError):
        if isinstance(value, list) and any(isinstance(item, dict) and type(item.get("label")) is int for item in value):
            expected = f'expected labels by their names under "{key}", got numbers'
            raise InputError(f"{expected}, whose names this file does not hold: {value!r:.80}") from None
        raise InputError(f'expected [[start, end, label]] under "{key}", got {value!r:.80}') from None
    given = [entity for entity, _ in found]
    entities = to_codepoints(text, given, offsets)
    for entity, (start, end, _), (_, item) in zip(entities, given, found):
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            check_mention(text, entity, item["text"], (start, end))
    return entities


def span_of(item: Any) -> EntitySpan:
    """Returns the entity of a list or an object. Raises KeyError or TypeError for anything else, such as a label that
    is a number."""
    if not isinstance(item, dict):
        return span(*item)
    start = item["start_offset"] if "start_offset" in item else item["start"]
    end = item["end_offset"] if "end_offset" in item else item["end"]
    if "label" in item:
        return span(start, end, item["label"])
    (label,) = item["labels"] if len(item["labels"]) == 1 else [None]
    return span(start, end, label)


def span(start: int, end: int, label: Any) -> EntitySpan:
    """Raises TypeError for offsets that are not whole numbers, and for a label that is not a string."""
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise TypeError
    return start, end, label
