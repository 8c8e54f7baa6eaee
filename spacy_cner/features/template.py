"""Feature templates, as readable as CRF++'s: `c[-1]c[0]` is the pair of the character before and the current one."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from ..errors import InputError

STATE_BIGRAM = "B:"
TEMPLATE_PART = re.compile(r"([a-z_][a-z0-9_]*)\[([+-]?\d+)\]")


class Template(NamedTuple):
    """A parsed template.

    parts: pairs of column and offset, which together make one feature at each character. bigram: whether the feature
    scores the pair of tags before and at the character ("state bigram x observation", Feng et al. 2008, Table 2)."""

    text: str
    parts: tuple[tuple[str, int], ...]
    bigram: bool

    @property
    def seed(self) -> int:
        """A number of 64 bits that distinguishes this template's features from all others', in any list of
        templates."""
        canonical = "".join(f"{column}[{offset}]" for column, offset in self.parts)
        return int.from_bytes(blake2b(canonical.encode(), digest_size=8).digest(), "little")


def parse_template(text: str) -> Template:
    """Parses `column[offset]column[offset]...`, with the prefix `B:` for pairs of tags. Raises InputError for anything
    else."""
    bigram = text.startswith(STATE_BIGRAM)
    body = text.removeprefix(STATE_BIGRAM)
    parts = tuple((match[1], int(match[2])) for match in TEMPLATE_PART.finditer(body))
    if not parts or "".join(match[0] for match in TEMPLATE_PART.finditer(body)) != body:
        raise InputError(f"expected a template like 'c[0]', 'c[-1]class[0]' or 'B:c[0]', got {text!r}")
    return Template(text, parts, bigram)


def parse_templates(texts: Iterable[str]) -> list[Template]:
    """Parses templates. Raises InputError for a template that is malformed or repeated."""
    templates = [parse_template(text) for text in texts]
    seen = set()
    for template in templates:
        if (template.parts, template.bigram) in seen:
            raise InputError(f"expected each template once, got {template.text!r} again")
        seen.add((template.parts, template.bigram))
    return templates


def columns_of(templates: Iterable[Template]) -> list[str]:
    """Returns the columns that templates read, each once."""
    return list(dict.fromkeys(column for template in templates for column, _ in template.parts))
