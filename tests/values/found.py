"""What tests of values share."""

from datetime import datetime

from spacy_cner.values.find import find_values

NOW = datetime(2026, 11, 26, 10)


def found(text):
    """The values of a text as (their text, their value)."""
    return [(text[value.start : value.end], value.value) for value in find_values(text, NOW)]
