import pickle
import warnings
from itertools import islice

import pytest
from thinc.api import Adam, warmup_linear

from spacy_cner.errors import InputError
from spacy_cner.training.schedules import make_linear_decay


@pytest.mark.parametrize("warmup", [0, 1, 4, 10])
def test_the_rates_are_those_of_thinc(warmup):
    own, other = make_linear_decay(0.002, warmup, 10), warmup_linear(0.002, warmup, 10)
    assert list(islice(own, 11)) == list(islice(other, 11))


def test_a_training_of_the_right_length_warns_of_nothing():
    """spaCy makes one update more than `max_steps`, and asks for a rate after each."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = Adam(make_linear_decay(0.002, 2, 10))
        for _ in range(11):
            optimizer.step_schedules()
    assert optimizer.learn_rate == 0.0


def test_a_longer_one_warns_once():
    with pytest.warns(
        UserWarning, match="0 from step 10 on, and nothing more is learned: to train longer, set"
    ) as seen:
        rates = list(islice(make_linear_decay(0.002, 2, 10), 50))
    assert len(seen) == 1 and not any(rates[10:])


def test_its_place_can_be_pickled():
    rates = make_linear_decay(0.002, 2, 10)
    next(rates)
    assert list(islice(pickle.loads(pickle.dumps(rates)), 9)) == list(islice(rates, 9))


def test_no_steps_are_refused():
    with pytest.raises(InputError, match="expected total_steps of at least 1, got 0"):
        make_linear_decay(0.002, 0, 0)
