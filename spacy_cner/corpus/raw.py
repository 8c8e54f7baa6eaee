"""Running text from files (plain, JSONL, compressed) and folders, one stripped line at a time."""

import bz2
import gzip
import heapq
import io
import json
import logging
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import CorpusError, InputError
from .encoding import CESU, SAMPLE, from_escaped, recognise_head

logger = logging.getLogger(__name__)

OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
JSONL = ".jsonl"
MAX_OPEN = 64
# A longer line is no running text, but a file that would fill the memory.
MAX_LINE = 10_000_000
UNPACKING = (OSError, EOFError, lzma.LZMAError, zlib.error)


@dataclass
class TextCounts:
    """What was read of raw text, and what was left out, by reason.

    lines: that are not blank. repeated: lines that were there before. without_text: records of JSONL without a text.
    wrong_bytes: lines read with U+FFFD for bytes that are not in the file's encoding.
    short: pieces that are too short. unread: pieces after the limit was reached, 1 if there are any."""

    lines: int = 0
    repeated: int = 0
    without_text: int = 0
    wrong_bytes: int = 0
    short: int = 0
    unread: int = 0

    def left_out(self) -> dict[str, int]:
        """Returns how much was left out for each reason that occurred."""
        reasons = {
            "repeated": self.repeated,
            "too short": self.short,
            "without a text": self.without_text,
        }
        return {reason: count for reason, count in reasons.items() if count}


def text_files(paths: Iterable[Path]) -> list[Path]:
    """Returns the files themselves, folders replaced by the .txt and .jsonl files (packed or not) below them, in name
    order.

    Raises InputError for a path that does not exist and for a folder without text."""
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            endings = [kind + packed for kind in (".txt", JSONL) for packed in ("", *OPENERS)]
            found = sorted(p for ending in endings for p in path.rglob(f"*{ending}") if p.is_file())
            if not found:
                raise InputError(
                    f"{path}: expected a folder with .txt files or .jsonl files (.xz, .gz and .bz2 too), found none"
                )
            files.extend(found)
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(f"{path}: expected a text file or a folder, found nothing there")
    return files


def raw_lines(paths: Iterable[Path], *, unique: bool = True, counts: TextCounts | None = None) -> Iterator[str]:
    """Yields lines that are not blank, stripped.

    unique: leaves out a line that was there before.
    counts: where to count what is read and what is left out.

    The encoding of each file is recognised as `spacy_cner.corpus.encoding` does it. Single bytes that are not in it
    become U+FFFD, with a warning, so that one bad byte never stops a long run. Of a `.jsonl` file, yields the lines of
    each record's "text"; records without one are left out, with a warning. Raises InputError as `text_files` does, and
    for a file that cannot be read or unpacked, or whose encoding cannot be told."""
    counts = counts or TextCounts()
    encodings = {path: text_encoding(path) for path in text_files(paths)}
    lines = (line for path, encoding in encodings.items() for line, _ in _lines(path, encoding, counts))
    return _unique(lines, counts) if unique else lines


def mixed_lines(paths: Iterable[Path], *, counts: TextCounts | None = None) -> Iterator[str]:
    """Yields the same lines, each once, but from all files in turn, so that texts of different kinds mix: the next line
    is from the file of which the smallest part has been read. At most MAX_OPEN files are open at once. A file that
    cannot be read any further is left there, with a warning.

    Raises InputError as `text_files` does, and for a file whose encoding cannot be told."""
    counts = counts or TextCounts()
    encodings = [(path, text_encoding(path)) for path in text_files(paths)]
    return _unique(_in_turn(encodings, counts), counts)


def text_encoding(path: Path) -> str:
    """Returns the encoding of a file of running text, by its first lines with a byte beyond ASCII.

    Raises CorpusError where it cannot be told. A file that cannot be unpacked counts as UTF-8 here."""
    head = b""
    try:
        with path.open("rb") as file:
            stream: BinaryIO = OPENERS[path.suffix](file) if path.suffix in OPENERS else file
            for _ in range(256):
                block = stream.read(SAMPLE)
                head = head + block if not head.isascii() else block
                if not block or not head.isascii():
                    break
            if head:
                head += stream.read(SAMPLE)
    except UNPACKING:
        pass
    return recognise_head(head, path) if head.strip() else "utf-8-sig"


def _unique(lines: Iterable[str], counts: TextCounts) -> Iterator[str]:
    seen: set[int] = set()
    for line in lines:
        key = hash(line)
        if key in seen:
            counts.repeated += 1
        else:
            seen.add(key)
            yield line


def _in_turn(files: list[tuple[Path, str]], counts: TextCounts) -> Iterator[str]:
    waiting = iter(enumerate(files))
    # (part read, number of the file, its lines), the file that was read least first
    opened = [(0.0, number, _lines(*file, counts)) for number, file in islice(waiting, MAX_OPEN)]
    while opened:
        _, number, lines = opened[0]
        try:
            line, part = next(lines)
        except (StopIteration, InputError) as end:
            if isinstance(end, InputError):
                logger.warning("%s; its other lines are left out", end)
            heapq.heappop(opened)
            for number, file in islice(waiting, 1):
                heapq.heappush(opened, (0.0, number, _lines(*file, counts)))
            continue
        heapq.heapreplace(opened, (part, number, lines))
        yield line


def _lines(path: Path, encoding: str, counts: TextCounts) -> Iterator[tuple[str, float]]:
    """Yields each line that is not blank, stripped, and which part of the file has been read."""
    packed = OPENERS.get(path.suffix)
    is_json = (path.with_suffix("") if packed else path).suffix == JSONL
    wrong = 0
    try:
        size = path.stat().st_size or 1
        with path.open("rb") as file:
            name, errors = ("utf-8", "surrogateescape") if encoding == CESU else (encoding, "replace")
            plain = io.TextIOWrapper(packed(file) if packed else file, encoding=name, errors=errors)
            whole = _whole_lines(path, plain)
            if encoding == CESU:
                whole = map(from_escaped, whole)
            for line in _texts(path, whole, counts) if is_json else whole:
                if line := line.strip():
                    counts.lines += 1
                    wrong += "\ufffd" in line
                    yield line, file.tell() / size
    except UNPACKING as error:
        raise InputError(f"{path}: expected a file that can be read, got {error}") from error
    finally:
        counts.wrong_bytes += wrong
    if wrong:
        logger.warning(
            "%s: %d lines with U+FFFD, for bytes that are not in %s or were lost before", path, wrong, encoding
        )


def _whole_lines(path: Path, plain: io.TextIOWrapper) -> Iterator[str]:
    """Yields the lines of a file. Raises CorpusError for one of more than MAX_LINE characters."""
    number = 0
    while line := plain.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE and not line.endswith("\n"):
            raise CorpusError(
                f"expected lines of at most {MAX_LINE:,} characters, got a longer one", path=path, line=number
            )
        yield line


def _texts(path: Path, lines: Iterable[str], counts: TextCounts) -> Iterator[str]:
    """Yields the lines of the texts of JSON records, one record a line."""
    bad = 0
    for number, line in enumerate(map(str.strip, lines), 1):
        try:
            text = json.loads(line)["text"] if line else ""
            # JSON can spell half of a surrogate pair, which is no text.
            yield from text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").splitlines()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            if not bad:
                logger.warning('%s:%d: expected {"text": "..."}, got %r; left out', path, number, line[:80])
            bad += 1
    counts.without_text += bad
    if bad > 1:
        logger.warning("%s: %d lines without a text left out in all", path, bad)
