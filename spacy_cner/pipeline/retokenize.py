"""Tokens to words, without harm to what else a document holds."""

from spacy.tokens import Doc, Span, SpanGroup

from ..corpus.segment import cut_words
from ..text.char_view import covering, token_offsets
from ..text.groups import rows_of
from .entity_writer import blocked_spans


def merge_words(doc: Doc, words: list[tuple[int, int]]) -> None:
    """Makes one token of each word: tokens (start, end), in order and without overlap.

    Entities and blocked tokens stay as they are: a word is cut where one begins or ends inside of it. Span groups,
    which spaCy leaves at the numbers that their tokens had, keep their places in the text, expanded to whole tokens."""
    whole = [*doc.ents, *blocked_spans(doc)]
    words = cut_words(words, (border for span in whole for border in (span.start, span.end)))
    groups = {key: (group.name, group.attrs, rows_of(group)) for key, group in doc.spans.items()}
    with doc.retokenize() as retokenizer:
        for start, end in words:
            if end - start > 1:
                retokenizer.merge(doc[start:end])
    starts, ends = token_offsets(doc)
    for key, (name, attrs, spans) in groups.items():
        moved = []
        for start, end, label, kb_id, span_id in spans:
            tokens = covering(starts, ends, start, end)
            moved.append(Span(doc, tokens.start, tokens.stop, label, kb_id=kb_id, span_id=span_id))
        doc.spans[key] = SpanGroup(doc, name=name, attrs=attrs, spans=moved)
