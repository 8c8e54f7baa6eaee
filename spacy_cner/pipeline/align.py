"""Characters to tokens, where a document's tokens are words."""

import warnings

from spacy.tokens import Doc, Span

LONGER = 2  # characters, and twice its own length: the most that an entity is expanded to


def align(doc: Doc, start: int, end: int, label: str, *, mode: str, name: str, kb_id: str = "") -> Span | None:
    """Returns the tokens of characters start to end (exclusive), by `alignment_mode` of `Doc.char_span`; None if there
    are none, or far too many, with a warning.

    name: that of the component, for the warning."""
    span = doc.char_span(start, end, label=label, kb_id=kb_id, alignment_mode=mode)
    if span is None or not len(span):
        return None
    if span.end_char - span.start_char > 2 * (end - start) + LONGER:
        warnings.warn(
            f"the component {name!r} leaves out entities that are far shorter than the tokens they are in: "
            "expected tokens of characters or words, got some that may be clauses",
            stacklevel=3,
        )
        return None
    return span
