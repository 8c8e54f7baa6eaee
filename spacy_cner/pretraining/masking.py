"""Which characters are masked, and what the encoder sees in their place."""

from collections.abc import Sequence

import numpy
from spacy.tokens import Doc

from ..text.chars import MASK

# Of the masked characters, as BERT has it (Devlin et al. 2019, section 3.1); the others stay, but are guessed too.
MASKED, REPLACED = 0.8, 0.1


Words = Sequence[tuple[int, int]]  # first token of each, and one after its last


def mask_docs(
    docs: Sequence[Doc], share: float, max_span: int = 1, words_of: Sequence[Words] | None = None
) -> tuple[list[Doc], numpy.ndarray]:
    """The documents with some of their tokens masked: replaced in the text itself, so that no n-gram tells of them.

    share: of the tokens, about; a little less where spans overlap.
    max_span: runs of 1 to so many tokens, each length as probable, are masked (or replaced, or left) together. Words of
        Chinese are short, and one character of a word gives away the other.
    words_of: the words of each document. With them, whole words are drawn (Cui et al. 2021, section 3.1), and no spans.
    RETURNS: new documents, and the places of the masked tokens, in order, where all tokens are counted through; int64
        (n_masked,). Drawn from numpy's random state."""
    words = [token.text for doc in docs for token in doc]
    lengths = [len(doc) for doc in docs]
    places, rolls = draw_spans(lengths, share, max_span) if words_of is None else draw_words(lengths, share, words_of)
    others = numpy.random.randint(0, max(1, len(words)), len(places))
    seen = list(words)
    for place, roll, other in zip(places.tolist(), rolls.tolist(), others.tolist()):
        if roll < MASKED:
            seen[place] = MASK
        elif roll < MASKED + REPLACED:
            seen[place] = words[other]
    masked, start = [], 0
    for doc in docs:
        spaces = [bool(token.whitespace_) for token in doc]
        masked.append(Doc(doc.vocab, words=seen[start : start + len(doc)], spaces=spaces))
        start += len(doc)
    return masked, places


def draw_spans(lengths: Sequence[int], share: float, max_span: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Places of tokens, in order, such that about this share of all is drawn, in spans that end where sequences do.
    RETURNS: the places, int64 (n,), and a number from 0 to 1 for each, the same for the tokens of a span; (n,)."""
    total = sum(lengths)
    # Where the sequence of each token ends.
    ends = numpy.repeat(numpy.cumsum(lengths), lengths) if total else numpy.zeros(0, dtype="int64")
    starts = numpy.flatnonzero(numpy.random.random(total) < share * 2 / (1 + max_span))
    spans = numpy.random.randint(1, max_span + 1, len(starts))
    span_rolls = numpy.random.random(len(starts))
    rolls = numpy.full(total, -1.0)
    for offset in range(max_span):
        inside = (offset < spans) & (starts + offset < ends[starts])
        rolls[starts[inside] + offset] = span_rolls[inside]
    places = numpy.flatnonzero(rolls >= 0)
    return places, rolls[places]


def draw_words(lengths: Sequence[int], share: float, words_of: Sequence[Words]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The same for whole words: each is drawn with this probability."""
    begins = numpy.cumsum([0, *lengths])
    words = [(first + start, first + end) for first, words in zip(begins.tolist(), words_of) for start, end in words]
    drawn = numpy.flatnonzero(numpy.random.random(len(words)) < share)
    rolls = numpy.random.random(len(drawn))
    sizes = [words[i][1] - words[i][0] for i in drawn]
    places = [place for i in drawn for place in range(*words[i])]
    return numpy.array(places, dtype="int64"), numpy.repeat(rolls, sizes)
