"""Bytes to text: UTF-8, CESU-8, UTF-16 and UTF-32 with a byte order mark, GB18030 and Big5 are recognised; other
encodings can be named."""

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from ..errors import CorpusError, InputError
from .plausible import decode_start, is_certain, plausibility, ranked

CESU = "cesu-8"
RECOGNISED = "UTF-8, CESU-8, GB18030, Big5, and UTF-16 with a byte order mark"
# UTF-32 first: its mark begins as that of UTF-16 does.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
CONTROL_BYTE = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# Encodings of seven bits, which would be read as ASCII.
SEVEN_BITS = re.compile(rb"\x1b\$[@-C(]|~\{(?:[!-}]{2})+~\}")
PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
SAMPLE = 1 << 16
NAME_IT = "save the file as UTF-8, or tell convert or prepare its encoding (--encoding)"


def decode(data: bytes, path: Path | str, encoding: str | None = None) -> tuple[str, str]:
    """Returns the text of a file's bytes, without a byte order mark, and the name of its encoding.

    With `cesu-8`, characters written as two surrogates are joined where both halves stand next to each other; a half
    without its other half stays in the text.

    RAISES: InputError for an unknown encoding. CorpusError for a file that is empty, binary or not in the encoding, and
    for one whose encoding cannot be told for certain."""
    if not data.strip():
        raise CorpusError("expected text, the file is empty", path=path)
    if encoding is None:
        encoding = recognise(data, path)
    try:
        text = decode_as(data, encoding)
    except UnicodeDecodeError as error:
        raise undecodable(path, error, encoding) from None
    except UnicodeError as error:
        raise CorpusError(f"expected text in {encoding}, got bytes that are not ({error})", path=path) from None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise CorpusError("expected text, the file is empty", path=path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CorpusError("expected text, got a binary file (it holds NUL characters)", path=path, line=line)
    return text, encoding


def recognise(data: bytes, path: Path | str) -> str:
    """Returns the encoding of a file's bytes. Raises CorpusError where it cannot be told for certain."""
    mark = next((mark for mark in MARKS if data.startswith(mark)), None)
    if mark is not None:
        return MARKS[mark]
    if data.isascii():
        found = SEVEN_BITS.search(data)
        if found:
            line = data.count(b"\n", 0, found.start()) + 1
            expected = f"expected text in {RECOGNISED}, got what may be ISO-2022 or HZ; {NAME_IT}"
            raise CorpusError(expected, path=path, line=line)
        return "utf-8"
    first_error = None
    for encoding in ("utf-8", CESU):
        try:
            decode_as(data, encoding)
        except UnicodeDecodeError as error:
            first_error = first_error or error
        else:
            return encoding
    assert first_error is not None
    line = data.count(b"\n", 0, first_error.start) + 1
    if CONTROL_BYTE.search(data):
        raise CorpusError(f"expected text, got a binary file, or UTF-16; {NAME_IT}", path=path, line=line)
    guesses = ranked(sample_of(data))
    if not guesses:
        raise undecodable(path, first_error, RECOGNISED)
    if not is_certain(guesses):
        names = " or ".join(guess.encoding for guess in guesses[:3])
        raise CorpusError(
            f"expected text in {RECOGNISED}, got bytes that may be {names}; {NAME_IT}", path=path, line=line
        )
    return guesses[0].encoding


def sample_of(data: bytes) -> bytes:
    """Returns the first lines with a byte beyond ASCII, about SAMPLE bytes of them."""
    lines, size = [], 0
    for line in data.split(b"\n") if len(data) <= 16 * SAMPLE else data[: 256 * SAMPLE].split(b"\n"):
        if not line.isascii():
            lines.append(line)
            size += len(line)
            if size > SAMPLE:
                break
    return b"\n".join(lines)


def recognise_head(head: bytes, path: Path | str) -> str:
    """Returns the encoding of running text by its first bytes, of which a few may be wrong. Raises CorpusError where it
    cannot be told for certain."""
    if head.startswith(tuple(MARKS)):
        return recognise(head, path)
    head = head.replace(b"\r", b"\n")
    head = head.rpartition(b"\n")[0] or head  # the last character of a long line may be cut
    text = head.decode("utf-8-sig", errors="replace")
    wrong = text.count("\ufffd") - head.count("\ufffd".encode())
    right = sum(char > "\x7f" and char != "\ufffd" for char in text)
    if wrong <= right / 2 and b"\0" not in head:
        return "utf-8-sig"
    lines = head.split(b"\n")
    for encoding in ("gb18030", "big5hkscs"):
        good = [line for line in lines if _can_decode(line, encoding, is_cut=len(lines) == 1)]
        if len(good) > 0.9 * len(lines) and plausibility(decode_start(b"\n".join(good), encoding)) > 0.9:
            lines = good  # a few lines with wrong bytes are marked, not refused
            break
    return recognise(b"\n".join(lines), path)


def _can_decode(line: bytes, encoding: str, is_cut: bool) -> bool:
    try:
        decode_start(line, encoding) if is_cut else line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def input_lines(stream: BinaryIO, name: str = "standard input") -> list[str]:
    """Returns the lines of a stream without their ends; its encoding is recognised as that of a file is.

    Raises CorpusError as `decode` does, but an empty stream has no lines."""
    data = stream.read()
    if not data.strip():
        return []
    text = decode(data, name)[0]
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def from_escaped(text: str) -> str:
    """Returns CESU-8 that was decoded as UTF-8 with `surrogateescape`, with U+FFFD for what is no text."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        return decode_as(data, CESU).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except UnicodeError:
        return data.decode("utf-8", "replace")


def decode_as(data: bytes, encoding: str) -> str:
    """Decodes strictly. Raises UnicodeError, and InputError for an encoding that Python does not know."""
    if encoding.lower() == CESU:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogatepass")
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    try:
        name = codecs.lookup(encoding).name
        return data.decode("utf-8-sig" if name == "utf-8" else name)
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeError):
            raise
        raise InputError(f"expected an encoding that Python knows, or {CESU}, got {encoding!r}") from None


def undecodable(path: Path | str, error: UnicodeDecodeError, expected: str) -> CorpusError:
    context = error.object[max(0, error.start - 8) : error.start + 8]
    before = error.object[: error.start]  # its place is that in what it could not decode, without a mark
    line = before.decode(error.encoding, "ignore").count("\n") + 1
    message = f"expected text in {expected}, got bytes that are not: {context!r}; {NAME_IT}"
    return CorpusError(message, path=path, line=line)
