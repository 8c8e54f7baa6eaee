"""Which characters are masked, and what the encoder sees in their place."""

from typing import List, Sequence, Tuple

import numpy
from spacy.tokens import Doc

from ..chars import MASK

# Of the masked characters, as BERT has it (Devlin et al. 2019, section 3.1); the others stay, but are guessed too.
MASKED, REPLACED = 0.8, 0.1


def mask_docs(docs: Sequence[Doc], share: float, max_span: int = 1) -> Tuple[List[Doc], numpy.ndarray]:
    """The documents with some of their tokens masked: replaced in the text itself, so that no n-gram tells of them.

    share: of the tokens, about; a little less where spans overlap.
    max_span: runs of 1 to so many tokens, each length as probable, are masked (or replaced, or left) together. Words of
        Chinese are short, and one character of a word gives away the other.
    RETURNS: new documents, and the places of the masked tokens, in order, where all tokens are counted through; int64
        (n_masked,). Drawn from numpy's random state."""
    words = [token.text for doc in docs for token in doc]
    places, rolls = draw_spans([len(doc) for doc in docs], share, max_span)
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


def draw_spans(lengths: Sequence[int], share: float, max_span: int) -> Tuple[numpy.ndarray, numpy.ndarray]:
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
