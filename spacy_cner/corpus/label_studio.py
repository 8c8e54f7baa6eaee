"""Label Studio's exports JSON and JSON-MIN: tasks with the regions that annotators marked in a text."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ..errors import InputError
from .document import AnnotatedText, EntitySpan
from .json_records import records
from .jsonlines import NO_ENTITIES, find_spans, list_of_spans, text_of
from .offsets import CODEPOINT, check_mention, note_borders, note_units, to_codepoints
from .source import Sentence, Source


def read_label_studio(source: Source, *, offsets: str = CODEPOINT) -> Iterator[Sentence]:
    """Reads tasks `{"data": {"text": …}, "annotations": [{"result": [{"value": REGION}]}]}`, a region being
    `{"start": …, "end": …, "labels": […]}`, and the short tasks of JSON-MIN, `{"text": …, "label": [REGION]}`.
    Annotations that were cancelled are left out and noted. Where a region says which text it marks, that is checked.

    offsets: in what they are counted, one of `spacy_cner.corpus.offsets.UNITS`."""
    for number, shown, value in records(source):
        yield source.attempt(number, shown, partial(_read_task, source, number, value, offsets))


def _read_task(source: Source, number: int, task: Any, offsets: str) -> AnnotatedText:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        text = text_of(task)
        entities = find_spans(source, number, task, text, list_of_spans, offsets)
    else:
        text = _text_of_task(task["data"])
        entities = _entities(source, number, task, text, offsets)
        if offsets == CODEPOINT and not _has_mentions(task):
            note_units(source, number, text, entities or [])
        note_borders(source, number, text, entities or [])
    if entities is None:
        source.note(NO_ENTITIES, number)
    return source.annotated(number, text, entities)


def _text_of_task(data: dict[str, Any]) -> str:
    if isinstance(data.get("text"), str):
        return data["text"]
    strings = [key for key, value in data.items() if isinstance(value, str)]
    if len(strings) != 1:
        raise InputError(f'expected a string under "text" of "data", or one string alone, got {", ".join(data)}')
    return data[strings[0]]


def _entities(source: Source, number: int, task: dict[str, Any], text: str, offsets: str) -> list[EntitySpan] | None:
    annotations = task.get("annotations", task.get("completions"))
    if not isinstance(annotations, list):
        raise InputError(f'expected a list under "annotations", got {", ".join(task)}')
    found = []
    for annotation in annotations:
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            raise InputError(f'expected annotations with a list under "result", got {annotation!r:.80}')
        if annotation.get("was_cancelled"):
            source.note("cancelled annotation, left out", number)
        else:
            regions = (_region(source, number, region, text, offsets) for region in annotation["result"])
            found.append(sorted(entity for entity in regions if entity is not None))
    if any(entities != found[0] for entities in found):
        raise InputError(f"expected annotations that agree, got {len(found)} different ones of one text")
    return found[0] if found else None


def _has_mentions(task: dict[str, Any]) -> bool:
    """Returns whether each region says which text it marks, so that its offsets have been checked."""
    annotations = task.get("annotations", task.get("completions"))
    regions = [region for each in annotations or () if not each.get("was_cancelled") for region in each["result"]]
    values = (region["value"] for region in regions if isinstance(region.get("value"), dict))
    return all("text" in value for value in values if "labels" in value)


def _region(source: Source, number: int, region: Any, text: str, offsets: str) -> EntitySpan | None:
    if not isinstance(region, dict):
        raise InputError(f"expected regions that are objects, got {region!r:.80}")
    value = region.get("value")
    if region.get("type", "labels") != "labels" or not isinstance(value, dict) or "labels" not in value:
        source.note(f"{region.get('type', 'region')} of Label Studio, not converted", number)
        return None
    start, end, labels = value.get("start"), value.get("end"), value["labels"]
    if type(start) is not int or type(end) is not int or not isinstance(labels, list) or len(labels) != 1:
        raise InputError(f"expected a region with start, end and one label, got {value!r:.80}")
    if not isinstance(labels[0], str):
        raise InputError(f"expected a region with a string as its label, got {value!r:.80}")
    mention = value.get("text")
    given = (start, end, labels[0])
    try:
        (entity,) = to_codepoints(text, [given], offsets)
    except InputError:
        if offsets != CODEPOINT:
            raise
        entity = given
    if isinstance(mention, str):
        check_mention(text, entity, mention, (start, end))
    return entity
