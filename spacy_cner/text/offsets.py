"""Offsets of characters in the units that other languages count in. docs/offsets.md is the contract."""

import unicodedata
from collections.abc import Callable, Sequence
from itertools import accumulate

from ..errors import InputError

CODEPOINT = "codepoint"
# What results can be counted in: code points (Python), units of UTF-16 (JavaScript, Java), bytes of UTF-8 (Go, Rust).
OUTPUT_UNITS = (CODEPOINT, "utf16", "utf8")


def check_output_unit(unit: str) -> None:
    """Raises InputError for anything but one of OUTPUT_UNITS."""
    if unit not in OUTPUT_UNITS:
        raise InputError(f"expected offsets counted in one of {', '.join(OUTPUT_UNITS)}, got {unit!r}")


def from_codepoints(text: str, offsets: Sequence[int], unit: str) -> list[int]:
    """Returns offsets of a text, given in code points and in any order, in a unit of OUTPUT_UNITS.

    Raises InputError for another unit."""
    check_output_unit(unit)
    if unit == CODEPOINT or not text or (text.isascii() if unit == "utf8" else max(text) <= "\uffff"):
        return list(offsets)
    encoding, size = ("utf-8", 1) if unit == "utf8" else ("utf-16-le", 2)
    places, last, total = {}, 0, 0
    for offset in sorted(set(offsets)):
        total += len(text[last:offset].encode(encoding, "surrogatepass")) // size
        places[offset], last = total, offset
    return [places[offset] for offset in offsets]


def _utf16(text: str) -> list[int]:
    return list(accumulate((2 if char > "\uffff" else 1 for char in text), initial=0))


def _utf8(text: str) -> list[int]:
    return list(accumulate((len(char.encode("utf-8", "surrogatepass")) for char in text), initial=0))


def _graphemes(text: str) -> list[int]:
    return list(range(len(cluster_starts(text))))


def cluster_starts(text: str) -> list[int]:
    """Returns where user-perceived characters start, and the length of the text (Unicode Standard Annex 29, without
    the rules for Hangul jamo and Indic scripts)."""
    starts, flags = [], 0
    for i, char in enumerate(text):
        flags = flags + 1 if _is_flag(char) else 0
        # Of a run of flags' letters each second one goes on; `goes_on` would count them again each time.
        if flags % 2 == 1 or (flags == 0 and not (i and goes_on(text, i))):
            starts.append(i)
    return [*starts, len(text)]


def goes_on(text: str, i: int) -> bool:
    """Returns whether the character at `i` belongs to the one before it."""
    before, char = text[i - 1], text[i]
    if before == "\r" and char == "\n":
        return True
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return False
    if _extends(char):
        return True
    if before == "\u200d" and _is_picture(char):
        base = i - 1
        while base and _extends(text[base]):
            base -= 1
        return _is_picture(text[base])
    if _is_flag(before) and _is_flag(char):
        run = 0
        while run < i and _is_flag(text[i - 1 - run]):
            run += 1
        return run % 2 == 1
    return False


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in "\u200c\u200d\uff9e\uff9f"  # joiners, half-width voiced sound marks
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) == "So" or char == "\u2194"


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


# What to count, and a function from a text to the offset of each character and of the end in this unit.
UNITS: dict[str, Callable[[str], list[int]]] = {
    CODEPOINT: lambda text: list(range(len(text) + 1)),
    "utf16": _utf16,
    "utf8": _utf8,
    "grapheme": _graphemes,
}
