"""What "today" is for a document: `doc._.reference_date`.

A `datetime` is kept as a string: a document that holds one can neither be saved nor sent to another process."""

import re
from datetime import datetime
from typing import Any

from spacy.tokens import Doc

from ..errors import InputError

REFERENCE = "._.", "reference_date", None, None  # of `doc.user_data`, where spaCy keeps extensions


def parse_reference(text: str | None) -> datetime | None:
    """Returns the moment that a string in ISO 8601 names, without its time zone. Raises InputError for another one."""
    if text is None:
        return None
    try:
        # Python 3.10 reads neither Z nor fractions of other lengths than 3 and 6.
        text = re.sub(r"(?<=:\d\d)\.(\d{1,6})\d*", lambda fraction: f".{fraction[1]:0<6}", text)
        return datetime.fromisoformat(re.sub("(:.*)[Zz]$", r"\1+00:00", text)).replace(tzinfo=None)
    except (TypeError, ValueError):
        raise InputError(f"expected a date or time in ISO 8601, such as 2026-11-26T10:00, got {text!r}") from None


def reference_of(doc: Doc) -> datetime | None:
    """Returns the reference that a document carries. Raises InputError for what is no moment."""
    return parse_reference(doc._.reference_date)


def set_reference(doc: Doc, moment: str | datetime | None) -> None:
    """Has a document carry a reference."""
    data: dict[Any, Any] = doc.user_data
    data[REFERENCE] = moment.isoformat() if isinstance(moment, datetime) else moment


def _reference(doc: Doc) -> str | None:
    data: dict[Any, Any] = doc.user_data
    return data.get(REFERENCE)


if not Doc.has_extension("reference_date"):
    Doc.set_extension("reference_date", getter=_reference, setter=set_reference)
