"""Shims and padding; test_encoders.py has what layers made of them share."""

import numpy
import pytest
import srsly
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from thinc.api import SGD, Adam
from torch import nn

from spacy_cner.models import engines
from spacy_cner.models.encoders import build_bilstm, build_char_cnn
from spacy_cner.models.torch_layers import SizedShim, pad, sequence_layer, sized_shim, unpad
from spacy_cner.nn.precision import has_bfloat16, predict_in


class Scaled(nn.Module):
    """A linear layer and a vector, so that there are weights of one and of two dimensions."""

    def __init__(self, nI, nO):
        super().__init__()
        self.linear = nn.Linear(nI, nO)
        self.scale = nn.Parameter(torch.rand(nO))

    def forward(self, padded, lengths):
        return self.linear(padded) * self.scale


def layer(**dims):
    return sequence_layer("scaled", Scaled, **dims)


def batch(*lengths, width=3):
    random = numpy.random.default_rng(0)
    return [random.normal(size=(n, width)).astype("f") for n in lengths]


def weights(shim):
    return {name: weight.detach().clone() for name, weight in shim.require_built().named_parameters()}


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=4).flatmap(
        lambda lengths: st.tuples(*[arrays("float32", (n, 2), elements=st.integers(-9, 9)) for n in lengths])
    )
)
def test_pad_and_unpad(sequences):
    padded, lengths = pad(sequences)
    assert padded.shape == (len(sequences), max(map(len, sequences)), 2)
    assert not padded.requires_grad
    assert lengths.tolist() == [len(x) for x in sequences]
    for row, x in zip(padded, sequences):
        assert not row[len(x) :].any()
    back = unpad(padded, lengths)
    for x, y in zip(sequences, back, strict=True):
        numpy.testing.assert_array_equal(x, y)


def test_padded_for_gradients():
    padded, _ = pad(batch(2, 3), requires_grad=True)
    assert padded.requires_grad and padded.is_leaf


def test_a_shim_without_sizes():
    shim = SizedShim(Scaled)
    assert not shim.is_built
    with pytest.raises(ValueError, match="expected an initialised model, got one that was neither initialised nor"):
        shim.require_built()
    assert not SizedShim(Scaled).from_bytes(shim.to_bytes()).is_built
    shim.finish_update(SGD(0.1))
    shim.to_device("cpu", 0)
    with shim.use_params({}):
        assert not shim.is_built


def test_an_unbuilt_state_leaves_what_was_built():
    shim = SizedShim(Scaled)
    shim.build(nI=3, nO=2)
    before = weights(shim)
    shim.from_bytes(SizedShim(Scaled).to_bytes())
    assert weights(shim).keys() == before.keys()


def test_loads_whatever_size_it_had():
    shim, other = SizedShim(Scaled), SizedShim(Scaled)
    shim.build(nI=3, nO=2)
    other.build(nI=5, nO=1)
    for loaded in (SizedShim(Scaled).from_bytes(shim.to_bytes()), other.from_bytes(shim.to_bytes())):
        assert loaded.cfg == {"nI": 3, "nO": 2}
        for name, weight in weights(shim).items():
            assert torch.equal(weights(loaded)[name], weight)
    assert srsly.msgpack_loads(shim.to_bytes())["config"] == {"nI": 3, "nO": 2}


@pytest.mark.parametrize("size", [1, 2, 4])
def test_built_anew_it_keeps_the_weights_that_still_have_a_place(size):
    shim = SizedShim(Scaled)
    shim.build(nI=3, nO=2)
    before = weights(shim)
    shim.build(nI=3, nO=size)
    after, same = weights(shim), min(size, 2)
    assert after["linear.weight"].shape == (size, 3)
    assert torch.equal(after["linear.weight"][:same], before["linear.weight"][:same])
    assert torch.equal(after["scale"][:same], before["scale"][:same])
    assert shim.cfg == {"nI": 3, "nO": size}
    assert all(weight.requires_grad for weight in shim.require_built().parameters())


def test_sizes_from_samples_where_they_are_not_given():
    model = layer()
    model.initialize(X=batch(2), Y=batch(2, width=4))
    assert (model.get_dim("nI"), model.get_dim("nO")) == (3, 4)
    given_ = layer(nI=3, nO=5)
    given_.initialize()
    assert [x.shape for x in given_.predict(batch(2))] == [(2, 5)]


def test_missing_sizes_and_missing_initialisation():
    with pytest.raises(ValueError, match="nI"):
        layer(nO=2).initialize()
    with pytest.raises(ValueError, match="neither initialised nor loaded"):
        layer(nI=3, nO=2).predict(batch(2))


