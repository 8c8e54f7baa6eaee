"""What an entity says in a normal form, as `ent._.value`.

Values are kept by characters, as probabilities are, and in the span group of `cner_values`, which a DocBin saves."""

from typing import Any

from spacy.tokens import Doc, Span

from ..text.groups import places_of
from .scores import sign_of

FILLED = "cner_values_filled"
VALUES = "cner_values"  # of `doc.user_data`, by characters; of a span group's attributes


def set_value(span: Span, value: str) -> None:
    """Keeps the value of this very span: start, end and label."""
    span.doc.user_data.setdefault(_key(span), {})[span.label_] = value


def entity_value(span: Span) -> str | None:
    """Returns the value of this very span (start, end and label), None for a span without one."""
    data: dict[Any, Any] = span.doc.user_data
    if span.label_ not in data.get(_key(span), {}) and sign_of(span.doc, FILLED) not in data:
        _fill(span.doc)
    return data.get(_key(span), {}).get(span.label_)


def _fill(doc: Doc) -> None:
    """Takes over the values of span groups, once, for documents that were read from a DocBin."""
    data: dict[Any, Any] = doc.user_data
    for group in doc.spans.values():
        for (start, end, label), value in zip(places_of(group), group.attrs.get(VALUES) or ()):
            data.setdefault(("._.", VALUES, start, end), {}).setdefault(label, value)
    data[sign_of(doc, FILLED)] = True


def value_of(ent: Span) -> Any:
    """Returns `ent._.value`, whichever component sets it, None where none does."""
    return ent._.value


def _key(span: Span) -> Any:
    return "._.", VALUES, span.start_char, span.end_char


if not Span.has_extension("value"):
    Span.set_extension("value", getter=entity_value)
