"""The command line: `python -m spacy_cner COMMAND`, and the same commands as `python -m spacy cner COMMAND`."""

from . import convert, entities, evaluate, package, prepare, pseudo, reproduce, segment, split, stats, vectors  # noqa: F401  (each registers its command)
from ._app import app

__all__ = ["app"]
