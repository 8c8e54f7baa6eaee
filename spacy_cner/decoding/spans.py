"""The probability that a span has given tags, and the spans whose probability is high.

Shapes as in `lattice`: K tags, the boundary's included; T positions, B sequences."""

from typing import NamedTuple

import numpy

from .forward_backward import ForwardBackward


def span_probabilities(
    result: ForwardBackward, spans: numpy.ndarray, path: numpy.ndarray, continues: numpy.ndarray | None
) -> numpy.ndarray:
    """Returns P(the tags at [start, end) equal the path's, and the next tag does not continue the span), shape (N,).

    spans: (N, 3), rows of sequence, start, end. path: (B, T), any tag where there is no span. continues: (L, L) [from,
    to].
    A CRF's distribution is a Markov chain: the probability of the first tag, times that of each later tag given the tag
    before it. Culotta and McCallum 2004, "Confidence estimation for information extraction", get the same from a
    constrained forward recursion for each span."""
    first, start, size = spans[:, 0], spans[:, 1], spans[:, 2] - spans[:, 1]
    begins = size.cumsum() - size
    # All positions of all spans, one after the other; shape: (M,)
    sequence = first.repeat(size)
    position = numpy.arange(len(sequence)) + (start - begins).repeat(size)
    tag = path[sequence, position]
    # shape: (M, K)
    onward = result.onward(position, sequence, tag)
    # shape: (M,); the next tag is the path's, except at the last position of a span
    factors = onward[numpy.arange(len(tag)), numpy.append(tag[1:], 0)]
    last = begins + size - 1
    ends = onward[last]
    if continues is not None:
        # The boundary continues nothing.
        ends = numpy.where(numpy.pad(continues, (0, 1))[tag[last]], 0.0, ends)
    factors[last] = ends.sum(1)
    probabilities = result.marginals[start, tag[begins], first] * numpy.multiply.reduceat(factors, begins)
    return numpy.minimum(probabilities, 1.0)


class SpanTags(NamedTuple):
    """The indices of the tags that spans of each label are made of, (labels,) each.

    begin, inside, end: tags of a span of several positions. single: tag of a span of one position. continues: (L, L)
    [from, to], true where the second tag makes a span that ends with the first longer (in BIO, I-X after B-X or
    I-X)."""

    begin: numpy.ndarray
    inside: numpy.ndarray
    end: numpy.ndarray
    single: numpy.ndarray
    continues: numpy.ndarray


def probable_spans(result: ForwardBackward, roles: SpanTags, threshold: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns all spans at least as probable as the threshold: rows of sequence, start, end (exclusive) and label, (N,
    4), and their probabilities (N,).

    A span is no more probable than any prefix of it. So prefixes are extended by one position at a time, in all
    sequences together, as long as they are over the threshold. Only few ever are."""
    continues = numpy.pad(roles.continues, (0, 1))

    def ends(position: numpy.ndarray, sequence: numpy.ndarray, tag: numpy.ndarray) -> numpy.ndarray:
        """Returns P(the next tag does not continue the span), (n,)."""
        return numpy.where(continues[tag], 0.0, result.onward(position, sequence, tag)).sum(1)

    start, label, sequence = (result.marginals[:, roles.single] >= threshold).nonzero()
    tag = roles.single[label]
    found = [(sequence, start, start + 1, label, result.marginals[start, tag, sequence] * ends(start, sequence, tag))]
    start, label, sequence = (result.marginals[:, roles.begin] >= threshold).nonzero()
    tag = roles.begin[label]
    beginning = result.marginals[start, tag, sequence]
    last = start
    while len(start):
        to_next = result.onward(last, sequence, tag)
        row = numpy.arange(len(start))
        last = last + 1
        # An end may be on the boundary, where no tag of a label is possible.
        whole = beginning * to_next[row, roles.end[label]]
        kept = numpy.flatnonzero(whole >= threshold)
        ended = ends(last[kept], sequence[kept], roles.end[label[kept]])
        found.append((sequence[kept], start[kept], last[kept] + 1, label[kept], whole[kept] * ended))
        beginning = beginning * to_next[row, roles.inside[label]]
        kept = numpy.flatnonzero(beginning >= threshold)
        start, sequence, label, last, beginning = (values[kept] for values in (start, sequence, label, last, beginning))
        tag = roles.inside[label]
    columns = [numpy.concatenate(column) for column in zip(*found)]
    probabilities = columns.pop()
    over = probabilities >= threshold
    return numpy.stack(columns, 1)[over], numpy.minimum(probabilities[over], 1.0)
