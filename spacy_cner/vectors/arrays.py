"""Files of arrays (.npz), with a description that has their checksum."""

import io
import json
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy

from ..errors import InputError
from ..files import read_described, write_described

# What reading raises for contents that are not expected.
BAD_FILE = (ValueError, KeyError, TypeError, EOFError, OSError, MemoryError, BadZipFile, zlib.error)
# Vectors are packed to a half at best; zeros alone would be packed to a thousandth.
MOST_UNPACKED, UNPACKED_SHARE = 100_000_000, 100


def pack(recipe: dict[str, Any], **arrays: Any) -> bytes:
    """Returns the contents of a file with these arrays and `recipe`, a JSON text."""
    out = io.BytesIO()
    numpy.savez_compressed(out, recipe=json.dumps(recipe, ensure_ascii=False), **arrays)
    return out.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, numpy.ndarray]]:
    """Returns the recipe and the arrays of a file. Raises one of BAD_FILE for other contents, and for arrays that are
    far larger than the file."""
    size = sum(member.file_size for member in ZipFile(io.BytesIO(data)).infolist())
    if size > max(MOST_UNPACKED, UNPACKED_SHARE * len(data)):
        raise ValueError(f"{size:,} bytes packed into {len(data):,}")
    with numpy.load(io.BytesIO(data), allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    return json.loads(str(found.pop("recipe"))), found


def check_vectors(units: list[str], vectors: numpy.ndarray, *others: numpy.ndarray) -> None:
    """Raises ValueError for vectors (or others) that are not one finite row for each unit."""
    if vectors.ndim != 2 or any(len(rows) != len(units) for rows in (vectors, *others)):
        raise ValueError(f"{len(units)} units with arrays of the shapes {[each.shape for each in (vectors, *others)]}")
    if not numpy.isfinite(vectors).all():
        raise ValueError("vectors with values that are not finite")


def save_arrays(path: Path, data: bytes, recipe: dict[str, Any]) -> None:
    """Writes the file, and a description with its checksum and recipe to the same name with .json. Raises InputError as
    `write_described` does."""
    write_described(path, data, {"recipe": recipe})


def read_arrays(path: Path, kind: str) -> bytes:
    """Returns the contents of a file. Raises InputError if it is missing or damaged. kind: what it should hold."""
    try:
        return read_described(path)
    except FileNotFoundError:
        raise InputError(f"{path}: expected a file of {kind}, found nothing there") from None
    except OSError as error:
        raise InputError(f"{path}: expected a file of {kind}, got {error.strerror}") from None
