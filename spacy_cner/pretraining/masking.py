"""The choice of masked characters, and what the encoder sees instead of them."""

from collections.abc import Sequence

import numpy
from spacy.tokens import Doc

from ..text.chars import MASK
from .shares import MASKED_SHARE, REPLACED_SHARE

WordSpans = Sequence[tuple[int, int]]  # first token of each word, and the one after its last


def mask_docs(
    docs: Sequence[Doc], share: float, max_span: int = 1, words_of: Sequence[WordSpans] | None = None
) -> tuple[list[Doc], numpy.ndarray]:
    """Masks some tokens of the documents. They are replaced in the text itself, so that no n-gram reveals them.

    share: approximate share of the tokens; a little less where spans overlap.
    max_span: runs of 1 to `max_span` tokens, each length equally likely, are masked (or replaced, or kept) together.
        Chinese words are short, and one character of a word gives away the other.
    words_of: the words of each document. With them, whole words are drawn (Cui et al. 2021, section 3.1), not spans.
    RETURNS: new documents, and the sorted positions of the masked tokens in the concatenated documents, int64
        (n_masked,). Drawn from numpy's random state."""
    words = [token.text for doc in docs for token in doc]
    lengths = [len(doc) for doc in docs]
    positions, rolls = (
        draw_spans(lengths, share, max_span) if words_of is None else draw_words(lengths, share, words_of)
    )
    others = numpy.random.randint(0, max(1, len(words)), len(positions))
    seen = list(words)
    for position, roll, other in zip(positions.tolist(), rolls.tolist(), others.tolist()):
        if roll < MASKED_SHARE:
            seen[position] = MASK
        elif roll < MASKED_SHARE + REPLACED_SHARE:
            seen[position] = words[other]
    masked, start = [], 0
    for doc in docs:
        spaces = [bool(token.whitespace_) for token in doc]
        masked.append(Doc(doc.vocab, words=seen[start : start + len(doc)], spaces=spaces))
        start += len(doc)
    return masked, positions


def draw_spans(lengths: Sequence[int], share: float, max_span: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Draws about this share of all tokens, in spans that do not cross the ends of sequences.

    RETURNS: the sorted positions, int64 (n,), and a random number from 0 to 1 for each, equal within a span, (n,)."""
    total = sum(lengths)
    # The end of each token's sequence.
    ends = numpy.repeat(numpy.cumsum(lengths), lengths) if total else numpy.zeros(0, dtype="int64")
    starts = numpy.flatnonzero(numpy.random.random(total) < share * 2 / (1 + max_span))
    spans = numpy.random.randint(1, max_span + 1, len(starts))
    span_rolls = numpy.random.random(len(starts))
    rolls = numpy.full(total, -1.0)
    for offset in range(max_span):
        inside = (offset < spans) & (starts + offset < ends[starts])
        rolls[starts[inside] + offset] = span_rolls[inside]
    positions = numpy.flatnonzero(rolls >= 0)
    return positions, rolls[positions]


def draw_words(
    lengths: Sequence[int], share: float, words_of: Sequence[WordSpans]
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Draws whole words, each with this probability. RETURNS: as `draw_spans`."""
    begins = numpy.cumsum([0, *lengths])
    words = [(first + start, first + end) for first, words in zip(begins.tolist(), words_of) for start, end in words]
    drawn = numpy.flatnonzero(numpy.random.random(len(words)) < share)
    rolls = numpy.random.random(len(drawn))
    sizes = [words[i][1] - words[i][0] for i in drawn]
    positions = [position for i in drawn for position in range(*words[i])]
    return numpy.array(positions, dtype="int64"), numpy.repeat(rolls, sizes)
