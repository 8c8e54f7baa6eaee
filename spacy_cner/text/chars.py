"""Characters as the models see them: one code point per token, normalised without changing any length."""

import unicodedata
from functools import lru_cache
from pathlib import Path

import numpy
from spacy.tokens import Doc

from ..errors import InputError

SPACE = " "
# What stands for a masked character: a noncharacter, which Unicode sets aside for use inside of programs (section 23.7
# of the standard), so no text has it.
MASK = "\ufdd0"
SIMPLIFIED = Path(__file__).parent.parent / "assets" / "characters" / "simplified.txt"


def normalize_char(char: str) -> str:
    """Full-width and other compatibility forms to their plain form (NFKC) where that is one character; traditional
    characters to simplified ones; any white space to one space. The result is always one character, so offsets stay
    valid."""
    if char.isspace():
        return SPACE
    normal = unicodedata.normalize("NFKC", char)
    return simplified_forms().get(normal, normal) if len(normal) == 1 else char


@lru_cache(maxsize=1)
def simplified_forms() -> dict[str, str]:
    """Traditional characters, each with its simplified form; those that simplified text has too are not among them."""
    lines = SIMPLIFIED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def normalize_text(text: str) -> str:
    """`normalize_char` on every character: same length as `text`."""
    return "".join(map(normalize_char, text))


@lru_cache(maxsize=1)
def _plain_forms() -> numpy.ndarray:
    # Surrogates are no characters of their own; chr() makes them all the same.
    return numpy.array([ord(normalize_char(chr(i))) for i in range(0x10000)], dtype="uint32")


def normalize_codepoints(codepoints: numpy.ndarray) -> numpy.ndarray:
    """`normalize_char` for arrays; characters beyond the basic plane stay as they are."""
    forms = _plain_forms()
    return numpy.where(codepoints < len(forms), forms[codepoints.clip(max=len(forms) - 1)], codepoints)


def simplify(text: str) -> str:
    """Traditional characters to simplified ones and nothing else: same length as `text`."""
    return text.translate(_simplified_codepoints())


@lru_cache(maxsize=1)
def _simplified_codepoints() -> dict[int, str]:
    return str.maketrans(simplified_forms())


def is_char_doc(doc: Doc) -> bool:
    """True if every token is one character or a run of white space, as spaCy's `char` segmenter makes them."""
    lengths = doc.to_array("LENGTH")
    return bool((lengths == 1).all()) or all(token.is_space for token in doc if len(token) != 1)


def codepoints(doc: Doc) -> numpy.ndarray:
    """The code point of each token's first character, shape (n_tokens,), uint32.

    Raises InputError if a token holds several characters that are not white space."""
    orths, lengths = doc.to_array(["ORTH", "LENGTH"]).T
    if (lengths != 1).any() and not is_char_doc(doc):
        token = next(t for t in doc if len(t) != 1 and not t.is_space)
        raise InputError(
            f"expected a document of one character per token, got the token {token.text!r} (token {token.i}) in "
            f"{doc.text[:40]!r}; use the `char` segmenter, or a `cner` component with a tok2vec of its own, which "
            "works on characters whatever the tokenizer"
        )
    strings = doc.vocab.strings
    return numpy.array([ord(strings[orth][0]) for orth in orths.tolist()], dtype="uint32")


def same_text(doc: Doc, other: Doc) -> bool:
    """Whether two documents have the same text; fast if they have the same tokens."""
    if len(doc) == len(other) and (doc.to_array(["ORTH", "SPACY"]) == other.to_array(["ORTH", "SPACY"])).all():
        return True
    return doc.text == other.text
