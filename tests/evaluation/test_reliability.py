import numpy
import pytest

from spacy_cner.evaluation.judged import Judged
from spacy_cner.evaluation.reliability import (
    bins,
    brier,
    by_threshold,
    error_by_chance,
    expected_error,
    reliability,
    risk_coverage,
    threshold_for,
)

SCORES = numpy.array([0.95, 0.95, 0.55, 0.55, 0.15])
RIGHT = numpy.array([True, True, True, False, False])


def test_values_by_hand():
    assert expected_error(SCORES, RIGHT) == pytest.approx((2 * 0.05 + 2 * 0.05 + 0.15) / 5)
    assert brier(SCORES, RIGHT) == pytest.approx((2 * 0.05**2 + 0.45**2 + 0.55**2 + 0.15**2) / 5)
    filled = [group for group in bins(SCORES, RIGHT) if group["count"]]
    assert [(group["from"], group["count"], group["right"]) for group in filled] == [
        (0.1, 1, 0),
        (0.5, 2, 0.5),
        (0.9, 2, 1),
    ]
    assert risk_coverage(SCORES, RIGHT)[3] == {"coverage": 0.4, "risk": 0.0}
    assert risk_coverage(SCORES, RIGHT)[-1] == {"coverage": 1.0, "risk": pytest.approx(0.4)}
    assert by_threshold(SCORES, RIGHT, 4, [0.0, 0.5, 0.99]) == [
        {"threshold": 0.0, "found": 5, "p": pytest.approx(0.6), "r": 0.75},
        {"threshold": 0.5, "found": 4, "p": 0.75, "r": 0.75},
        {"threshold": 0.99, "found": 0, "p": None, "r": 0.0},
    ]


def test_the_threshold_for_a_precision():
    assert threshold_for(SCORES, RIGHT, 0.9) == pytest.approx(0.95)
    assert threshold_for(SCORES, RIGHT, 0.7) == pytest.approx(0.55)
    assert threshold_for(SCORES, RIGHT, 0.1) == pytest.approx(0.15)
    assert threshold_for(SCORES, ~RIGHT, 0.9) is None
    # Two of the same probability stay together: 100 % cannot be had at 0.55.
    assert threshold_for(SCORES[2:], RIGHT[2:], 1.0) is None
    assert threshold_for(SCORES[:0], RIGHT[:0], 0.5) is None


def test_exact_probabilities_have_a_small_error():
    chance = numpy.random.default_rng(0)
    scores = chance.random(20_000)
    right = chance.random(20_000) < scores
    assert expected_error(scores, right) < 0.02
    assert expected_error(scores**2, right) > 0.1


@pytest.mark.parametrize("count, low, high", [(200, 0.03, 0.08), (20_000, 0.002, 0.01)])
def test_few_entities_have_an_error_by_chance(count, low, high):
    chance = numpy.random.default_rng(5)
    scores = chance.random(count)
    errors = [expected_error(scores, chance.random(count) < scores) for _ in range(30)]
    assert low < error_by_chance(scores) < high
    assert error_by_chance(scores) == pytest.approx(numpy.mean(errors), rel=0.2)


def test_of_documents():
    documents = [
        Judged("王海在青岛", [(0, 2, "PER"), (3, 5, "LOC")], [(0, 2, "PER"), (3, 5, "ORG")], [0.9, 0.6]),
        Judged("今天", [], [(0, 2, "PER")], [None]),
    ]
    found = reliability(documents)
    assert found["count"] == 2 and found["ece"] == pytest.approx((0.1 + 0.6) / 2)
    own = found["per_type"]["PER"]
    assert (own["ece"], own["brier"], own["count"]) == (pytest.approx(0.1), pytest.approx(0.01), 1)
    assert found["thresholds"][0] == {"threshold": 0.0, "found": 2, "p": 0.5, "r": 0.5}
    assert reliability(documents[1:]) is None
