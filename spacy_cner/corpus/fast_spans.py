"""Reads and writes the span groups of documents without looking at all installed packages for each document.

spaCy stores span groups with srsly's msgpack, which asks its two registries for all extensions at every call, and they
go through every entry point of the environment: most of the time that a corpus with word segmentation takes to be
read. What they answer changes only when something is registered, so it is kept until then."""

from typing import Any

import catalogue
from srsly.msgpack import msgpack_decoders, msgpack_encoders


class KnownExtensions:
    """`catalogue.Registry.get_all` with a memory."""

    def __init__(self, registry: catalogue.Registry):
        self.registry = registry
        self.kept: tuple[int, dict[str, Any]] = (-1, {})

    def __call__(self) -> dict[str, Any]:
        size = len(catalogue.REGISTRY)
        if self.kept[0] != size:
            self.kept = size, catalogue.Registry.get_all(self.registry)
        return self.kept[1]


for registry in (msgpack_decoders, msgpack_encoders):
    registry.get_all = KnownExtensions(registry)
