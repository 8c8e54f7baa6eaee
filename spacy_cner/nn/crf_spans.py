"""The probability that a span is tagged in a given way."""

from typing import Optional

import torch
from torch import Tensor
from torch.nn import functional

from .crf_forward_backward import ForwardBackward
from .crf_lattice import Lattice


def span_probabilities(
    lattice: Lattice, result: ForwardBackward, spans: Tensor, path: Tensor, continues: Optional[Tensor]
) -> Tensor:
    """P(the tags at [start, end) are those of the path, and the next tag does not continue the span), shape (N,).

    `result` is the lattice's; `spans` (N, 3): sequence, start, end; `path` (B, T), any tag where there is no span;
    `continues` (L, L) [from, to].
    A CRF's distribution is a Markov chain: the probability of the tag at the start, times that of each later tag given
    the tag before it. Culotta and McCallum 2004, "Confidence estimation for information extraction", get the same
    from a constrained forward recursion for each span."""
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
