"""Data of the training set for a scorer: read when first needed, and again when the file changes."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def of_training_set(read: Callable[[Path], T], path: str | None, scores: str) -> T | None:
    """Returns what `read` makes of the file; None without a path, or if the file is missing on this machine. A warning
    then says once which `scores` are left out."""
    if path is None:
        return None
    if not Path(path).exists():
        _warn_missing(path, scores)
        return None
    files = [Path(path), *Path(path).rglob("*.spacy")]  # a folder's own time is not that of its files
    return _read(read, Path(path), max(file.stat().st_mtime_ns for file in files))


@functools.lru_cache(maxsize=8)
def _read(read: Callable[[Path], Any], path: Path, changed: int) -> Any:
    """Reads the file once for each time of its last change, `changed`."""
    return read(path)


@functools.cache
def _warn_missing(path: str, scores: str) -> None:
    warnings.warn(f"no training set at {path}: {scores} left out", stacklevel=4)
