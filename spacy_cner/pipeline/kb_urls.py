"""Addresses of the entries of a knowledge base that entities have as identifiers, as `ent._.kb_url`."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from spacy.tokens import Doc, Span

from ..errors import InputError

KB_URLS = "cner_kb_urls"  # of `doc.user_data`: an address for each identifier
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


def add_kb_urls(doc: Doc, urls: Iterable[tuple[str, str]]) -> None:
    """Keeps addresses in the document, given as (identifier, address)."""
    if found := dict(urls):
        doc.user_data[KB_URLS] = {**doc.user_data.get(KB_URLS, {}), **found}


def kb_url_of(ent: Span) -> str | None:
    """Returns the address of the entry that an entity is: the one that a component has kept for its identifier, or the
    identifier itself where it is an address. None where there is none."""
    if not ent.kb_id:
        return None
    url = ent.doc.user_data.get(KB_URLS, {}).get(ent.kb_id_, ent.kb_id_)
    return url if is_web_address(url) else None


if not Span.has_extension("kb_url"):
    Span.set_extension("kb_url", getter=kb_url_of)
