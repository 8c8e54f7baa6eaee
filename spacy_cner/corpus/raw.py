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
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import InputError

logger = logging.getLogger(__name__)

OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
JSONL = ".jsonl"
MAX_OPEN = 64


def text_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, folders replaced by the .txt and .jsonl files (packed or not) below them, in name order.

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


def raw_lines(paths: Iterable[Path], *, unique: bool = True) -> Iterator[str]:
    """Lines that are not blank, stripped; with `unique`, a line seen before is left out. Undecodable bytes become
    U+FFFD, so that one bad byte never stops a long run. Of a `.jsonl` file, the lines of each record's "text"; lines
    without one are left out, with a warning. Raises InputError as `text_files` does, and for a file that cannot be
    read or unpacked."""
    lines = (line for path in text_files(paths) for line, _ in _lines(path))
    return _unique(lines) if unique else lines


def mixed_lines(paths: Iterable[Path]) -> Iterator[str]:
    """The same lines, each once, but from all files in turn, so that texts of different kinds stand side by side: the
    next one is of the file of which the smallest part has been read. At most MAX_OPEN files are open at once. A file
    that cannot be read any further is left there, with a warning.

    Raises InputError as `text_files` does."""
    return _unique(_in_turn(text_files(paths)))


def _unique(lines: Iterable[str]) -> Iterator[str]:
    seen: set[int] = set()
    for line in lines:
        key = hash(line)
        if key not in seen:
            seen.add(key)
            yield line


def _in_turn(files: list[Path]) -> Iterator[str]:
    waiting = iter(enumerate(files))
    # (part read, number of the file, its lines), the file that was read least first
    opened = [(0.0, number, _lines(path)) for number, path in islice(waiting, MAX_OPEN)]
    while opened:
        _, number, lines = opened[0]
        try:
            line, part = next(lines)
        except (StopIteration, InputError) as end:
            if isinstance(end, InputError):
                logger.warning("%s; its other lines are left out", end)
            heapq.heappop(opened)
            for number, path in islice(waiting, 1):
                heapq.heappush(opened, (0.0, number, _lines(path)))
            continue
        heapq.heapreplace(opened, (part, number, lines))
        yield line


def _lines(path: Path) -> Iterator[tuple[str, float]]:
    """Each line that is not blank, stripped, and which part of the file has been read."""
    packed = OPENERS.get(path.suffix)
    is_json = (path.with_suffix("") if packed else path).suffix == JSONL
    try:
        size = path.stat().st_size or 1
        with path.open("rb") as file:
            plain = io.TextIOWrapper(packed(file) if packed else file, encoding="utf-8-sig", errors="replace")
            for line in _texts(path, plain) if is_json else plain:
                if line := line.strip():
                    yield line, file.tell() / size
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{path}: expected a file that can be read, got {error}") from error


def _texts(path: Path, lines: Iterable[str]) -> Iterator[str]:
    """The lines of the texts of JSON records, one record a line."""
    bad = 0
    for number, line in enumerate(map(str.strip, lines), 1):
        try:
            text = json.loads(line)["text"] if line else ""
            # JSON can spell half of a surrogate pair, which is no text.
            yield from text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").splitlines()
        except (ValueError, TypeError, KeyError, AttributeError):
            if not bad:
                logger.warning('%s:%d: expected {"text": "..."}, got %r; left out', path, number, line[:80])
            bad += 1
    if bad > 1:
        logger.warning("%s: %d lines without a text left out in all", path, bad)
