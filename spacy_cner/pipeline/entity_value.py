"""What an entity says in a normal form, whichever component knows it."""

from typing import Any

from spacy.tokens import Span


def value_of(ent: Span) -> Any:
    """Returns `ent._.value`, None where no component sets it."""
    return ent._.value if Span.has_extension("value") else None
