"""Bytes to text: UTF-8, CESU-8 and GB18030 are told apart by strict decoding, others can be named."""

import codecs
import re
from pathlib import Path

from ..errors import CorpusError, InputError

CESU = "cesu-8"
# From strict to permissive: UTF-8 is never valid by accident, GB18030 often is, so it must hold no control character.
DETECTED = ("utf-8", CESU, "gb18030")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def decode(data: bytes, path: Path, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file's bytes, without a byte order mark, and the name of its encoding.

    With `cesu-8`, characters written as two surrogates are joined where both halves stand side by side; a half on its
    own stays in the text. RAISES: InputError for an unknown encoding; CorpusError for a file that is empty, binary or
    not in the encoding."""
    if not data.strip():
        raise CorpusError("expected text, the file is empty", path=path)
    if encoding is not None:
        try:
            text = decode_as(data, encoding)
        except UnicodeDecodeError as error:
            raise undecodable(data, path, error, encoding) from None
    else:
        encoding, text = detect(data, path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CorpusError("expected text, got a binary file (it holds NUL characters)", path=path, line=line)
    return text, encoding


def detect(data: bytes, path: Path) -> tuple[str, str]:
    first_error = None
    for encoding in DETECTED:
        try:
            text = decode_as(data, encoding)
        except UnicodeDecodeError as error:
            first_error = first_error or error
        else:
            if encoding != "gb18030" or not CONTROL.search(text):
                return encoding, text
    assert first_error is not None  # a text that decodes as UTF-8 has been returned
    if CONTROL.search(data.decode("latin-1")):
        line = data.count(b"\n", 0, first_error.start) + 1
        raise CorpusError("expected text, got a binary file (or name its encoding)", path=path, line=line)
    raise undecodable(data, path, first_error, " or ".join(DETECTED))


def decode_as(data: bytes, encoding: str) -> str:
    """Strict decoding. Raises UnicodeDecodeError, and InputError for an encoding that Python does not know."""
    if encoding.lower() == CESU:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogatepass")
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    try:
        name = codecs.lookup(encoding).name
        text = data.decode("utf-8-sig" if name == "utf-8" else name)
    except LookupError:
        raise InputError(f"expected an encoding that Python knows, or {CESU}, got {encoding!r}") from None
    return text


def undecodable(data: bytes, path: Path, error: UnicodeDecodeError, expected: str) -> CorpusError:
    line = data.count(b"\n", 0, error.start) + 1
    context = data[max(0, error.start - 8) : error.start + 8]
    return CorpusError(f"expected text in {expected}, got bytes that are not: {context!r}", path=path, line=line)
