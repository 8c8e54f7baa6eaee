"""Progress bars, and messages next to them."""

import logging
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

Shown = TypeVar("Shown")
DELAY = 1  # seconds before a bar is shown


def progress(items: Iterable[Shown] | None = None, **settings: Any) -> "tqdm[Shown]":
    """Returns the items with a bar on stderr that says how far one is, or, without items, a bar to be updated.

    There is none where stderr is no terminal, and where messages of this package are not wanted: its logger says so.
    settings: tqdm's."""
    return tqdm(items, disable=None if is_wanted() else True, delay=DELAY, **settings)


def note(text: str) -> None:
    """Prints a line to stderr, above a bar if there is one, where messages of this package are wanted."""
    if is_wanted():
        tqdm.write(text, file=sys.stderr)


def is_wanted() -> bool:
    """Returns whether messages of this package are wanted."""
    return logging.getLogger("spacy_cner").isEnabledFor(logging.INFO)
