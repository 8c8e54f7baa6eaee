"""Trains a CRF over sparse features batch by batch. About ten epochs come as near to the optimum as a hundred
iterations of L-BFGS over all data."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ...text.batching import batches_by_length
from .bags import TransposedRows, sum_rows
from .ftrl import Ftrl
from .model import FeatureCrf, SequenceBatch, make_batch

BATCHES = 100  # in an epoch, if batches then have a size from SMALLEST to LARGEST
SMALLEST, LARGEST = 1024, 16384  # characters, with padding


class Bags(NamedTuple):
    """The features of m items.

    used: (U,), the table's rows that occur; the first is row 0, which never learns. rows: (m, k), indices into `used`.
    transposed: for the gradient."""

    used: Tensor
    rows: Tensor
    transposed: TransposedRows


class Prepared(NamedTuple):
    """A batch ready to learn from.

    tags: (B, T), below 0 where unknown. bags: features of all characters. bigram_bags: bigram features of all
    characters but the first of each sequence."""

    batch: SequenceBatch
    tags: Tensor
    bags: Bags
    bigram_bags: Bags | None


def make_bags(rows: Tensor) -> Bags:
    """Makes bags of rows (m, k)."""
    padded = torch.nn.functional.pad(rows, (0, 0, 0, 1))  # so that row 0 occurs
    used, indices = torch.unique(padded, return_inverse=True)
    indices = indices[:-1].to(torch.int32)
    return Bags(used.long(), indices, TransposedRows(indices, len(used)))


class OnlineTraining:
    """The state of `train_online`: a model and one FTRL optimizer for each kind of weights."""

    def __init__(self, model: FeatureCrf, *, learn_rate: float, c1: float, c2: float):
        self.model = model
        self.small = [model.bias, *model.crf.parameters()]
        self.small_size = sum(scores.numel() for scores in self.small)
        settings = {"learn_rate": learn_rate, "c1": c1, "c2": c2}
        self.plain = Ftrl(model.weights.shape, **settings)
        self.bigram = Ftrl(model.bigram_weights.shape, **settings)
        self.dense = Ftrl((1, self.small_size), learn_rate=learn_rate, c1=0.0, c2=c2)

    def prepare(self, rows: Tensor, bigram_rows: Tensor, tags: Tensor, sequences: list[range]) -> Prepared:
        """Prepares a batch of these sequences; arguments are as in `train_online`."""
        batch = make_batch(sequences)
        inside = batch.inside
        bigram_bags = make_bags(bigram_rows[batch.chars[:, 1:][inside[:, 1:]]]) if bigram_rows.shape[1] else None
        known = tags[batch.chars].masked_fill(~inside, -1)
        return Prepared(batch, known, make_bags(rows[batch.chars[inside]]), bigram_bags)

    def learn(self, prepared: Prepared, epochs: float) -> float:
        """Makes one step, after this number of epochs. RETURNS: the loss of the batch."""
        batch, bags, bigram_bags = prepared.batch, prepared.bags, prepared.bigram_bags
        crf, inside = self.model.crf.requires_grad_(True), batch.inside
        small = self._set_small(epochs)
        weights = self.plain.weights(bags.used, epochs)
        emissions = weights.new_zeros(*inside.shape, crf.num_tags)
        emissions[inside] = sum_rows(bags.rows, weights) + self.model.bias
        emissions.requires_grad_(True)
        transitions = bigram_weights = None
        if bigram_bags is not None:
            bigram_weights = self.bigram.weights(bigram_bags.used, epochs)
            transitions = weights.new_zeros(len(inside), inside.shape[1] - 1, crf.num_tags**2)
            transitions[inside[:, 1:]] = sum_rows(bigram_bags.rows, bigram_weights)
            transitions = transitions.unflatten(2, (crf.num_tags, crf.num_tags)).requires_grad_(True)
        crf.zero_grad()
        loss = crf.nll(emissions, prepared.tags, batch.lengths, transitions).sum()
        loss.backward()
        assert emissions.grad is not None
        gradient = emissions.grad[inside]
        self.plain.update(bags.used, weights, bags.transposed(gradient))
        if transitions is not None and bigram_bags is not None and bigram_weights is not None:
            assert transitions.grad is not None
            found = bigram_bags.transposed(transitions.grad[inside[:, 1:]].flatten(1))
            self.bigram.update(bigram_bags.used, bigram_weights, found)
        parts = [gradient.sum(0), *(scores.grad.flatten() for scores in crf.parameters() if scores.grad is not None)]
        self.dense.update(torch.zeros(1, dtype=torch.long), small, torch.cat([part.float() for part in parts])[None])
        crf.requires_grad_(False)
        return float(loss.detach())

    def finish(self, epochs: float) -> None:
        """Copies the weights into the model."""
        self._set_small(epochs)
        self.model.weights.copy_(self.plain.all_weights(epochs))
        self.model.bigram_weights.copy_(self.bigram.all_weights(epochs))

    def _set_small(self, epochs: float) -> Tensor:
        small = self.dense.all_weights(epochs)
        with torch.no_grad():
            for scores, values in zip(self.small, small[0].split([scores.numel() for scores in self.small])):
                scores.copy_(values.view_as(scores))
        return small


def train_online(
    model: FeatureCrf,
    rows: Tensor,
    bigram_rows: Tensor,
    tags: Tensor,
    sequences: list[range],
    *,
    c1: float,
    c2: float,
    epochs: int,
    learn_rate: float = 0.3,
    report: Callable[[int, float], None] | None = None,
) -> None:
    """Trains the model by FTRL-Proximal for a number of epochs.

    Batches hold sequences of similar length; their order is always the same. Data and penalties are as in
    `train_feature_crf`. `report` is called after each epoch with its number and the sum of the losses."""
    size = min(max(sum(map(len, sequences)) // BATCHES, SMALLEST), LARGEST)
    training = OnlineTraining(model, learn_rate=learn_rate, c1=c1, c2=c2)
    prepared = [
        training.prepare(rows, bigram_rows, tags, [sequences[i] for i in chosen])
        for chosen in batches_by_length(sequences, size)
    ]
    random = torch.Generator().manual_seed(0)
    for done in range(epochs):
        loss = 0.0
        for number, i in enumerate(torch.randperm(len(prepared), generator=random).tolist()):
            loss += training.learn(prepared[i], done + number / len(prepared))
        if report is not None:
            report(done + 1, loss)
    training.finish(epochs)
