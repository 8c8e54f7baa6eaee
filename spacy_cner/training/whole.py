"""Pipelines that `spacy train` saves as this package's commands do: whole or not at all, with checksums."""

import copy
from collections.abc import Callable, Iterable
from pathlib import Path

from spacy import registry
from spacy.language import Language

from ..loading import write_pipeline


@registry.callbacks("spacy_cner.save_whole.v1")
def make_save_whole() -> Callable[[Language], Language]:
    """Returns a callback for `[training.before_to_disk]`: `spacy train` then writes each checkpoint to a temporary
    folder next to `model-last`, with SHA-256 checksums of all files, and renames it. A kill leaves the one before.

    spaCy makes `model-best` by copying `model-last`, checksums included, so what a kill leaves of it is refused when it
    is loaded; `model-last` is the same pipeline then."""
    return save_whole


def save_whole(nlp: Language) -> Language:
    """Returns the pipeline with another `to_disk`. Its components are the same objects."""
    saved = copy.copy(nlp)

    def to_disk(path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        write_pipeline(nlp, Path(path), exclude=exclude)

    saved.to_disk = to_disk  # type: ignore[method-assign]
    return saved
