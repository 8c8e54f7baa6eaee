"""Probabilities of entities, as `ent._.score`."""

from spacy.tokens import Span


def entity_score(span: Span) -> float | None:
    """The probability that a component gave to this very span (start, end and label), from the `scores` of the
    document's span groups; None for a span without one."""
    for group in span.doc.spans.values():
        for other, score in zip(group, group.attrs.get("scores", ())):
            if (other.start, other.end, other.label) == (span.start, span.end, span.label):
                return float(score)
    return None
