"""Files and folders that get their names once they are whole, and checksums that tell whether they still are.

Everything is written in a temporary folder `NAME.*.part` next to its place, and renamed. So a process that fails or is
killed leaves what was there before. The next one that writes to the same place removes what it has left: a folder
whose lock nobody holds, or an empty one."""

import errno
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from .errors import InputError

PART = ".part"
LOCK, OLD = "lock", "old"  # in a temporary folder: held by its process; what is about to be replaced
CHECKSUMS = "cner_checksums.json"
# A file that replaced one of these would be no use to the program that reads from it.
STREAMS = (Path("/dev/stdout"), Path("/dev/stderr"))
LONGEST = 60  # characters of a name that its temporary folder repeats


@contextmanager
def temporary_folder(name: str, parent: Path | None = None) -> Iterator[Path]:
    """Makes a folder `NAME.*.part` for the block, and removes it and those that killed processes have left there.

    parent: by default the system's folder for temporary files."""
    parent = parent or Path(tempfile.gettempdir())
    for left in parent.glob(f"{glob.escape(name[:LONGEST])}.*{PART}"):
        _remove_if_left(left)
    folder, lock = _make(name, parent)
    try:
        yield folder
    finally:
        _empty(folder)
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _make(name: str, parent: Path) -> tuple[Path, BaseFileLock]:
    """Makes a temporary folder, and takes its lock before anything else is in it."""
    while True:
        folder = Path(tempfile.mkdtemp(PART, f"{name[:LONGEST]}.", parent))
        lock = FileLock(folder / LOCK)
        try:
            lock.acquire()
        except NotImplementedError:  # a file system without locks
            return folder, lock
        except FileNotFoundError:
            continue  # another process has just taken it for one that a kill left
        if (folder / LOCK).is_file():
            return folder, lock
        lock.release()


def _remove_if_left(folder: Path) -> None:
    """Removes a temporary folder whose process has ended: nobody holds its lock, or it is empty. What was moved there
    to be replaced, and never was, goes back to its place."""
    with suppress(OSError):
        folder.rmdir()
    if not (folder / LOCK).is_file():
        return
    with suppress(Timeout, NotImplementedError, OSError):
        with FileLock(folder / LOCK, timeout=0):
            for old in (folder / OLD).glob("*"):
                if not (folder.parent / old.name).exists():
                    old.rename(folder.parent / old.name)
            _empty(folder)
        shutil.rmtree(folder, ignore_errors=True)  # Windows keeps the lock's file while it is open


def _empty(folder: Path) -> None:
    """Removes all but the lock, by which the next process knows the folder if this one is killed meanwhile."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK:
                path.unlink()


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Gives the path to write a file to in the block. At its end the file gets the name `path`, in place of an older
    one, whose permissions it takes. Folders around it are made; a link stays one. What is no regular file, such as
    /dev/null or a pipe, is written to as it is.

    Raises OSError, with `path` as its file name, for what cannot be written."""
    with _place_for(path) as folder:
        if folder is None:
            yield path
            return
        target, new = path.resolve(), folder / "new"
        yield new
        to_disk(new)
        if target.exists():
            shutil.copymode(target, new)
        os.replace(new, target)


def check_writable(*paths: Path | None) -> None:
    """Raises OSError for files that `new_file` could not write, before there is anything to write. It makes the folders
    around them. None: no file is wanted."""
    for path in filter(None, paths):
        with _place_for(path):
            pass


