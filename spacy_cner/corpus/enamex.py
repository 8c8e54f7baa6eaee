"""The names of OntoNotes: `.name` files, one sentence a line, words separated by spaces, names in ENAMEX elements.

<DOC DOCNO="...">
<ENAMEX TYPE="PERSON">王 海</ENAMEX> 住 在 <ENAMEX TYPE="GPE">大连</ENAMEX> 。
</DOC>
"""

import re
from collections.abc import Iterator
from functools import partial
from html import unescape
from itertools import pairwise

from ..errors import InputError
from .document import AnnotatedText, Entity, trim
from .source import Sentence, Source

# The four types of the Chinese experiments on OntoNotes 4 (Che et al. 2013), under their usual names.
TYPES = {"PERSON": "PER", "ORG": "ORG", "LOC": "LOC", "GPE": "GPE"}
ELEMENT = re.compile(r"<(/?)(\w+)([^<>]*)>")
TYPE = re.compile(r'\bTYPE="([^"]+)"')


def read_enamex(source: Source) -> Iterator[Sentence]:
    """Names of other types than TYPES become plain text, and are noted."""
    for number, line in source.lines():
        if not re.fullmatch(r"\s*</?DOC\b[^<>]*>\s*", line):
            yield source.attempt(number, line, partial(_sentence, source, number, line))


def _sentence(source: Source, number: int, line: str) -> AnnotatedText:
    text, opened = "", ""
    start, at = 0, 0
    borders = [0]
    entities: list[Entity] = []
    for element in [*ELEMENT.finditer(line), None]:
        for i, word in enumerate(re.split(r"(\s+)", unescape(line[at : element.start() if element else None]))):
            text += "" if i % 2 else word
            borders.append(len(text))
        if element is None:
            break
        at = element.end()
        if element[2] != "ENAMEX" or bool(element[1]) != bool(opened):
            raise InputError(f"expected ENAMEX elements that do not overlap, got {element[0]!r}")
        if not element[1]:
            kind = TYPE.search(element[3])
            if kind is None:
                raise InputError(f'expected an ENAMEX element with TYPE="...", got {element[0]!r}')
            opened, start = kind[1], len(text)
            continue
        if opened in TYPES:
            entities.append((start, len(text), TYPES[opened]))
        else:
            source.note(f"name of the type {opened} read as plain text", number)
        opened = ""
    if opened:
        raise InputError(f"expected an </ENAMEX> for each ENAMEX, got none for the last, of the type {opened}")
    return AnnotatedText(text, entities, trim(text, pairwise([*borders, len(text)])))
