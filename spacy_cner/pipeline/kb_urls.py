"""Addresses of the entries of a knowledge base that entities have as identifiers, as `ent._.kb_url`."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from spacy.tokens import Doc, Span

from ..errors import InputError

KB_URLS = "cner_kb_urls"
PLACE = "{}"
WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)


def is_web_address(text: str) -> bool:
    """Whether a string is an address of the web, which a page may link to: no script, no file."""
    return WEB_ADDRESS.fullmatch(text) is not None


def check_template(template: str) -> None:
    """Raises InputError for what is neither empty nor the address of an entry with {} in place of its identifier."""
    if template and not (is_web_address(template) and template.count(PLACE) == 1):
        raise InputError(
            "expected an address with http or https, and with {} in place of the id, such as "
            f"https://www.wikidata.org/wiki/{{}}, got {template!r}"
        )


def fill_template(template: str, identifier: str) -> str:
    """Returns the address of an entry; characters that may not stand in one are escaped."""
    return template.replace(PLACE, quote(identifier, errors="replace"))


def add_kb_urls(doc: Doc, urls: Iterable[tuple[int, int, str, str]]) -> None:
    """Keeps addresses in the document, given as (start, end, identifier, address): characters, as where spaCy keeps
    extensions, so that they stay where documents are joined or cut."""
    data: dict[Any, Any] = doc.user_data
    for start, end, identifier, url in urls:
        data.setdefault(("._.", KB_URLS, start, end), {})[identifier] = url


def kb_url_of(ent: Span) -> str | None:
    """Returns the address of the entry that an entity is: the one that a component has kept for it, or the
    identifier itself where it is an address. None where there is none."""
    if not ent.kb_id:
        return None
    data: dict[Any, Any] = ent.doc.user_data
    url = data.get(("._.", KB_URLS, ent.start_char, ent.end_char), {}).get(ent.kb_id_, ent.kb_id_)
    return url if is_web_address(url) else None


if not Span.has_extension("kb_url"):
    Span.set_extension("kb_url", getter=kb_url_of)
