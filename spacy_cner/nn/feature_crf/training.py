"""Trains a CRF over sparse features on all data at once: its likelihood is convex, so L-BFGS finds the one best."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...text.batching import batches_by_length
from .bags import TransposedRows
from .model import Batch, FeatureCrf, make_batch
from .owlqn import Minimum, minimize

PADDED_SIZE = 16384  # characters in a batch, with padding


class Objective:
    """Negative log likelihood and c2 * |x|^2 as a function of x, all weights that training can change in one vector:
    those of a feature with the tags (pairs of tags) that it occurs with in the data, the transitions, and the biases.

    rows (n, k), bigram_rows (n, k'): int32, the features of n characters. tags: int64 (n,), -1 where not known.
    sequences: ranges of characters that do not overlap."""

    def __init__(
        self, model: FeatureCrf, rows: Tensor, bigram_rows: Tensor, tags: Tensor, sequences: list[range], c2: float
    ):
        self.model, self.rows, self.bigram_rows, self.tags, self.c2 = model, rows, bigram_rows, tags, c2
        chosen = batches_by_length(sequences, PADDED_SIZE)
        self.batches = [make_batch([sequences[i] for i in part]) for part in chosen]
        self.transposed = TransposedRows(rows, len(model.weights))
        # shape: number of weights, places in the flattened tables
        self.pairs = observed(rows, tags, model.crf.num_tags)
        self.bigram_pairs = observed(bigram_rows, tag_pairs(tags, sequences, model.crf.num_tags), model.crf.num_tags**2)
        self.small = [model.bias, *model.crf.parameters()]
        self.sizes = [len(self.pairs), len(self.bigram_pairs), *(scores.numel() for scores in self.small)]

    def start(self) -> Tensor:
        return torch.zeros(sum(self.sizes), dtype=torch.float64)

    def set_weights(self, x: Tensor) -> None:
        """Puts x into the model."""
        weights, bigram_weights, *small = x.split(self.sizes)
        self.model.weights.view(-1)[self.pairs] = weights.float()
        self.model.bigram_weights.view(-1)[self.bigram_pairs] = bigram_weights.float()
        with torch.no_grad():
            for scores, values in zip(self.small, small, strict=True):
                scores.copy_(values.view_as(scores))

    def __call__(self, x: Tensor) -> tuple[float, Tensor]:
        self.set_weights(x)
        crf = self.model.crf.requires_grad_(True)
        crf.zero_grad()
        emissions = self.model.emissions(self.rows)
        gradient = torch.zeros_like(emissions)
        bigram_gradient = torch.zeros_like(self.model.bigram_weights)
        loss = sum(self._learn(batch, emissions, gradient, bigram_gradient) for batch in self.batches)
        parts = [
            self.transposed(gradient).view(-1)[self.pairs],
            bigram_gradient.view(-1)[self.bigram_pairs],
            gradient.sum(0),
            *(scores.grad.flatten() for scores in crf.parameters() if scores.grad is not None),
        ]
        crf.requires_grad_(False)
        return loss + self.c2 * float(x @ x), torch.cat([part.double() for part in parts]).add_(x, alpha=2 * self.c2)

    def _learn(self, batch: Batch, emissions: Tensor, gradient: Tensor, bigram_gradient: Tensor) -> float:
        """The loss of a batch; its gradients are written into `gradient` (n, L) and added to `bigram_gradient`."""
        inside = batch.inside
        given = emissions[batch.chars].requires_grad_(True)
        transitions = self.model.transitions(self.bigram_rows, batch)
        if transitions is not None:
            transitions.requires_grad_(True)
        tags = self.tags[batch.chars].masked_fill(~inside, -1)
        loss = self.model.crf.nll(given, tags, batch.lengths, transitions).sum()
        loss.backward()
        assert given.grad is not None
        gradient[batch.chars[inside]] = given.grad[inside]
        if transitions is not None:
            assert transitions.grad is not None
            into = inside[:, 1:]
            rows = self.bigram_rows[batch.chars[:, 1:][into]]
            bigram_gradient += TransposedRows(rows, len(bigram_gradient))(transitions.grad[into].flatten(1))
        return float(loss.detach())


def observed(rows: Tensor, tags: Tensor, num_tags: int) -> Tensor:
    """Which weights have a feature and a tag that occur together: places in a flattened (R, num_tags) table, sorted.
    rows (n, k); tags (n,), -1 where not known."""
    places = rows[tags >= 0].long() * num_tags + tags[tags >= 0].unsqueeze(1)
    places = places.unique()
    return places[places >= num_tags]


def tag_pairs(tags: Tensor, sequences: list[range], num_tags: int) -> Tensor:
    """The pair of tags at each character and before it as one number (n,); -1 for the first of a sequence, and where
    one of the two is not known."""
    pairs = torch.full_like(tags, -1)
    pairs[1:] = torch.where((tags[1:] >= 0) & (tags[:-1] >= 0), tags[:-1] * num_tags + tags[1:], -1)
    pairs[[sequence.start for sequence in sequences]] = -1
    return pairs


def train_feature_crf(
    model: FeatureCrf,
    rows: Tensor,
    bigram_rows: Tensor,
    tags: Tensor,
    sequences: list[range],
    *,
    c1: float,
    c2: float,
    max_iterations: int,
    report: Callable[[int, float], None] | None = None,
) -> Minimum:
    """Sets the model's weights to those of the highest likelihood under the penalties c1 * |x| and c2 * |x|^2; see
    `Objective` for the data."""
    objective = Objective(model, rows, bigram_rows, tags, sequences, c2)
    result = minimize(objective, objective.start(), l1=c1, max_iterations=max_iterations, report=report)
    objective.set_weights(result.x)
    return result
