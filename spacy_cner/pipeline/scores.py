"""Probabilities of entities, as `ent._.score`.

They are kept by character offsets, where spaCy keeps its own extensions: they survive merged and split tokens,
`Doc.from_docs`, `Span.as_doc(copy_user_data=True)` and `Doc.to_bytes`. `doc.spans[spans_key]` has them too, which is
all that a `DocBin` saves unless it is told to `store_user_data`; `Doc.from_docs` and `Span.as_doc` do not take over
what only a span group knows.

`Span.as_doc()` takes neither along. All that it shares of a document whatever its language is the function that finds
noun chunks. So that function knows the document's text and its scores, and a part of it finds its own place there.
`Doc.to_bytes`, `Doc.copy` and `Doc.from_docs` leave it behind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy
from spacy.errors import Errors
from spacy.strings import StringStore
from spacy.tokens import Doc, Span, SpanGroup

from ..text.groups import places_of

SCORES = "cner_scores"
FILLED = "cner_scores_filled"
SHARED = "cner_shared"  # of a span group's attributes: the numbers of spans that are another component's entities, too
ITERATOR = "noun_chunks_iterator"  # of a Doc; spaCy's types do not know it
SAME = 1e-4  # scores of the same text in another batch differ by rounding


class Whole:
    """The document that others are parts of: its tokens, ORTH and SPACY (n_tokens, 2), their strings, and its user data
    with the scores. Each document with entities has one, and the text itself would take a tenth of all time."""

    def __init__(self, tokens: numpy.ndarray, strings: StringStore, data: dict[Any, Any]):
        self.tokens, self.strings, self.data = tokens, strings, data

    @cached_property
    def text(self) -> str:
        """The document's text, made when a part first asks for it."""
        return "".join(self.strings[orth] + " " * space for orth, space in self.tokens.tolist())

    def score(self, part: Span) -> float | None:
        """The score of a span of a document that is a part of this one; None where the part's text occurs more than
        once and the score is not the same there."""
        places = _places(part.doc.text, self.text)
        found = [self.data.get(_key(part, start), {}).get(part.label_) for start in places]
        known = [score for score in found if score is not None]
        return min(known) if known and len(known) == len(found) and max(known) - min(known) < SAME else None


class NounChunks:
    """The function that finds noun chunks in a document and its parts, as before, and knows the document as well."""

    def __init__(self, find: Callable[[Doc], Iterable[tuple[int, int, int]]] | None, whole: Whole):
        self.find, self.whole = find, whole

    def __call__(self, doc: Doc) -> Iterable[tuple[int, int, int]]:
        if self.find is None:
            raise NotImplementedError(Errors.E894.format(lang=doc.vocab.lang))
        return self.find(doc)


def set_score(span: Span, score: float) -> None:
    """Keeps the probability of this very span: start, end and label."""
    data: dict[Any, Any] = span.doc.user_data
    data.setdefault(_key(span), {})[span.label_] = score
    _share(span.doc)


def entity_score(span: Span) -> float | None:
    """The probability that a component gave to this very span (start, end and label); None for a span without one."""
    score = _known(span).get(span.label_)
    if score is None and sign_of(span.doc, FILLED) not in span.doc.user_data:
        _fill(span.doc)
        score = _known(span).get(span.label_)
    shared = getattr(span.doc, ITERATOR)
    if score is None and isinstance(shared, NounChunks) and shared.whole.data is not span.doc.user_data:
        score = shared.whole.score(span)
    return score


def _share(doc: Doc) -> None:
    """Lets the parts of a document know its scores."""
    find = getattr(doc, ITERATOR)
    if isinstance(find, NounChunks):
        if find.whole.data is doc.user_data:
            return
        find = find.find
    setattr(doc, ITERATOR, NounChunks(find, Whole(doc.to_array(["ORTH", "SPACY"]), doc.vocab.strings, doc.user_data)))


def _places(part: str, text: str) -> Iterator[int]:
    """The offsets at which a text has this part."""
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _known(span: Span) -> Mapping[str, float]:
    data: dict[Any, Any] = span.doc.user_data
    return data.get(_key(span), {})


def _key(span: Span, offset: int = 0) -> tuple[str, str, int, int]:
    return "._.", SCORES, offset + span.start_char, offset + span.end_char


def sign_of(doc: Doc, name: str) -> tuple[str, str, int, int]:
    """The key of the sign that span groups were read: one of the whole text, so that it does not count for a longer one
    that the document becomes a part of."""
    return "._.", name, 0, doc[-1].idx + len(doc[-1]) if len(doc) else 0


def _fill(doc: Doc) -> None:
    """Takes over the scores of span groups, once, for documents that were read from a DocBin."""
    scores: dict[Any, dict[str, float]] = {}
    for group in doc.spans.values():
        if len(known := group.attrs.get("scores", ())):
            shared = set(group.attrs.get(SHARED, ()))
            for i, ((start, end, label), score) in enumerate(zip(places_of(group), known)):
                if score is None or i in shared:
                    continue
                scores.setdefault(("._.", SCORES, start, end), {})[label] = float(score)
    data: dict[Any, Any] = doc.user_data
    for key, found in scores.items():
        data[key] = {**found, **data.get(key, {})}
    if scores:
        _share(doc)
    data[sign_of(doc, FILLED)] = True


def place_of(span: Span) -> tuple[int, int, str]:
    """Returns the characters (start, end) and the label of a span."""
    return span.start_char, span.end_char, span.label_


def places_of_own(group: SpanGroup) -> set[tuple[int, int, str]]:
    """Returns the places of a component's spans without those that are another component's entities."""
    shared = set(group.attrs.get(SHARED, ()))
    return {place for i, place in enumerate(places_of(group)) if i not in shared}


if not Span.has_extension("score"):
    Span.set_extension("score", getter=entity_score)
