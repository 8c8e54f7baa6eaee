"""What "today" is for a document: `doc._.reference_date`."""

import re
from datetime import datetime

from spacy.tokens import Doc

from ..errors import InputError


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
    given = doc._.reference_date
    return given.replace(tzinfo=None) if isinstance(given, datetime) else parse_reference(given)


def set_reference(doc: Doc, moment: str) -> None:
    """Has a document carry a reference."""
    doc._.reference_date = moment


if not Doc.has_extension("reference_date"):
    Doc.set_extension("reference_date", default=None)
