"""Checksums next to what a component saves."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..files import CHECKSUMS, check_files, write_checksums


def seal(folder: str | Path) -> None:
    """Writes the checksums of a component's files once they are saved. Those of the whole pipeline around them, which
    were of what was there before, are removed."""
    write_checksums(Path(folder))
    (Path(folder).parent / CHECKSUMS).unlink(missing_ok=True)


def check_seal(folder: str | Path) -> None:
    """Compares the component's files, and those of the pipeline around them, with the checksums if there are any.

    Raises InputError, with the file's name, for a file that is not the one that was saved."""
    check_files(Path(folder).parent)
    check_files(Path(folder))


class Sealed:
    """A component's `to_disk` and `from_disk`, with checksums."""

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        super().to_disk(path, exclude=exclude)  # type: ignore[misc]
        seal(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Any:
        check_seal(path)
        return super().from_disk(path, exclude=exclude)  # type: ignore[misc]
