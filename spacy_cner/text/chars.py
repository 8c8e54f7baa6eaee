"""Characters as the models see them: one code point per token, normalised without changing any length."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ..errors import InputError

if TYPE_CHECKING:  # pre-training on a rented machine has no spaCy
    from spacy.tokens import Doc

SPACE = " "
# A masked character: a noncharacter that Unicode reserves for use inside programs (section 23.7 of the standard), so no
# text has it.
MASK = "\ufdd0"
# Chinese punctuation, which is never a part of a word; a full stop or a colon of ASCII may be one of a number.
PUNCTUATION = frozenset("，。！？；：、…“”‘’「」『』《》〈〉（）【】〔〕")
# Chinese characters and their extension A, Korean syllables, surrogates and private use: NFKC changes none of them.
PLAIN_BLOCKS = range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xAC00, 0xD7A4), range(0xD800, 0xF900)
# Emoji beyond the basic plane, and the marks by which several code points make one. Annotated corpora have hardly any,
# so networks do not know that they are no part of a name. They are read as what parts names in text.
EMOJI = range(0x1F000, 0x1FB00), range(0xE0020, 0xE0080)
EMOJI_MARKS = "\u200d\u20e3\ufe0f"  # joiner, keycap, emoji style
READ_AS = ","
SIMPLIFIED = Path(__file__).parent.parent / "assets" / "characters" / "simplified.txt"


def is_emoji(char: str) -> bool:
    """Whether a character is an emoji beyond the basic plane, or a mark that joins or makes one."""
    return char in EMOJI_MARKS or any(ord(char) in block for block in EMOJI)


def first_emoji(text: str) -> str:
    """Returns the first emoji of a text, "" if there is none. Where text is normalised, it would match any comma."""
    return next(filter(is_emoji, text), "")


def normalize_char(char: str) -> str:
    """Normalises a character to a single character, so that offsets stay valid.

    Full-width and other compatibility forms become their plain form (NFKC) if that is one character. Traditional
    characters become simplified, any white space becomes a space, and emoji become commas."""
    if char.isspace():
        return SPACE
    if is_emoji(char):
        return READ_AS
    normal = unicodedata.normalize("NFKC", char)
    return simplified_forms().get(normal, normal) if len(normal) == 1 else char


@lru_cache(maxsize=1)
def simplified_forms() -> dict[str, str]:
    """Returns the simplified form of each traditional character that simplified text does not use."""
    lines = SIMPLIFIED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def normalize_text(text: str) -> str:
    """Applies `normalize_char` to every character; the length stays the same."""
    return "".join(map(normalize_char, text))


def normalize_texts(texts: Iterable[str]) -> list[str]:
    """Applies `normalize_text` to many texts at once; of characters beyond the basic plane only emoji change."""
    texts = list(texts)
    points = numpy.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    plain = normalize_codepoints(points).astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    ends = accumulate(map(len, texts))
    return [plain[end - len(text) : end] for text, end in zip(texts, ends)]


@lru_cache(maxsize=1)
def _plain_forms() -> numpy.ndarray:
    forms = numpy.arange(0x10000, dtype="uint32")
    # Most characters are of blocks where only simplification changes any; to ask for each of them takes long.
    plain = numpy.zeros(0x10000, dtype=bool)
    for block in PLAIN_BLOCKS:
        plain[block.start : block.stop] = True
    for i in numpy.flatnonzero(~plain).tolist():
        forms[i] = ord(normalize_char(chr(i)))
    for traditional, simplified in simplified_forms().items():
        if ord(traditional) < len(forms) and plain[ord(traditional)]:
            forms[ord(traditional)] = ord(simplified)
    return forms


def normalize_codepoints(codepoints: numpy.ndarray) -> numpy.ndarray:
    """Applies `normalize_char` to an array of any shape; of characters beyond the basic plane only emoji change."""
    forms = _plain_forms()
    plain = numpy.where(codepoints < len(forms), forms[codepoints.clip(max=len(forms) - 1)], codepoints)
    for block in EMOJI:
        plain[(codepoints >= block.start) & (codepoints < block.stop)] = ord(READ_AS)
    return plain


def simplify(text: str) -> str:
    """Converts traditional characters to simplified ones, and nothing else; the length stays the same."""
    return text.translate(_simplified_codepoints())


@lru_cache(maxsize=1)
def _simplified_codepoints() -> dict[int, str]:
    return str.maketrans(simplified_forms())


def is_char_doc(doc: "Doc") -> bool:
    """Returns whether every token is one character or a run of white space, as from spaCy's `char` segmenter."""
    lengths = doc.to_array("LENGTH")
    return bool((lengths == 1).all()) or all(token.is_space for token in doc if len(token) != 1)


def codepoints(doc: "Doc") -> numpy.ndarray:
    """Returns the code point of each token's first character, uint32 (n_tokens,).

    Raises InputError if a token holds several characters that are not white space."""
    return codepoints_of([doc])[0]


def codepoints_of(docs: Sequence["Doc"]) -> list[numpy.ndarray]:
    """Returns the `codepoints` of each of these documents; faster than one by one if they share a vocabulary."""
    if not docs:
        return []
    strings = docs[0].vocab.strings
    if any(doc.vocab.strings is not strings for doc in docs):
        return [codepoints(doc) for doc in docs]
    found = [doc.to_array(["ORTH", "LENGTH"]) for doc in docs]
    orths, lengths = numpy.concatenate(found).T
    if (lengths != 1).any():
        for doc in docs:
            _check_chars(doc)
    given = orths.tolist()
    # Many characters, few different ones.
    points = {orth: ord(strings[orth][0]) for orth in set(given)}
    all_points = numpy.fromiter(map(points.__getitem__, given), dtype="uint32", count=len(given))
    return numpy.split(all_points, list(accumulate(map(len, docs)))[:-1])


def _check_chars(doc: "Doc") -> None:
    if not is_char_doc(doc):
        token = next(t for t in doc if len(t) != 1 and not t.is_space)
        raise InputError(
            f"expected a document of one character per token, got the token {token.text!r} (token {token.i}) in "
            f"{doc.text[:40]!r}; use the `char` segmenter, or a `cner` component with a tok2vec of its own, which "
            "works on characters whatever the tokenizer"
        )


def same_text(doc: "Doc", other: "Doc") -> bool:
    """Returns whether two documents have the same text; fast if they have the same tokens."""
    if len(doc) == len(other) and (doc.to_array(["ORTH", "SPACY"]) == other.to_array(["ORTH", "SPACY"])).all():
        return True
    return doc.text == other.text