def check_folder_writable(path: Path) -> None:
    """Raises OSError for a folder that `new_folder` could not make, as `check_writable` does for files."""
    with _beside(path):
        pass


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Gives a temporary folder next to the file or folder to write. Errors name `path`."""
    target = path.resolve()
    with _about(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(target.name, target.parent) as folder:
            yield folder


@contextmanager
def _place_for(path: Path) -> Iterator[Path | None]:
    """Gives a temporary folder next to a file to write; None for what is no regular file."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path in STREAMS or (path.exists() and not path.is_file()):
        yield None
        return
    with _beside(path) as folder:
        yield folder


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Gives the path of a folder to make and fill in the block. At its end it gets the name `path`, in place of an
    older folder. Raises OSError as `new_file` does."""
    target = path.resolve()
    with _beside(path) as folder:
        new, old = folder / "new", folder / OLD / target.name
        yield new
        for file in new.rglob("*"):
            if file.is_file():
                to_disk(file)
        old.parent.mkdir()
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        old.parent.rename(folder / "replaced")  # else a kill while it is removed could bring back a half of it


def check_own(folder: Path, *patterns: str) -> None:
    """Raises InputError if a folder that is to be replaced holds anything else than files of these names."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [entry.name for entry in entries if not any(map(entry.match, patterns))]
    if others:
        raise InputError(
            f"{folder}: expected nothing there, or {', '.join(patterns)} alone to replace, "
            f"found {', '.join(others[:3])}"
        )


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Names the file that was meant in errors about the temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (error.filename is not None and PART not in str(error.filename)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def to_disk(file: Path) -> None:
    with file.open("r+b") as written:
        os.fsync(written.fileno())


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file as `new_file` does."""
    with new_file(path) as new:
        new.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes a file in UTF-8, as `new_file` does."""
    write_bytes(path, text.encode("utf-8"))


# Checksums


def sha256(path: Path) -> str:
    """Returns the checksum of a file, as hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def write_checksums(folder: Path) -> None:
    """Writes the checksums of all files in a folder to CHECKSUMS in it. Folders in it that have a file of their own are
    left to that."""
    write_bytes(folder / CHECKSUMS, json.dumps({name: sha256(folder / name) for name in _names(folder)}).encode())


def _names(folder: Path, above: str = "") -> Iterator[str]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            if not (entry / CHECKSUMS).is_file():
                yield from _names(entry, f"{above}{entry.name}/")
        elif entry.name != CHECKSUMS:
            yield above + entry.name


def check_files(folder: Path) -> None:
    """Compares the files of a folder with the checksums in it; without checksums, does nothing.

    Raises InputError, with the file's name, for a file that is not the one that was saved."""
    statement = folder / CHECKSUMS
    if not statement.is_file():
        return
    try:
        checksums = dict(json.loads(statement.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{statement}: expected the checksums of the files next to it, got {error}") from None
    for name, expected in checksums.items():
        _compare(folder / name, sha256(folder / name) if (folder / name).is_file() else "no file", expected, statement)


def check_described(path: Path) -> Path:
    """Returns where the description of a file to write goes: the same name with .json. Raises InputError if that is the
    file itself, or exists and is no description, and OSError as `check_writable` does."""
    check_writable(path)
    description = path.with_suffix(".json")
    if path == description:
        raise InputError(f"{path}: expected another ending than .json, which is that of the description next to it")
    if description.exists() and _description(description) is None:
        raise InputError(f"{description}: expected nothing there, or a description to replace, got something else")
    return description


def write_described(path: Path, data: bytes, facts: dict[str, Any]) -> dict[str, Any]:
    """Writes a file, and its description: the file's name, its checksum and size, and facts.

    RETURNS: the description. Raises InputError as `check_described` does."""
    description = check_described(path)
    contents = {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **facts}
    description.unlink(missing_ok=True)  # a kill then leaves no file with the description of another
    write_bytes(path, data)
    write_text(description, json.dumps(contents, ensure_ascii=False, indent=1) + "\n")
    return contents


def read_described(path: Path) -> bytes:
    """Returns the contents of a file, compared with the checksum in its description if there is one next to it.

    Raises InputError, with the file's name, for another checksum, and OSError if the file cannot be read."""
    data, description = path.read_bytes(), path.with_suffix(".json")
    stated = _description(description)
    if stated is not None and stated.get("file", path.name) == path.name:
        _compare(path, hashlib.sha256(data).hexdigest(), stated["sha256"], description)
    return data


def _description(path: Path) -> dict[str, Any] | None:
    """Returns the contents of a description, or None for anything else."""
    try:
        contents = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return contents if isinstance(contents, dict) and "sha256" in contents else None


def _compare(file: Path, found: str, expected: Any, statement: Path) -> None:
    if found != expected:
        raise InputError(
            f"{file}: expected the file that was saved, with SHA-256 {str(expected):.12}..., got {found:.12}; the file "
            f"is damaged or was changed (if you changed it, remove {statement})"
        )
