"""The probability that a span has given tags, and the spans whose probability is high."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .forward_backward import ForwardBackward
from .lattice import Lattice


def span_probabilities(
    lattice: Lattice, result: ForwardBackward, spans: Tensor, path: Tensor, continues: Tensor | None
) -> Tensor:
    """Returns P(the tags at [start, end) equal the path's, and the next tag does not continue the span), shape (N,).

    result: the lattice's. spans: (N, 3), rows of sequence, start, end. path: (B, T), any tag where there is no span.
    continues: (L, L) [from, to].
    A CRF's distribution is a Markov chain: the probability of the first tag, times that of each later tag given the tag
    before it. Culotta and McCallum 2004, "Confidence estimation for information extraction", get the same from a
    constrained forward recursion for each span."""
    # shape: (T, B)
    path = path.mT
    position = torch.arange(len(path), device=path.device).unsqueeze(1)
    sequence = torch.arange(path.shape[1], device=path.device)
    # shape: (T, B, K), from the path's tag to all tags
    transitions = lattice.transitions[path if lattice.shared else (position + 1, sequence, path)]
    # log P(next tag | the path's tag), nan where that tag is impossible; shape: (T, B, K)
    onward = (transitions + result.log_backward[1:]).log_softmax(2).nan_to_num(-torch.inf, neginf=-torch.inf)
    ends = onward
    if continues is not None:
        # The boundary continues nothing.
        ends = onward.masked_fill(functional.pad(continues, (0, 1))[path], -torch.inf)
    # shape: (T, B)
    ends = ends.logsumexp(2)
    inner = functional.pad(onward[:-1].gather(2, path[1:].unsqueeze(2)).squeeze(2), (0, 0, 1, 0))
    impossible = inner.isneginf()
    # Sums over positions up to each one, so that a span is a difference; shape: (T, B)
    inner = inner.masked_fill(impossible, 0.0).cumsum(0)
    impossible = impossible.cumsum(0)
    batch, start, last = spans[:, 0], spans[:, 1], spans[:, 2] - 1
    # shape: (N,)
    first = result.marginals[start + 1, batch, path[start, batch]]
    log_rest = inner[last, batch] - inner[start, batch] + ends[last, batch]
    possible = impossible[last, batch] == impossible[start, batch]
    return torch.where(possible, first * log_rest.exp(), 0.0).clamp(max=1.0)


class SpanTags(NamedTuple):
    """The indices of the tags that spans of each label are made of, (labels,) each.

    begin, inside, end: tags of a span of several positions. single: tag of a span of one position. continues: (L, L)
    [from, to], true where the second tag makes a span that ends with the first longer (in BIO, I-X after B-X or
    I-X)."""

    begin: Tensor
    inside: Tensor
    end: Tensor
    single: Tensor
    continues: Tensor


def probable_spans(
    lattice: Lattice, result: ForwardBackward, roles: SpanTags, threshold: float
) -> tuple[Tensor, Tensor]:
    """Returns all spans at least as probable as the threshold: rows of sequence, start, end (exclusive) and label, (N,
    4), and their probabilities (N,), float.

    A span is no more probable than any prefix of it. So prefixes are extended by one position at a time, in all
    sequences together, as long as they are over the threshold. Only few ever are."""
    continues = functional.pad(roles.continues, (0, 1))
    # shape: (T, B, K)
    marginals = result.marginals[1:]

    def onward(position: Tensor, sequence: Tensor, tag: Tensor) -> Tensor:
        """Returns log P(next tag | this tag), (n, K)."""
        row = lattice.transitions[tag] if lattice.shared else lattice.transitions[position + 1, sequence, tag]
        scores = (row + result.log_backward[position + 1, sequence]).log_softmax(1)
        return scores.nan_to_num(-torch.inf, neginf=-torch.inf)

    def ends(position: Tensor, sequence: Tensor, tag: Tensor) -> Tensor:
        """Returns log P(the next tag does not continue the span), (n,)."""
        return onward(position, sequence, tag).masked_fill(continues[tag], -torch.inf).logsumexp(1)

    lowest = math.log(threshold)
    start, sequence, label = (marginals[..., roles.single] >= threshold).nonzero(as_tuple=True)
    tag = roles.single[label]
    found = [(sequence, start, start + 1, label, marginals[start, sequence, tag].log() + ends(start, sequence, tag))]
    start, sequence, label = (marginals[..., roles.begin] >= threshold).nonzero(as_tuple=True)
    tag = roles.begin[label]
    log_beginning = marginals[start, sequence, tag].log()
    last = start
    while len(start):
        to_next = onward(last, sequence, tag)
        row = torch.arange(len(start), device=start.device)
        last = last + 1
        # An end may be on the boundary, where no tag of a label is possible.
        log_whole = log_beginning + to_next[row, roles.end[label]]
        whole = (log_whole >= lowest).nonzero().squeeze(1)
        log_end = ends(last[whole], sequence[whole], roles.end[label[whole]])
        found.append((sequence[whole], start[whole], last[whole] + 1, label[whole], log_whole[whole] + log_end))
        log_beginning = log_beginning + to_next[row, roles.inside[label]]
        kept = (log_beginning >= lowest).nonzero().squeeze(1)
        start, sequence, label, last, log_beginning = (
            values[kept] for values in (start, sequence, label, last, log_beginning)
        )
        tag = roles.inside[label]
    columns = [torch.cat(column) for column in zip(*found)]
    probabilities = columns.pop().exp()
    over = probabilities >= threshold
    return torch.stack(columns, 1)[over], probabilities[over].clamp(max=1.0)
