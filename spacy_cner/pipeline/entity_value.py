"""What an entity says in a normal form, as `ent._.value`.

Values are kept by characters, as probabilities are, and in the span group of `cner_values`, which a DocBin saves."""

from collections.abc import Mapping
from typing import Any

from spacy.tokens import Span

from .scores import places_of

VALUES = "cner_values"  # of `doc.user_data`, by characters; of a span group's attributes


def set_value(span: Span, value: str) -> None:
    """Keeps the value of this very span: start, end and label."""
    span.doc.user_data.setdefault(_key(span), {})[span.label_] = value


def entity_value(span: Span) -> str | None:
    """Returns the value of this very span (start, end and label), None for a span without one."""
    known: Mapping[str, str] = span.doc.user_data.get(_key(span), {})
    if span.label_ in known:
        return known[span.label_]
    place = span.start_char, span.end_char, span.label_
    for group in span.doc.spans.values():
        if values := group.attrs.get(VALUES):
            found = dict(zip(places_of(group), values))
            if place in found:
                return found[place]
    return None


def value_of(ent: Span) -> Any:
    """Returns `ent._.value`, whichever component sets it, None where none does."""
    return ent._.value


def _key(span: Span) -> Any:
    return "._.", VALUES, span.start_char, span.end_char


if not Span.has_extension("value"):
    Span.set_extension("value", getter=entity_value)
