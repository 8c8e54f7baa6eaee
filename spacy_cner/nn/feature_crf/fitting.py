"""Weights of a CRF over sparse features, from data to arrays."""

from collections.abc import Callable
from typing import NamedTuple

import numpy
import torch

from ...text.tags import Transitions
from ..crf import CRF
from .model import FeatureCrf
from .online import train_online
from .training import train_feature_crf


class Fitted(NamedTuple):
    """What was learned: transitions (L, L), start and end (L,) in float64; bias (L,), weights (R, L) and bigram_weights
    (R', L * L) in float32, see `FeatureCrf`."""

    transitions: numpy.ndarray
    start: numpy.ndarray
    end: numpy.ndarray
    bias: numpy.ndarray
    weights: numpy.ndarray
    bigram_weights: numpy.ndarray


def fit(
    allowed: Transitions,
    size: int,
    bigram_size: int,
    *,
    rows: numpy.ndarray,
    bigram_rows: numpy.ndarray,
    tags: numpy.ndarray,
    sequences: list[range],
    c1: float,
    c2: float,
    epochs: int,
    max_iterations: int,
    report: Callable[[int, float], None] | None = None,
) -> Fitted:
    """Trains from scratch, by `train_online` if there are `epochs`, else by `train_feature_crf`.

    allowed: the transitions that exist. size, bigram_size: R and R'. rows (n, k), bigram_rows (n, k'), tags (n,): of
    all characters. They and the other arguments are described in `PenalizedLoss`."""
    crf = CRF(
        len(allowed.start),
        allowed=torch.from_numpy(allowed.between),
        allowed_start=torch.from_numpy(allowed.start),
        allowed_end=torch.from_numpy(allowed.end),
        allowed_new=torch.from_numpy(allowed.start),
    )
    model = FeatureCrf(crf.double(), size, bigram_size)
    x, pairs, y = (torch.from_numpy(numpy.ascontiguousarray(each)) for each in (rows, bigram_rows, tags))
    if epochs:
        train_online(model, x, pairs, y, sequences, c1=c1, c2=c2, epochs=epochs, report=report)
    else:
        iterations = max_iterations
        train_feature_crf(model, x, pairs, y, sequences, c1=c1, c2=c2, max_iterations=iterations, report=report)
    learned = crf.transitions, crf.start_transitions, crf.end_transitions
    tables = model.bias, model.weights, model.bigram_weights
    return Fitted(*(array.detach().numpy() for array in (*learned, *tables)))
