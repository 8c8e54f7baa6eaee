"""Span groups of documents, by characters."""

import struct

import srsly
from spacy.tokens import SpanGroup

SAVED_SPAN = struct.Struct(">QQQllll")  # `SpanGroup.to_bytes`: id, knowledge base id, label, tokens, characters


def rows_of(group: SpanGroup) -> list[tuple[int, int, int, int, int]]:
    """Returns the characters (start, end), the label, the knowledge base id and the id of each span of a group, the
    last three as numbers of the vocabulary's strings.

    Where tokens were merged since, spans have the characters that they had, but not the tokens. They cannot even be
    made where these would lie beyond the end of the document."""
    try:
        return [(span.start_char, span.end_char, span.label, span.kb_id, span.id) for span in group]
    except IndexError:
        saved = map(SAVED_SPAN.unpack, srsly.msgpack_loads(group.to_bytes())["spans"])
        return [(start, end, label, kb_id, span_id) for span_id, kb_id, label, _, _, start, end in saved]


def places_of(group: SpanGroup) -> list[tuple[int, int, str]]:
    """Returns the characters (start, end) and the label of each span of a group, also where tokens were merged
    since."""
    strings = group.doc.vocab.strings
    return [(start, end, strings[label]) for start, end, label, _, _ in rows_of(group)]