def test_the_module_is_asked_for_prediction_in_its_mode():
    class Mode(nn.Module):
        def forward(self, padded, lengths):
            return padded + (1 if self.training else 0)

    model = sequence_layer("mode", lambda nI, nO: Mode(), nI=3, nO=3)
    model.initialize()
    xs = batch(2)
    numpy.testing.assert_allclose(model.predict(xs)[0], xs[0])
    numpy.testing.assert_allclose(model.begin_update(xs)[0][0], xs[0] + 1)


def test_gradients_add_up_until_the_update():
    model = layer(nI=3, nO=2)
    model.initialize()
    module = sized_shim(model).require_built()
    xs = batch(2, 4)
    gradients = []
    for _ in range(2):
        rows, backprop = model.begin_update(xs)
        backprop([numpy.ones_like(x) for x in rows])
        gradients.append(module.inner.scale.grad.clone())
    torch.testing.assert_close(gradients[1], 2 * gradients[0])
    before = weights(sized_shim(model))["inner.scale"]
    model.finish_update(SGD(0.1, grad_clip=0))
    after = weights(sized_shim(model))["inner.scale"]
    torch.testing.assert_close(after, before - 0.1 * gradients[1])
    assert not module.inner.scale.grad.any()


def test_averages_take_the_place_of_the_weights_for_a_while():
    model = layer(nI=3, nO=2)
    model.initialize()
    optimizer = Adam(0.1, use_averages=True)
    xs = batch(2, 4)
    for _ in range(3):
        rows, backprop = model.begin_update(xs)
        backprop(rows)
        model.finish_update(optimizer)
    shim = sized_shim(model)
    now = weights(shim)
    with pytest.raises(RuntimeError, match="on purpose"), model.use_params(optimizer.averages):
        for name, average in weights(shim).items():
            numpy.testing.assert_array_equal(average, optimizer.averages[shim.id, name])
            assert not torch.equal(average, now[name])
        raise RuntimeError("on purpose")
    for name, weight in weights(shim).items():
        assert torch.equal(weight, now[name])


def test_has_bfloat16():
    assert isinstance(has_bfloat16("cpu"), bool)


def test_unknown_precision_of_prediction():
    with pytest.raises(ValueError, match="precision float32, bfloat16 or auto, got 'float16'"):
        predict_in("float16")


@pytest.mark.parametrize("build", [build_bilstm, build_char_cnn])
def test_predicts_in_batches_as_it_does_one_by_one(build, monkeypatch):
    model = build(8)
    xs = batch(3, 0, 17, 1, 9, 30, 2, 9, 0)
    model.initialize(X=xs)
    whole = model.predict(xs)
    sizes = []
    run = SizedShim.__call__

    def spy(shim, inputs, is_train):
        sizes.append(tuple(inputs.args[0].shape[:2]))
        return run(shim, inputs, is_train)

    monkeypatch.setattr(SizedShim, "__call__", spy)
    monkeypatch.setattr(engines, "PADDED_SIZE_CPU", 20)
    rows = model.predict(xs)
    assert len(sizes) > 3
    assert all(count == 1 or count * length <= 20 for count, length in sizes)
    for x, found, together in zip(xs, rows, whole, strict=True):
        (alone,) = model.predict([x])
        assert found.shape == (len(x), 8)
        numpy.testing.assert_allclose(found, alone, atol=1e-5)
        numpy.testing.assert_allclose(together, alone, atol=1e-5)


def test_what_predicts_has_no_gradient():
    model = layer(nI=3, nO=2)
    model.initialize()
    _, backprop = model(batch(2), is_train=False)
    with pytest.raises(ValueError, match="is_train=True before backprop"):
        backprop(batch(2, width=2))


@pytest.mark.parametrize("build", [lambda: build_bilstm(4), lambda: build_char_cnn(4, [2, 3])])
def test_empty_sequences_behind_a_full_batch(build, monkeypatch):
    monkeypatch.setattr(engines, "PADDED_SIZE_CPU", 10)
    model = build()
    sequences = batch(5, 0, 5, 0)
    model.initialize(X=sequences[:1])
    assert [rows.shape for rows in model.predict(sequences)] == [(5, 4), (0, 4), (5, 4), (0, 4)]


def test_a_copy_has_averages_of_its_own():
    model = layer(nI=3, nO=2)
    model.initialize()
    copied, optimizer = model.copy(), Adam(0.1, use_averages=True)
    for each, sign in ((model, 1), (copied, -1)) * 3:
        rows, backprop = each.begin_update(batch(2, 4))
        backprop([sign * row for row in rows])
        each.finish_update(optimizer)
    with model.use_params(optimizer.averages), copied.use_params(optimizer.averages):
        own, other = (weights(sized_shim(each)) for each in (model, copied))
        assert all(not torch.equal(own[name], other[name]) for name in own)
