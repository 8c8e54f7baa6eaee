"""Offsets of entities as annotation tools count them: in code points, UTF-16 units, bytes of UTF-8 or user-perceived
characters; and what makes one suspect that they were counted in another way."""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ..errors import InputError
from ..text.offsets import CODEPOINT, UNITS, cluster_starts, goes_on
from .document import EntitySpan
from .source import Source

# Characters that are one code point but two units of UTF-16, or that are a part of what a user sees as one character.
SEVERAL_UNITS = re.compile("[\U00010000-\U0010ffff\u0300-\u036f\u200d\ufe00-\ufe0f\u20e3]")
# White space of a mention is often written in another way: a blank for all kinds in brat, `\n` for a line end in
# Label Studio, one blank for several.
WHITE_SPACE = re.compile(r"\\n|\s")
OPENING, CLOSING = "([{<（［｛〈《「『【〔“‘«", ")]}>）］｝〉》」』】〕”’»"
NO_PUNCTUATION = "@#&%*"  # @somebody, #topic: these belong to names


def to_codepoints(text: str, entities: list[EntitySpan], unit: str) -> list[EntitySpan]:
    """Returns the entities with their offsets in code points, as Python counts.

    unit: one of UNITS, in which the offsets are counted.
    Raises InputError for an unknown unit, and for an offset inside of a character or outside of the text."""
    if unit not in UNITS:
        raise InputError(f"expected offsets counted in one of {', '.join(UNITS)}, got {unit!r}")
    if unit == CODEPOINT:
        _check_end(text, entities)
        return entities
    borders, places = _borders(text, unit)

    def place(offset: int) -> int:
        found = bisect_left(borders, offset)
        if offset < 0 or found == len(borders):
            raise InputError(f"expected offsets inside of 0-{borders[-1]} in {unit}, got {str(offset)[:20]}")
        if borders[found] != offset:
            raise InputError(f"expected offsets between characters in {unit}, got {offset}")
        return places[found]

    return [(place(start), place(end), label) for start, end, label in entities]


@lru_cache(maxsize=len(UNITS))  # of one text, a file may have thousands of entities
def _borders(text: str, unit: str) -> tuple[Sequence[int], Sequence[int]]:
    """Returns the offsets of the characters and of the end in a unit, and the same ones in code points."""
    if unit == "grapheme":
        starts = array("q", cluster_starts(text))
        return range(len(starts)), starts
    return array("q", UNITS[unit](text)), range(len(text) + 1)


def _check_end(text: str, entities: list[EntitySpan]) -> None:
    beyond = max((end for _, end, _ in entities), default=0)
    if beyond > len(text) and beyond <= _borders(text, "utf16")[0][-1]:
        raise InputError(
            f"expected offsets inside of 0-{len(text)}, got {beyond}, which is inside of the text if it is counted in "
            "UTF-16 (--offsets utf16)"
        )


def find_unit(text: str, start: int, end: int, mention: str) -> str | None:
    """Returns the unit in which a mention stands from `start` to `end`, or None where it stands there in none."""
    for unit in UNITS:
        try:
            ((first, last, _),) = to_codepoints(text, [(start, end, "")], unit)
        except InputError:
            continue
        if text[first:last] == mention:
            return unit
    return None


def check_mention(text: str, entity: EntitySpan, mention: str, given: tuple[int, int], where: str = "") -> None:
    """Raises InputError where an entity is not the mention that the file gives for it. White space is not compared.

    given: the offsets as the file counts them, the end after the last character. where: how the file writes them."""
    found = text[entity[0] : entity[1]]
    if found != mention and WHITE_SPACE.sub("", found) != WHITE_SPACE.sub("", mention):
        unit = find_unit(text, *given, mention)
        hint = f"; it stands there if offsets are counted in {unit} (--offsets {unit})" if unit else ""
        where = where or f"{given[0]} {given[1]} of the text"
        raise InputError(f"expected {mention!r} at {where}, got {found!r}{hint}")


def note_units(source: Source, line: int, text: str, entities: list[EntitySpan]) -> None:
    """Notes a text where offsets in code points differ from offsets in other units before an entity ends."""
    last = min(len(text), max((end for _, end, _ in entities), default=0))
    if SEVERAL_UNITS.search(text, 0, last):
        description = "text with emoji, rare or combined characters before an entity, whose offset is right only if it"
        source.note(f"{description} counts code points (see --offsets)", line)


def note_borders(source: Source, line: int, text: str, entities: Iterable[EntitySpan]) -> None:
    """Notes entities that begin or end where names rarely do: a sign that offsets are wrong."""
    for start, end, _ in entities:
        if not 0 <= start < end <= len(text):
            continue
        if any(_cuts_word(text, border) for border in (start, end)):
            source.note("entity that begins or ends inside of a Latin word or a number", line)
        elif any(_cuts_character(text, border) for border in (start, end)):
            source.note("entity that begins or ends inside of a combined character or emoji", line)
        elif _has_loose_punctuation(text[start:end]):
            source.note("entity that begins or ends in punctuation", line)


def _cuts_word(text: str, border: int) -> bool:
    if not 0 < border < len(text):
        return False
    before, after = text[border - 1], text[border]
    return (_is_latin(before) and _is_latin(after)) or (before.isdecimal() and after.isdecimal())


def _is_latin(char: str) -> bool:
    return "a" <= char.lower() <= "z" or ("\u00c0" <= char <= "\u024f" and char.isalpha())


def _cuts_character(text: str, border: int) -> bool:
    return 0 < border < len(text) and goes_on(text, border)


def _has_loose_punctuation(mention: str) -> bool:
    first, last = mention[0], mention[-1]
    if first in OPENING and CLOSING[OPENING.index(first)] in mention:
        first = ""
    if last in CLOSING and OPENING[CLOSING.index(last)] in mention:
        last = ""
    if last == "." and len(mention) > 1 and _is_latin(mention[-2]):
        last = ""  # Inc.
    return any(
        char and char not in NO_PUNCTUATION and unicodedata.category(char).startswith("P") for char in (first, last)
    )
