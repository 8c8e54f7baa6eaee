"""Which model it was: its name, its version, and a checksum of its files."""

import hashlib
from pathlib import Path
from typing import Any

from spacy.util import get_package_path, is_package

from ..errors import InputError
from ..files import sha256


def describe(model: str, meta: dict[str, Any]) -> dict[str, str]:
    """Returns the name, version and fingerprint of a pipeline, by its name or path and its meta."""
    return {
        "name": "_".join(filter(None, (meta.get("lang"), meta.get("name")))),
        "version": meta.get("version", ""),
        "fingerprint": fingerprint(model),
    }


def fingerprint(model: str) -> str:
    """Returns a checksum over the names and contents of a pipeline's files. Raises InputError for no such pipeline."""
    folder = Path(get_package_path(model) if is_package(model) else model)
    if not folder.is_dir():
        raise InputError(f"{model}: expected the name of a package or the folder of a pipeline, found nothing there")
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    return total.hexdigest()
