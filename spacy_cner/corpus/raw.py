"""Running text from files, compressed files and folders, one stripped line at a time."""

import bz2
import gzip
import lzma
import zlib
from pathlib import Path
from typing import IO, Callable, Iterable, Iterator

from ..errors import InputError

OPENERS: dict[str, Callable[..., IO[str]]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}


def text_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, folders replaced by the `.txt` files (packed or not) below them, in name order.

    Raises InputError for a path that does not exist and for a folder without text."""
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(p for ending in ("", *OPENERS) for p in path.rglob(f"*.txt{ending}") if p.is_file())
            if not found:
                raise InputError(f"{path}: expected a folder with .txt files (.txt.xz, .gz and .bz2 too), found none")
            files.extend(found)
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(f"{path}: expected a text file or a folder, found nothing there")
    return files


def raw_lines(paths: Iterable[Path], *, unique: bool = True) -> Iterator[str]:
    """Lines that are not blank, stripped; with `unique`, a line seen before is left out. Undecodable bytes become
    U+FFFD, so that one bad byte never stops a long run. Raises InputError as `text_files` does, and for a file that
    cannot be read or unpacked."""
    seen: set[int] = set()
    for path in text_files(paths):
        for line in _lines(path):
            key = hash(line)
            if not line or (unique and key in seen):
                continue
            if unique:
                seen.add(key)
            yield line


def _lines(path: Path) -> Iterator[str]:
    try:
        with OPENERS.get(path.suffix, open)(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
            yield from (line.strip() for line in lines)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{path}: expected a file that can be read, got {error}") from error
