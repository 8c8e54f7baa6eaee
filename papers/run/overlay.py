"""Configs that say how they differ from another one.

A file that begins with

    [overlay]
    extends = "clc.cfg"

is the config of that name with its own blocks and settings merged into it, as spaCy merges configs: a block with
another registered function (`@...`) replaces the old one, any other is merged with it. Blocks keep their order, and new
ones come last; a block that is written empty moves behind them. The blocks around a block need not be written.
`NAME = null` removes the block NAME; where that is an argument of a registered function or of a component's factory it
becomes null, so that no default takes its place."""

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from spacy.util import CONFIG_SECTION_ORDER
from thinc.api import Config

from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder

HEADER = re.compile(r"^\[(.+)\]\s*$", re.MULTILINE)


def find_config(name: str, folder: Path) -> Path:
    """The file `name` in `folder`, or else the product config of that name. Raises InputError if there is neither."""
    for path in (folder / name, config_folder() / name):
        if path.is_file():
            return path
    raise InputError(f"{folder / name}: expected a config there or in {config_folder()}, found none")


def load_overlay(path: Path, above: tuple[Path, ...] = ()) -> Config:
    """The whole config of the file at `path`, not interpolated; it may be an overlay or an ordinary config.

    above: the overlays that extend this one.
    Raises InputError for a file that is missing, is no config, or extends one of those above it."""
    own = _read(path)
    if "overlay" not in own:
        return own
    match own.pop("overlay"):
        case {"extends": str(base), **others} if not others:
            pass
        case other:
            raise InputError(f"{path}: expected `extends` and a name in [overlay], got {dict(other)}")
    above = (*above, path.resolve())
    try:
        found = find_config(base, path.parent)
    except InputError as error:
        raise InputError(f"{path}: extends = {base!r}: {error}") from None
    if found.resolve() in above:
        raise InputError(f"{path}: expected to extend another config, got {base!r}, which extends this one")
    merged = load_overlay(found, above)
    _merge(merged, own)
    return merged


def override(config: Config, settings: Mapping[str, Any]) -> Config:
    """A copy of `config` with other settings, by dotted name. A value may be a block, which is merged, and null removes
    a block, as in an overlay. Raises InputError where the block around a setting does not exist."""
    changed = config.copy()
    for key, value in settings.items():
        *path, name = key.split(".")
        block: Any = changed
        for part in path:
            block = block.get(part)
            if not isinstance(block, dict):
                raise InputError(f"{key}: expected a setting of the config, which has no block {part!r} there")
        _merge(block, {name: deepcopy(value)})
    return changed


def _read(path: Path) -> Config:
    seen: set[str] = set()

    def with_blocks_around(header: re.Match[str]) -> str:
        parts = header[1].split(".")
        names = [".".join(parts[:depth]) for depth in range(1, len(parts))]
        missing = [name for name in names if name not in seen]
        seen.update(names, [header[1]])
        return "".join(f"[{name}]\n" for name in missing) + header[0]

    try:
        text = HEADER.sub(with_blocks_around, path.read_text(encoding="utf-8"))
        return Config(section_order=CONFIG_SECTION_ORDER).from_str(text, interpolate=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a config, got {str(error).strip()}") from None


def _merge(block: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, change in changes.items():
        old = block.get(key)
        if isinstance(old, dict) and isinstance(change, dict) and _has_functions_of(old, change):
            _merge(old, change)
            if not change:
                block[key] = block.pop(key)
        elif isinstance(old, dict) and change is None and not any(map(_names_function, block)):
            del block[key]
        else:
            block[key] = change


def _has_functions_of(old: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    return all(old.get(key) == value for key, value in change.items() if _names_function(key))


def _names_function(key: str) -> bool:
    return key.startswith("@") or key == "factory"
