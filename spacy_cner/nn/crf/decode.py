"""The best paths of a lattice: the Viterbi algorithm, and its list version for the n best.

Neither synchronizes with the device. Shapes as in `lattice`: S positions, B sequences, K tags; T = S - 2, L = K - 1.
"""

import torch
from torch import Tensor

from .lattice import Lattice


def viterbi(lattice: Lattice) -> tuple[Tensor, Tensor]:
    """Returns the best path of each sequence (B, T), with the boundary's index L at padding, and its score (B,)."""
    positions, batch, tags = lattice.emissions.shape
    scores = lattice.emissions.clone()
    # shape: (K from, B, K to); the maximum is fastest over the first dimension
    extended = scores.new_empty(tags, batch, tags)
    best = scores.new_empty(batch, tags)
    # shape: (K from, B, 1), (K from, 1 or B, K to) and (B, K to), at each step
    steps = zip(scores[:-1].mT.unsqueeze(3), lattice.steps().transpose(1, 2), scores[1:], strict=True)
    for before, step, after in steps:
        torch.add(before, step, out=extended)
        after += torch.amax(extended, 0, out=best)
    # Rows of transitions into one tag; shape: (K to, K from) or (B * K to, K from) at each step
    into = lattice.steps().mT.flatten(1, 2).unbind()
    offset = torch.arange(batch, device=scores.device) * (0 if lattice.shared else tags)
    tag = torch.full_like(offset, tags - 1)
    path = tag.new_empty(positions - 2, batch)
    # Only for the tags on the path: which tag did its score come from?
    for position in range(positions - 2, 0, -1):
        candidates = into[position].index_select(0, tag + offset).add_(scores[position])
        tag = torch.argmax(candidates, 1, out=path[position - 1])
    return path.mT, scores[-1, :, -1]


def n_best(lattice: Lattice, n: int) -> tuple[Tensor, Tensor]:
    """Returns the n best paths of each sequence (B, n, T), best first, with L at padding, and their scores (B, n).

    A score of -inf marks a path that does not exist (list Viterbi algorithm, Seshadri and Sundberg 1994)."""
    positions, batch, tags = lattice.emissions.shape
    # The n best paths to each tag; shape: (B, K, n)
    scores = lattice.emissions.new_full((batch, tags, n), -torch.inf)
    scores[:, -1, 0] = 0.0
    came_from = []
    for step, emission in zip(lattice.steps(), lattice.emissions[1:], strict=True):
        # shape: (B, K from * n, K to)
        extended = (scores.unsqueeze(3) + step.unsqueeze(2)).flatten(1, 2)
        # shape: (B, n, K to)
        best, slot = extended.topk(n, dim=1)
        scores = best.mT + emission.unsqueeze(2)
        # shape: (B, K to * n)
        came_from.append(slot.mT.flatten(1))
    # A slot is tag * n + rank; shape: (B, n)
    slot = torch.arange((tags - 1) * n, tags * n, device=scores.device).expand(batch, n)
    paths = slot.new_empty(positions - 2, batch, n)
    for position in range(positions - 2, 0, -1):
        slot = came_from[position].gather(1, slot)
        paths[position - 1] = slot // n
    return paths.permute(1, 2, 0), scores[:, -1]
