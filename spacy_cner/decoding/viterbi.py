"""The best paths of a lattice: the Viterbi algorithm, and its list version for the n best.

Shapes as in `lattice`: S positions, K tags, B sequences; T = S - 2, L = K - 1.
"""

from collections.abc import Callable

import numpy

from .lattice import Lattice

FEW = 2  # tags that can come before the inner and the last tags of a span
# From so many tags, and with at most this share of possible transitions, it pays to look at no others.
MANY, MOST = 20, 0.7


def viterbi(lattice: Lattice) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns the best path of each sequence (B, T), with the boundary's index L at padding, and its score (B,)."""
    positions, tags, batch = lattice.emissions.shape
    scores = lattice.emissions.copy()
    if lattice.shared and tags >= MANY and numpy.isfinite(lattice.transitions).mean() <= MOST:
        best_into = _best_of_possible(lattice.transitions, batch)
        for before, after in zip(scores[:-1], scores[1:]):
            after += best_into(before)
    else:
        # shape: (K from, K to, B)
        extended = numpy.empty((tags, tags, batch))
        best = numpy.empty((tags, batch))
        for before, step, after in zip(scores[:-1], lattice.steps(), scores[1:]):
            numpy.add(before[:, None], step, out=extended)
            after += numpy.maximum.reduce(extended, axis=0, out=best)
    row = numpy.arange(batch)
    tag = numpy.full(batch, tags - 1)
    path = numpy.empty((positions - 2, batch), dtype="int64")
    # Only for the tags on the path: which tag did its score come from?
    into = lattice.transitions.T.copy() if lattice.shared else None
    for position in range(positions - 2, 0, -1):
        step = lattice.transitions[position, :, tag, row] if into is None else into[tag]
        tag = path[position - 1] = (scores[position].T + step).argmax(1)
    return path.T, scores[-1, -1]


def _best_of_possible(transitions: numpy.ndarray, batch: int) -> Callable[[numpy.ndarray], numpy.ndarray]:
    """Returns a function from the scores of the best paths to each tag (K, B) to those a position later (K, B), before
    emissions. In a tag scheme, half of the tags come after two others only.

    transitions: (K, K), -inf where there is none."""
    possible = numpy.isfinite(transitions)
    few = possible.sum(0) <= FEW
    narrow, wide = numpy.flatnonzero(few), numpy.flatnonzero(~few)
    # shape: (FEW, narrow); where there are fewer, others with -inf
    first, second = numpy.argsort(~possible[:, narrow], axis=0, kind="stable")[:FEW]
    from_first, from_second = (transitions[tags, narrow][:, None] for tags in (first, second))
    sources = numpy.flatnonzero(possible[:, wide].any(1))
    # shape: (from, to, 1)
    steps = transitions[numpy.ix_(sources, wide)][:, :, None]
    extended = numpy.empty((len(sources), len(wide), batch))
    best = numpy.empty((len(transitions), batch))

    def best_into(before: numpy.ndarray) -> numpy.ndarray:
        best[narrow] = numpy.maximum(before[first] + from_first, before[second] + from_second)
        if len(sources):
            numpy.add(before[sources][:, None], steps, out=extended)
            best[wide] = numpy.maximum.reduce(extended, axis=0)
        return best

    return best_into


def n_best(lattice: Lattice, n: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns the n best paths of each sequence (B, n, T), best first, with L at padding, and their scores (B, n).

    A score of -inf marks a path that does not exist (list Viterbi algorithm, Seshadri and Sundberg 1994)."""
    positions, tags, batch = lattice.emissions.shape
    # The n best paths to each tag, best first; shape: (K * n, B)
    scores = numpy.full((tags, n, batch), -numpy.inf)
    scores[-1, 0] = 0.0
    came_from = []
    for step, emission in zip(lattice.steps(), lattice.emissions[1:]):
        # shape: (K from * n, K to, B)
        extended = (scores[:, :, None] + step[:, None]).reshape(tags * n, tags, -1)
        # shape: (n, K to, B)
        slot = (-extended).argsort(axis=0, kind="stable")[:n]
        # shape: (K to, n, B)
        scores = numpy.take_along_axis(extended, slot, 0).swapaxes(0, 1) + emission[:, None]
        came_from.append(slot.swapaxes(0, 1).reshape(tags * n, -1))
    # A slot is tag * n + rank; shape: (n, B)
    slot = numpy.repeat(numpy.arange((tags - 1) * n, tags * n)[:, None], batch, axis=1)
    paths = numpy.empty((positions - 2, n, batch), dtype="int64")
    for position in range(positions - 2, 0, -1):
        slot = numpy.take_along_axis(came_from[position], slot, 0)
        paths[position - 1] = slot // n
    return paths.transpose(2, 1, 0), scores[-1].T
