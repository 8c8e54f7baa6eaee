import math

import numpy
import pytest

from spacy_cner.evaluation import bootstrap
from spacy_cner.evaluation.bootstrap import interval, prf, resampled


def test_sums_of_draws_are_of_as_many_documents():
    counts = numpy.arange(12).reshape(4, 3)
    ones = numpy.ones((4, 1), dtype="int64")
    assert (resampled(ones, 50) == 4).all()
    sums = resampled(counts, 2000)
    assert sums.shape == (2000, 3)
    assert sums.mean(axis=0) == pytest.approx(counts.sum(axis=0), rel=0.05)


def test_the_same_seed_draws_the_same_documents_whatever_is_counted():
    counts = numpy.arange(8).reshape(8, 1)
    assert (resampled(counts, 20)[:, 0] * 2 == resampled(counts * 2, 20)[:, 0]).all()
    assert (resampled(counts, 20) != resampled(counts, 20, seed=1)).any()


def test_little_memory_changes_nothing(monkeypatch):
    counts = numpy.arange(30).reshape(10, 3)
    whole = resampled(counts, 25)
    monkeypatch.setattr(bootstrap, "BLOCK", 40)
    assert (resampled(counts, 25) == whole).all()


def test_scores_by_hand():
    p, r, f = prf(numpy.array([[3, 4, 6], [0, 0, 0]]))
    assert (p[0], r[0], f[0]) == (0.75, 0.5, 0.6)
    assert all(math.isnan(score[1]) for score in (p, r, f))


def test_interval():
    assert interval(numpy.arange(101) / 100, 0.9) == pytest.approx((0.05, 0.95))
    assert interval(numpy.array([math.nan, math.nan, 1.0])) is None
    assert interval(numpy.array([math.nan, 0.5, 0.5])) == (0.5, 0.5)


def population(chance, size):
    """Documents as they are: the more entities, the better or worse all of them are found."""
    gold = chance.poisson(1.5, size)
    skill = chance.beta(4, 2, size)
    right = chance.binomial(gold, skill)
    return numpy.stack([right, right + chance.poisson(0.4, size), gold], axis=1)


@pytest.mark.parametrize("documents", [270, 100])
def test_intervals_cover_the_score_of_all_data_at_their_rate(documents):
    chance = numpy.random.default_rng(0)
    everything = population(chance, 50_000)
    truth = prf(everything.sum(axis=0))[2]
    trials = 400
    covered = 0
    for seed in range(trials):
        sample = everything[chance.choice(len(everything), documents)]
        low, high = interval(prf(resampled(sample, 400, seed))[2])
        covered += low <= truth <= high
    # 95 %, less three standard deviations of the simulation itself
    assert covered / trials > 0.95 - 3 * math.sqrt(0.95 * 0.05 / trials)
