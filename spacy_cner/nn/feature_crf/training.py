"""Trains a CRF over sparse features on all data at once. Its loss is convex, so L-BFGS finds the one optimum."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...text.batching import batches_by_length
from .bags import TransposedRows
from .model import FeatureCrf, SequenceBatch, make_batch
from .owlqn import Minimum, minimize

PADDED_SIZE = 16384  # characters in a batch, with padding


class PenalizedLoss:
    """Negative log likelihood plus c2 * |x|^2, as a function of x, one vector of all trainable weights.

    Trainable are the transitions, the biases, and the weights of each feature with the tags (or pairs of tags) that it
    occurs with in the data.

    rows (n, k), bigram_rows (n, k'): int32, the features of n characters. tags: int64 (n,), -1 or -2 where unknown, see
    `CRF.nll`. sequences: ranges of characters that do not overlap."""

    def __init__(
        self, model: FeatureCrf, rows: Tensor, bigram_rows: Tensor, tags: Tensor, sequences: list[range], c2: float
    ):
        self.model, self.rows, self.bigram_rows, self.tags, self.c2 = model, rows, bigram_rows, tags, c2
        chosen = batches_by_length(sequences, PADDED_SIZE)
        self.batches = [make_batch([sequences[i] for i in part]) for part in chosen]
        self.transposed = TransposedRows(rows, len(model.weights))
        known = torch.full_like(tags, -1)  # those that it learns from; others may be left out of a fold
        for sequence in sequences:
            known[sequence.start : sequence.stop] = tags[sequence.start : sequence.stop]
        # shape: (number of weights,), indices into the flattened tables
        number = model.crf.num_tags
        self.pairs = observed(rows, known, number)
        self.bigram_pairs = observed(bigram_rows, tag_pairs(known, sequences, number), number**2)
        self.small = [model.bias, *model.crf.parameters()]
        self.sizes = [len(self.pairs), len(self.bigram_pairs), *(scores.numel() for scores in self.small)]

    def start(self) -> Tensor:
        """Returns the x to start from, all zeros."""
        return torch.zeros(sum(self.sizes), dtype=torch.float64)

    def set_weights(self, x: Tensor) -> None:
        """Copies x into the model."""
        weights, bigram_weights, *small = x.split(self.sizes)
        self.model.weights.view(-1)[self.pairs] = weights.float()
        self.model.bigram_weights.view(-1)[self.bigram_pairs] = bigram_weights.float()
        with torch.no_grad():
            for scores, values in zip(self.small, small, strict=True):
                scores.copy_(values.view_as(scores))

    def __call__(self, x: Tensor) -> tuple[float, Tensor]:
        """Returns the value at x and its gradient; leaves x in the model."""
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

    def _learn(self, batch: SequenceBatch, emissions: Tensor, gradient: Tensor, bigram_gradient: Tensor) -> float:
        """Returns the loss of a batch. Writes its gradients into `gradient` (n, L) and adds to `bigram_gradient`."""
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
    """Returns the pairs of feature and tag that occur together, as sorted indices into a flattened (R, num_tags) table.

    rows: (n, k). tags: (n,), below 0 where unknown."""
    indices = rows[tags >= 0].long() * num_tags + tags[tags >= 0].unsqueeze(1)
    indices = indices.unique()
    return indices[indices >= num_tags]


def tag_pairs(tags: Tensor, sequences: list[range], num_tags: int) -> Tensor:
    """Returns the pair of tags before and at each character as one number (n,). It is -1 at the first character of a
    sequence, and where one of the two tags is unknown."""
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
    """Trains the model to the highest likelihood under the penalties c1 * |x| and c2 * |x|^2. `PenalizedLoss` describes
    the data."""
    objective = PenalizedLoss(model, rows, bigram_rows, tags, sequences, c2)
    result = minimize(objective, objective.start(), l1=c1, max_iterations=max_iterations, report=report)
    objective.set_weights(result.x)
    return result
