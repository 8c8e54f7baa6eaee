"""The form in which terms and texts are compared; no length changes, so offsets stay."""

import sys
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy

from .chars import SPACE, simplified_forms

PLANE = 0x10000  # characters beyond the basic plane stay as they are
UTF32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"


class Folding(NamedTuple):
    """What is no difference between a term and a text.

    case: of letters. width: full-width and other compatibility forms, and kinds of blanks. script: traditional and
    simplified characters, one by one."""

    case: bool = True
    width: bool = True
    script: bool = True

    def __call__(self, text: str) -> str:
        """Returns the text in the form that is compared, of the same length."""
        codes = numpy.frombuffer(text.encode(UTF32, "surrogatepass"), dtype="uint32")
        forms = _forms(self)
        if len(codes) and codes.max() >= PLANE:
            folded = numpy.where(codes < PLANE, forms[codes.clip(max=PLANE - 1)], codes)
        else:
            folded = forms[codes]
        return folded.tobytes().decode(UTF32, "surrogatepass")


@lru_cache(maxsize=8)
def _forms(folding: Folding) -> numpy.ndarray:
    # Surrogates are not characters, but chr() accepts them.
    return numpy.array([ord(_form(chr(i), folding)) for i in range(PLANE)], dtype="uint32")


def _form(char: str, folding: Folding) -> str:
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"  # half of a character, which no automaton takes
    if folding.width:
        normal = unicodedata.normalize("NFKC", char)
        char = normal if len(normal) == 1 else char
        if char.isspace() and char not in "\n\r\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029":
            char = SPACE
    if folding.script:
        char = simplified_forms().get(char, char)
    if folding.case:
        lower = char.lower()
        char = lower if len(lower) == 1 else char
    return char
