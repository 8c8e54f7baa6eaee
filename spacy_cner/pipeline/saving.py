"""What a component saves, with checksums next to it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from spacy import util
from spacy.pipeline import Pipe

from ..errors import InputError
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


@contextmanager
def saved_by_this_version(part: str) -> Iterator[None]:
    """Names the version as the fault where a saved part lacks what this version saves in it."""
    try:
        yield
    except KeyError as error:
        raise InputError(
            f"expected {part!r} as this version of spacy_cner saves it, got one without {error}; make the pipeline "
            "again, or install the version that saved it"
        ) from error


class Sealed:
    """A component's `to_disk` and `from_disk`, with checksums."""

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        super().to_disk(path, exclude=exclude)  # type: ignore[misc]
        seal(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Any:
        check_seal(path)
        return super().from_disk(path, exclude=exclude)  # type: ignore[misc]


class SavedParts(Pipe):
    """A component that is saved in parts: a file of each holds what `to_bytes` has of it."""

    def _save(self) -> dict[str, Callable[[], bytes]]:
        raise NotImplementedError

    def _load(self) -> dict[str, Callable[[bytes], None]]:
        raise NotImplementedError

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return util.to_bytes(self._save(), exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Any:
        def read(data: bytes, part: str, load: Callable[[bytes], None]) -> None:
            with saved_by_this_version(part):
                load(data)

        parts = self._load().items()
        util.from_bytes(bytes_data, {name: partial(read, part=name, load=load) for name, load in parts}, exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        def write(file: Path, save: Callable[[], bytes]) -> None:
            file.write_bytes(save())

        util.to_disk(path, {name: partial(write, save=save) for name, save in self._save().items()}, exclude)
        seal(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Any:
        check_seal(path)

        def read(file: Path, load: Callable[[bytes], None]) -> None:
            with saved_by_this_version(file.name):
                load(file.read_bytes())

        util.from_disk(path, {name: partial(read, load=load) for name, load in self._load().items()}, exclude)
        return self
