"""Probabilities of entities, as `ent._.score`.

They are kept by character offsets, where spaCy keeps its own extensions: they survive merged and split tokens,
`Doc.from_docs`, `Span.as_doc(copy_user_data=True)` and `Doc.to_bytes`. `doc.spans[spans_key]` has them too, which
`DocBin` saves."""

from collections.abc import Mapping
from typing import Any

from spacy.tokens import Doc, Span

SCORES = "cner_scores"
FILLED = "cner_scores_filled"


def set_score(span: Span, score: float) -> None:
    """Keeps the probability of this very span: start, end and label."""
    data: dict[Any, Any] = span.doc.user_data
    data.setdefault(_key(span), {})[span.label_] = score


def entity_score(span: Span) -> float | None:
    """The probability that a component gave to this very span (start, end and label); None for a span without one."""
    score = _known(span).get(span.label_)
    if score is None and FILLED not in span.doc.user_data:
        _fill(span.doc)
        score = _known(span).get(span.label_)
    return score


def _known(span: Span) -> Mapping[str, float]:
    data: dict[Any, Any] = span.doc.user_data
    return data.get(_key(span), {})


def _key(span: Span) -> tuple[str, str, int, int]:
    return "._.", SCORES, span.start_char, span.end_char


def _fill(doc: Doc) -> None:
    """Takes over the scores of span groups, once, for documents that were read from a DocBin."""
    scores: dict[Any, dict[str, float]] = {}
    for group in doc.spans.values():
        for span, score in zip(group, group.attrs.get("scores", ())):
            scores.setdefault(_key(span), {})[span.label_] = float(score)
    data: dict[Any, Any] = doc.user_data
    for key, found in scores.items():
        data[key] = {**found, **data.get(key, {})}
    data[FILLED] = True


if not Span.has_extension("score"):
    Span.set_extension("score", getter=entity_score)
