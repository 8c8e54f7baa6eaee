"""Reads and writes the span groups of many documents without looking at all installed packages for each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import catalogue
from srsly.msgpack import msgpack_decoders, msgpack_encoders


class KnownExtensions:
    """Returns what `catalogue.Registry.get_all` returns, and keeps it until something is registered."""

    def __init__(self, registry: catalogue.Registry):
        self.registry = registry
        self._found: dict[str, Any] = {}
        self._registered: dict[tuple[str, ...], Any] = {}
        self._last: tuple[str, ...] | None = None

    def __call__(self) -> dict[str, Any]:
        # What is new stands last; under a known name, its value is another.
        last = list(catalogue.REGISTRY)[-1]
        if last is not self._last or any(catalogue.REGISTRY.get(key) is not it for key, it in self._registered.items()):
            self._found = catalogue.Registry.get_all(self.registry)
            keys = {(*self.registry.namespace, name): it for name, it in self._found.items()}
            self._registered = {key: it for key, it in keys.items() if key in catalogue.REGISTRY}
            self._last = last
        return dict(self._found)


_extensions = [KnownExtensions(registry) for registry in (msgpack_decoders, msgpack_encoders)]
_lock, _users = Lock(), 0


@contextmanager
def fast_spans() -> Iterator[None]:
    """Makes reading and writing many documents with `doc.spans` fast; for a `with` statement or as a decorator.

    spaCy stores span groups with srsly's msgpack, which asks its two registries for all extensions at each call. They
    go through every entry point of the environment, which takes several times as long as to read a sentence. In this
    context the registries of the whole process remember their answer, which stays exact: whatever is registered
    meanwhile is seen at once. The last thread to leave takes the memory away."""
    global _users
    with _lock:
        _users += 1
        for extensions in _extensions:
            extensions.registry.get_all = extensions
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                for extensions in _extensions:
                    del extensions.registry.get_all
