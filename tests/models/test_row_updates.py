"""Against the updates of the whole table, which touch each row in each step."""

from functools import partial

import numpy
import pytest
import torch
from thinc.api import SGD, Adam, ArgsKwargs, RAdam

from spacy_cner.models.row_updates import RowsShim
from spacy_cner.models.torch_layers import SizedShim
from spacy_cner.nn.feature_scores import FeatureScores


def shim(kind=RowsShim):
    made = kind(lambda **sizes: FeatureScores(lr_scale=0.5, sparse=kind is RowsShim, **sizes))
    made.build(size=6, width=2)
    with torch.no_grad():
        made._model.weights[1:] = torch.arange(10.0).view(5, 2)
    return made


def learn(shims, optimizers, batches):
    for rows in batches:
        for one, optimizer in zip(shims, optimizers):
            output, backprop = one(ArgsKwargs(args=(torch.tensor([rows]),), kwargs={}), True)
            backprop(ArgsKwargs(args=((output,),), kwargs={"grad_tensors": (torch.tensor([[1.0, -2.0]]),)}))
            one.finish_update(optimizer)


def weights(one):
    return one._model.weights.detach().numpy().copy()


def averages(one, optimizer):
    with one.use_params(optimizer.averages):
        return weights(one)


@pytest.mark.parametrize("make", [Adam, RAdam, partial(Adam, L2=0.1, grad_clip=0.5), partial(SGD, grad_clip=0.5)])
def test_rows_of_each_batch_as_in_updates_of_all(make):
    shims, optimizers = [shim(), shim(SizedShim)], [make(0.1, use_averages=True) for _ in range(2)]
    learn(shims, optimizers, [[1, 2, 3, 4, 5]] * 12)
    rows, dense = shims
    numpy.testing.assert_allclose(weights(rows), weights(dense), rtol=1e-5)
    numpy.testing.assert_allclose(averages(rows, optimizers[0]), averages(dense, optimizers[1]), rtol=1e-5)


BATCHES = [[1, 2], [3, 3], [2, 1], [4, 1], [1, 2], [3, 1], [1, 4], [2, 3]] * 3


def test_averages_of_rows_that_rest():
    """Without moments, updates of all rows leave those alone that have no gradient, too."""
    shims, optimizers = [shim(), shim(SizedShim)], [SGD(0.1, use_averages=True), SGD(0.1, use_averages=True)]
    for begin in range(0, len(BATCHES), 5):
        learn(shims, optimizers, BATCHES[begin : begin + 5])
        rows, dense = shims
        numpy.testing.assert_allclose(weights(rows), weights(dense), rtol=1e-5)
        numpy.testing.assert_allclose(averages(rows, optimizers[0]), averages(dense, optimizers[1]), rtol=1e-5)
    numpy.testing.assert_allclose(weights(rows)[5], [8.0, 9.0])


def test_rows_that_rest_keep_their_moments():
    one, optimizer = shim(), Adam(0.1)
    learn([one], [optimizer], [[1, 2]] * 3)
    before = weights(one)
    learn([one], [optimizer], [[3, 4]] * 3)
    numpy.testing.assert_array_equal(weights(one)[1:3], before[1:3])
    moments = one._states["mom1"]
    assert moments[1].abs().sum() > 0 and not moments[5].any()


def test_a_new_optimizer_begins_anew():
    one = shim()
    for optimizer in (Adam(0.1), Adam(0.1)):
        before = weights(one)
        learn([one], [optimizer], [[1, 2]])
        # Adam's first step is as long as the learning rate, whatever the gradient.
        numpy.testing.assert_allclose(abs(weights(one) - before)[1:3], 0.1, rtol=1e-3)
        assert optimizer.nr_update[one.id, "weights"] == 1


def test_several_batches_before_an_update_and_none():
    one, optimizer = shim(), SGD(0.1, grad_clip=0.0)
    for rows in ([1, 2], [2, 3]):
        output, backprop = one(ArgsKwargs(args=(torch.tensor([rows]),), kwargs={}), True)
        backprop(ArgsKwargs(args=((output,),), kwargs={"grad_tensors": (torch.tensor([[1.0, 0.0]]),)}))
    before = weights(one)
    one.finish_update(optimizer)
    numpy.testing.assert_allclose((before - weights(one))[:, 0], [0, 0.05, 0.1, 0.05, 0, 0], rtol=1e-5)
    after = weights(one)
    one.finish_update(optimizer)
    numpy.testing.assert_array_equal(weights(one), after)


def test_a_batch_without_a_feature_that_has_weights():
    one, optimizer = shim(), Adam(0.1, use_averages=True)
    learn([one], [optimizer], [[1, 2]])
    before, averaged = weights(one), averages(one, optimizer)
    learn([one], [optimizer], [[0, 0]])
    numpy.testing.assert_array_equal(weights(one), before)
    assert numpy.isfinite(averages(one, optimizer)).all() and numpy.isfinite(averaged).all()
