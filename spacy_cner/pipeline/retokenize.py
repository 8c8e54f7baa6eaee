"""Tokens to words, without harm to what else a document holds."""

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..corpus.segment import cut_words
from .entity_writer import blocked_spans


def merge_words(doc: Doc, words: list[tuple[int, int]]) -> None:
    """Makes one token of each word: tokens (start, end), in order and without overlap.

    Entities and blocked tokens stay as they are: a word is cut where one begins or ends inside of it. Span groups,
    which spaCy leaves at the numbers that their tokens had, keep their places in the text, expanded to whole tokens."""
    whole = [*doc.ents, *blocked_spans(doc)]
    words = cut_words(words, (border for span in whole for border in (span.start, span.end)))
    groups = {key: (group.name, group.attrs, [_numbers(span) for span in group]) for key, group in doc.spans.items()}
    begins = numpy.ones(len(doc), dtype=bool)
    with doc.retokenize() as retokenizer:
        for start, end in words:
            if end - start > 1:
                begins[start + 1 : end] = False
                retokenizer.merge(doc[start:end])
    token_of = (numpy.cumsum(begins) - 1).tolist()
    for key, (name, attrs, spans) in groups.items():
        moved = [
            Span(doc, token_of[start], token_of[end - 1] + 1, label, kb_id=kb_id, span_id=span_id)
            for start, end, label, kb_id, span_id in spans
        ]
        doc.spans[key] = SpanGroup(doc, name=name, attrs=attrs, spans=moved)


def _numbers(span: Span) -> tuple[int, int, int, int, int]:
    return span.start, span.end, span.label, span.kb_id, span.id
