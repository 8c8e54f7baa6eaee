"""The names of OntoNotes: `.name` files, one sentence a line, words separated by spaces, names in ENAMEX elements.

<DOC DOCNO="...">
<ENAMEX TYPE="PERSON">王 海</ENAMEX> 住 在 <ENAMEX TYPE="GPE">大连</ENAMEX> 。
</DOC>
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from ..errors import InputError
from .document import AnnotatedText, EntitySpan, trim
from .source import Sentence, Source

# The four types of the Chinese experiments on OntoNotes 4 (Che et al. 2013), under their usual names.
TYPES = {"PERSON": "PER", "ORG": "ORG", "LOC": "LOC", "GPE": "GPE"}
ELEMENT = re.compile(r"<(/?)(\w+)\b([^<>]*)>")
TYPE = re.compile(r'\bTYPE="([^"]+)"')
PARTIAL = re.compile(r'\b[SE]_OFF="')
# The references of XML. Those of HTML are not among them: `R&notice` is text.
REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
REFERENCES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|x[0-9A-Fa-f]{7,});")


def read_enamex(source: Source) -> Iterator[Sentence]:
    """Reads one sentence a line. Names of other types than TYPES become plain text, and are noted. So are names with an
    S_OFF or E_OFF, which say that a name begins or ends inside of a word: they are read as whole words."""
    for number, line in source.lines():
        if not re.fullmatch(r"\s*</?DOC\b[^<>]*>\s*", line):
            yield source.attempt(number, line, partial(_read_sentence, source, number, line))


def _read_sentence(source: Source, number: int, line: str) -> AnnotatedText:
    pieces: list[str] = []
    opened = ""
    start = length = at = 0
    borders = [0]
    entities: list[EntitySpan] = []
    for element in [*ELEMENT.finditer(line), None]:
        for i, word in enumerate(re.split(r"(\s+)", line[at : element.start() if element else None])):
            if i % 2 == 0:
                pieces.append(unescape(word))
                length += len(pieces[-1])
            borders.append(length)
        if element is None:
            break
        at = element.end()
        if element[2] != "ENAMEX":
            raise InputError(f"expected no elements but ENAMEX, got {element[0]!r}")
        if bool(element[1]) != bool(opened):
            raise InputError(f"expected ENAMEX elements that do not overlap, got {element[0]!r}")
        if not element[1]:
            kind = TYPE.search(element[3])
            if kind is None:
                raise InputError(f'expected an ENAMEX element with TYPE="...", got {element[0]!r}')
            if PARTIAL.search(element[3]):
                source.note("name with S_OFF or E_OFF (a part of a word), read as whole words", number)
            opened, start = kind[1], length
            continue
        if opened in TYPES:
            entities.append((start, length, TYPES[opened]))
        else:
            source.note(f"name of the type {opened} read as plain text", number)
        opened = ""
    if opened:
        raise InputError(f"expected an </ENAMEX> for each ENAMEX, got none for the last, of the type {opened}")
    text = "".join(pieces)
    return source.annotated(number, text, entities, trim(text, pairwise([*borders, len(text)])))


def unescape(text: str) -> str:
    """Returns the text with XML's references replaced. Raises InputError for a number that is no character."""
    if LONG_REFERENCE.search(text):
        raise InputError(f"expected a reference to a character, got {text[:40]!r}")
    return REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match) -> str:
    if reference[1]:
        return REFERENCES[reference[1]]
    number = int(reference[2]) if reference[2] else int(reference[3], 16)
    if not (number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF):
        raise InputError(f"expected a reference to a character, got {reference[0]!r}")
    return chr(number)
