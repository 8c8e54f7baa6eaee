import numpy
import pytest
from thinc.api import Dropout, NumpyOps

from spacy_cner.models.dropout import make_dropout, sequence_dropout

OPS = NumpyOps()


def rows(*lengths):
    random = numpy.random.default_rng(0)
    return [random.normal(size=(n, 3)).astype("f") for n in lengths]


@pytest.mark.parametrize("lengths", [[2, 0, 5], [4], [0, 0], []])
def test_drops_what_thincs_layer_drops(lengths):
    results = []
    for build in (Dropout, sequence_dropout):
        numpy.random.seed(0)
        outputs, backprop = build(0.5)(rows(*lengths), True)
        results.append((outputs, backprop(rows(*lengths))))
    for one, other in zip(*results):
        for expected, found in zip(one, other, strict=True):
            numpy.testing.assert_array_equal(found, expected)


def test_saved_as_thincs_layer():
    assert sequence_dropout().from_bytes(Dropout(0.3).to_bytes()).attrs["dropout_rate"] == 0.3


@pytest.mark.parametrize("rate, enabled, is_train", [(0.5, True, False), (0.5, False, True), (0.0, True, True)])
def test_leaves_all_as_it_is(rate, enabled, is_train):
    model, given = sequence_dropout(rate), rows(2, 5)
    model.attrs["is_enabled"] = enabled
    outputs, backprop = model(given, is_train)
    assert outputs is given
    assert backprop(given) is given


def test_the_same_numbers_again_and_the_mean_stays():
    drop = make_dropout(OPS, rows(300, 200), 0.25)
    ones = [numpy.ones_like(each) for each in rows(300, 200)]
    once, again = drop(ones), drop(ones)
    assert sorted(numpy.unique(numpy.concatenate(once))) == pytest.approx([0, 4 / 3])
    assert numpy.concatenate(once).mean() == pytest.approx(1, abs=0.1)
    for one, other in zip(once, again, strict=True):
        numpy.testing.assert_array_equal(one, other)
