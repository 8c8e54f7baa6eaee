"""Trains a CRF over sparse features batch by batch: some ten passes over the data come as near as a hundred iterations
of L-BFGS over all of it."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ...text.batching import batches_by_length
from .bags import TransposedRows, sum_rows
from .ftrl import Ftrl
from .model import Batch, FeatureCrf, make_batch

BATCHES = 100  # in a pass, where they hold between
SMALLEST, LARGEST = 1024, 16384  # characters, with padding


class Bags(NamedTuple):
    """The features of m items: `used` (U,), the rows of the table that they have; `rows` (m, k), places in `used`;
    `transposed`, for the gradient. The first of `used` is row 0, which never learns."""

    used: Tensor
    rows: Tensor
    transposed: TransposedRows


class Prepared(NamedTuple):
    """tags: (B, T), -1 where not known. bigram_bags: of the characters but the first of each sequence."""

    batch: Batch
    tags: Tensor
    bags: Bags
    bigram_bags: Bags | None


def make_bags(rows: Tensor) -> Bags:
    padded = torch.nn.functional.pad(rows, (0, 0, 0, 1))  # row 0 is there
    used, places = torch.unique(padded, return_inverse=True)
    places = places[:-1].to(torch.int32)
    return Bags(used.long(), places, TransposedRows(places, len(used)))


class OnlineTraining:
    """See `train_online`."""

    def __init__(self, model: FeatureCrf, *, rate: float, c1: float, c2: float):
        self.model = model
        self.small = [model.bias, *model.crf.parameters()]
        self.small_size = sum(scores.numel() for scores in self.small)
        settings = {"rate": rate, "c1": c1, "c2": c2}
        self.plain = Ftrl(model.weights.shape, **settings)
        self.bigram = Ftrl(model.bigram_weights.shape, **settings)
        self.dense = Ftrl((1, self.small_size), rate=rate, c1=0.0, c2=c2)

    def prepare(self, rows: Tensor, bigram_rows: Tensor, tags: Tensor, sequences: list[range]) -> Prepared:
        batch = make_batch(sequences)
        inside = batch.inside
        bigram_bags = make_bags(bigram_rows[batch.chars[:, 1:][inside[:, 1:]]]) if bigram_rows.shape[1] else None
        known = tags[batch.chars].masked_fill(~inside, -1)
        return Prepared(batch, known, make_bags(rows[batch.chars[inside]]), bigram_bags)

    def learn(self, prepared: Prepared, passes: float) -> float:
        """One step. RETURNS: the loss of the batch."""
        batch, bags, bigram_bags = prepared.batch, prepared.bags, prepared.bigram_bags
        crf, inside = self.model.crf.requires_grad_(True), batch.inside
        small = self._set_small(passes)
        weights = self.plain.weights(bags.used, passes)
        emissions = weights.new_zeros(*inside.shape, crf.num_tags)
        emissions[inside] = sum_rows(bags.rows, weights) + self.model.bias
        emissions.requires_grad_(True)
        transitions = bigram_weights = None
        if bigram_bags is not None:
            bigram_weights = self.bigram.weights(bigram_bags.used, passes)
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

    def finish(self, passes: float) -> None:
        """Puts the weights into the model."""
        self._set_small(passes)
        self.model.weights.copy_(self.plain.all_weights(passes))
        self.model.bigram_weights.copy_(self.bigram.all_weights(passes))

    def _set_small(self, passes: float) -> Tensor:
        small = self.dense.all_weights(passes)
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
    passes: int,
    rate: float = 0.3,
    report: Callable[[int, float], None] | None = None,
) -> None:
    """Sets the model's weights to what FTRL-Proximal finds in so many passes over the sequences, in batches of
    sequences of like length, in an order that is always the same. Data and penalties are those of `train_feature_crf`;
    `report` is called after each pass with its number and the sum of the losses."""
    size = min(max(sum(map(len, sequences)) // BATCHES, SMALLEST), LARGEST)
    training = OnlineTraining(model, rate=rate, c1=c1, c2=c2)
    prepared = [
        training.prepare(rows, bigram_rows, tags, [sequences[i] for i in chosen])
        for chosen in batches_by_length(sequences, size)
    ]
    random = torch.Generator().manual_seed(0)
    for done in range(passes):
        loss = 0.0
        for number, i in enumerate(torch.randperm(len(prepared), generator=random).tolist()):
            loss += training.learn(prepared[i], done + number / len(prepared))
        if report is not None:
            report(done + 1, loss)
    training.finish(passes)
