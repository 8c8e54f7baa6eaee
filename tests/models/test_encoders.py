"""The contract of every embedding and encoder: one test for each clause, over all of them."""

import copy
import pickle
import re
from functools import partial

import numpy
import pytest
import spacy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import SGD, Model, fix_random_seed, set_dropout_rate

from spacy_cner.errors import InputError
from spacy_cner.models.attention import build_bert_layer, build_classification_attention
from spacy_cner.models.char_bert import build_char_bert
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.encoders import (
    build_bilstm,
    build_char_cnn,
    build_dilated_cnn,
    build_lstm,
    build_self_attention,
    build_transformer,
)
from spacy_cner.models.sparse_features import build_sparse_features
from spacy_cner.models.tagger import _linear
from spacy_cner.models.torch_layers import sequence_layer, sized_shim
from spacy_cner.nn.precision import predict_in

NLP = spacy.blank("zh")
WIDTH_IN = 3


def attention(precision="float32", heads=2, **settings):
    inner = sequence_layer("linear", _linear, nO=8, precision=precision)
    return build_self_attention(inner, heads, precision, **settings)


TORCH = {
    "cnn": partial(build_char_cnn, filters=12, windows=[1, 2, 5]),
    "dilated cnn": partial(build_dilated_cnn, width=6, dilations=[1, 3]),
    "bilstm": partial(build_bilstm, width=8),
    "deep bilstm": partial(build_bilstm, width=8, depth=2),
    "lstm": partial(build_lstm, width=7),
    "deep lstm": partial(build_lstm, width=6, depth=2),
    "linear": partial(sequence_layer, "linear", _linear, nO=5),
    "self-attention": attention,
    "residual self-attention": partial(attention, residual=True),
    "bert layer": partial(build_bert_layer, heads=3, inner=7, dropout=0.0),
    "classification attention": partial(build_classification_attention, heads=1, inner=7, dropout=0.0),
}
SAME_WIDTH = {"bert layer", "classification attention"}  # as their input
EMBEDDINGS = {
    "chars": partial(build_char_ngram_embed, widths=[6], buckets=[20]),
    "chars and bigrams": partial(build_char_ngram_embed, widths=[6, 4], buckets=[20, 30]),
    "up to trigrams": partial(build_char_ngram_embed, widths=[3, 2, 2], buckets=[20, 30, 40]),
}
WIDTHS = {
    "cnn": 12,
    "dilated cnn": 6,
    "bilstm": 8,
    "deep bilstm": 8,
    "lstm": 7,
    "deep lstm": 6,
    "linear": 5,
    "self-attention": 8,
    "residual self-attention": 8,
    "bert layer": WIDTH_IN,
    "classification attention": WIDTH_IN,
    "chars": 6,
    "chars and bigrams": 10,
    "up to trigrams": 7,
}
ALL = {**TORCH, **EMBEDDINGS}
LENGTHS = [4, 1, 0, 7, 2]

every_layer = pytest.mark.parametrize("name", ALL)
every_torch_layer = pytest.mark.parametrize("name", TORCH)


def sample(name, lengths=LENGTHS, seed=0):
    """Sequences of these lengths, as the layer takes them."""
    random = numpy.random.default_rng(seed)
    if name in TORCH:
        return [random.normal(size=(n, WIDTH_IN)).astype("f") for n in lengths]
    return [NLP.make_doc("".join(random.choice(list("王海林燕A，"), size=n))) for n in lengths]


def initialized(name, **settings_) -> Model:
    fix_random_seed(0)
    model = ALL[name](**settings_)
    model.initialize(X=sample(name))
    for node in model.walk():
        if node.has_param("E"):  # which begins at zero
            node.get_param("E")[1:] = numpy.random.default_rng(1).normal(size=node.get_param("E").shape)[1:]
    return model


def parameters(model):
    """name -> array that shares the memory of the parameter, and a function that gets its gradient."""
    for node in model.walk():
        for param in node.param_names:
            yield f"{node.name}.{param}", node.get_param(param), partial(node.get_grad, param)
        for shim in node.shims:
            for param, tensor in shim.require_built().named_parameters():
                yield f"{node.name}.{param}", tensor.data.numpy(), lambda tensor=tensor: tensor.grad.numpy()


def assert_same(rows, others, **tolerance):
    assert len(rows) == len(others)
    for x, y in zip(rows, others):
        numpy.testing.assert_allclose(x, y, **{"rtol": 0, "atol": 1e-6, **tolerance})


@every_layer
def test_dims(name):
    model = ALL[name]()
    # A Tok2Vec or a tagger around it asks before anything is initialised.
    assert model.has_dim("nO") is None if name in SAME_WIDTH else model.get_dim("nO") == WIDTHS[name]
    model = initialized(name)
    assert model.get_dim("nO") == WIDTHS[name]
    if name in TORCH:
        assert next(node for node in model.walk() if node.shims).get_dim("nI") == WIDTH_IN


@every_layer
def test_rows_and_widths(name):
    model = initialized(name)
    for rows in (model.predict(sample(name)), model.begin_update(sample(name))[0]):
        assert [x.shape for x in rows] == [(n, WIDTHS[name]) for n in LENGTHS]
        assert all(x.dtype == numpy.float32 for x in rows)


@every_layer
@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_nothing_in_the_batch(name, lengths):
    if not lengths and name in ("chars and bigrams", "up to trigrams"):
        pytest.skip("Thinc's concatenate cannot tell its width without a sequence")
    model = initialized(name)
    assert [x.shape for x in model.predict(sample(name, lengths))] == [(0, WIDTHS[name]) for _ in lengths]
    rows, backprop = model.begin_update(sample(name, lengths))
    assert [x.shape for x in rows] == [(0, WIDTHS[name]) for _ in lengths]
    gradients = backprop(rows)
    if name in TORCH:
        assert [x.shape for x in gradients] == [(0, WIDTH_IN) for _ in lengths]


@every_layer
@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_a_sequence_alone_gives_what_it_gives_in_a_batch(name, lengths, seed):
    model = MODELS.setdefault(name, initialized(name))
    batch = sample(name, lengths, seed)
    together = model.predict(batch)
    assert_same(together, [model.predict([x])[0] for x in batch], atol=1e-5)
    assert_same(together, model.predict(batch[::-1])[::-1], atol=1e-5)
    assert_same(together, model.begin_update(batch)[0], atol=1e-5)


MODELS = {}


@every_torch_layer
def test_input_gradients_do_not_depend_on_the_batch(name):
    model = initialized(name)
    batch = sample(name)
    random = numpy.random.default_rng(1)
    output_gradients = [random.normal(size=(n, WIDTHS[name])).astype("f") for n in LENGTHS]
    gradients = model.begin_update(batch)[1](output_gradients)
    assert [x.shape for x in gradients] == [x.shape for x in batch]
    alone = [model.begin_update([x])[1]([dY])[0] for x, dY in zip(batch, output_gradients)]
    assert_same(gradients, alone, atol=1e-5)


@every_layer
def test_gradients_are_those_of_finite_differences(name):
    model = initialized(name)
    batch = sample(name)
    random = numpy.random.default_rng(2)
    weights = [random.normal(size=(n, WIDTHS[name])).astype("f") for n in LENGTHS]

    def loss() -> float:
        return sum(float((w * x).sum(dtype="d")) for w, x in zip(weights, model.predict(batch)))

    found = model.begin_update(batch)[1](weights)
    values = {key: (array, get().copy()) for key, array, get in parameters(model)}
    if name in TORCH:
        values |= {f"input {i}": pair for i, pair in enumerate(zip(batch, found)) if len(pair[0])}
    for key, (array, gradient) in values.items():
        assert gradient.shape == array.shape
        direction = random.choice([-1, 1], size=array.shape).astype("f")
        if key.endswith("gram.E"):
            direction[0] = 0  # the row of no n-gram stays zero
        start, step = array.copy(), 1e-3
        array[...] = start + step * direction
        after = loss()
        array[...] = start - step * direction
        before = loss()
        array[...] = start
        expected = (after - before) / (2 * step)
        assert float((gradient * direction).sum()) == pytest.approx(expected, rel=0.01, abs=0.02), key


@every_layer
def test_learns(name):
    model = initialized(name)
    batch = sample(name)
    losses = []
    for _ in range(20):
        rows, backprop = model.begin_update(batch)
        losses.append(sum(float(((x - 0.5) ** 2).sum()) for x in rows))
        backprop([x - 0.5 for x in rows])
        model.finish_update(SGD(0.02, grad_clip=0))
    assert losses[-1] < losses[0] * 0.95


# The output of a linear layer is no feature; a residual spares its input.
@pytest.mark.parametrize("name", sorted(ALL.keys() - {"linear", "residual self-attention"}))
def test_dropout_is_of_training_only(name):
    model = initialized(name)
    set_dropout_rate(model, 0.5)
    batch = sample(name, [50])
    plain = model.predict(batch)[0]
    assert_same(model.predict(batch), [plain])
    kept = model.begin_update(batch)[0][0]
    dropped = kept == 0
    numpy.testing.assert_allclose(kept[~dropped], 2 * plain[~dropped], rtol=1e-4, atol=1e-5)
    share = (dropped & (plain != 0)).sum() / (plain != 0).sum()
    assert 0.3 < share < 0.7


@every_layer
def test_saved_to_bytes_and_loaded_into_a_model_without_sizes(name):
    model = initialized(name)
    other = ALL[name]().from_bytes(model.to_bytes())
    assert_same(other.predict(sample(name)), model.predict(sample(name)), atol=0)
    assert other.get_dim("nO") == WIDTHS[name]
    assert other.to_bytes() == model.to_bytes()


@every_layer
def test_saved_to_disk(name, tmp_path):
    model = initialized(name)
    model.to_disk(tmp_path / "model")
    other = ALL[name]().from_disk(tmp_path / "model")
    assert_same(other.predict(sample(name)), model.predict(sample(name)), atol=0)


@every_layer
@pytest.mark.parametrize("way", [copy.deepcopy, Model.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_equal_and_independent(name, way):
    model = initialized(name)
    before = [x.copy() for x in model.predict(sample(name))]
    other = way(model)
    assert_same(other.predict(sample(name)), before, atol=0)
    rows, backprop = other.begin_update(sample(name))
    backprop([numpy.ones_like(x) for x in rows])
    other.finish_update(SGD(0.1))
    assert_same(model.predict(sample(name)), before, atol=0)
    assert not numpy.allclose(other.predict(sample(name))[0], before[0])


@every_torch_layer
@pytest.mark.parametrize("precision", ["bfloat16", "auto"])
def test_training_precision(name, precision, monkeypatch):
    monkeypatch.setattr("spacy_cner.nn.precision.gains_by_bfloat16", lambda *_: True)
    exact = initialized(name)
    half = ALL[name](precision=precision).from_bytes(exact.to_bytes())
    batch = sample(name)
    assert_same(half.predict(batch), exact.predict(batch), atol=0)
    (rows, backprop), (expected, exact_backprop) = half.begin_update(batch), exact.begin_update(batch)
    assert_same(rows, expected, atol=0.05)
    random = numpy.random.default_rng(1)
    weights = [random.normal(size=x.shape).astype("f") for x in rows]
    gradients, exact_gradients = backprop(weights), exact_backprop(weights)
    # A ReLU that opens at another place changes single gradients by much.
    wrong = numpy.concatenate(gradients) - numpy.concatenate(exact_gradients)
    assert numpy.linalg.norm(wrong) < 0.15 * numpy.linalg.norm(numpy.concatenate(exact_gradients))
    assert all(x.dtype == numpy.float32 for x in [*rows, *gradients])
    assert all(get().dtype == numpy.float32 for _, _, get in parameters(half))
    assert not all(numpy.array_equal(x, y) for x, y in zip(rows, expected))


@every_torch_layer
@pytest.mark.parametrize("native", [False, True])
def test_precision_of_prediction(name, monkeypatch, native):
    monkeypatch.setattr("spacy_cner.nn.precision.gains_by_bfloat16", lambda *_: native)
    monkeypatch.setattr("spacy_cner.nn.precision._of_prediction", "float32")
    model, batch = initialized(name), sample(name)
    exact = model.predict(batch)
    with predict_in("auto"):
        rounded = model.predict(batch)
    assert_same(rounded, exact, atol=0.05)
    assert all(x.dtype == numpy.float32 for x in rounded)
    assert all(numpy.array_equal(x, y) for x, y in zip(rounded, exact)) == (not native)
    assert_same(model.begin_update(batch)[0], exact)
    assert_same(model.predict(batch), exact, atol=0)


@every_torch_layer
def test_unknown_precision(name):
    with pytest.raises(ValueError, match="precision float32, bfloat16 or auto, got 'float16'"):
        ALL[name](precision="float16")


@pytest.mark.parametrize(
    "build, message",
    [
        (partial(build_char_cnn, filters=10, windows=[2, 3, 4]), "a number of filters that 3 windows share, got 10"),
        (partial(build_bilstm, width=7), "an even width, half for each direction, got 7"),
        (partial(attention, heads=3), "a width that 3 heads share, got 8"),
    ],
)
def test_widths_that_cannot_be_shared(build, message):
    with pytest.raises(ValueError, match=message):
        build().initialize(X=sample("cnn"))


@every_torch_layer
def test_initialized_again_it_begins_anew(name):
    model = initialized(name)
    before = model.predict(sample(name))
    for node in model.walk():
        for shim in node.shims:
            for weights in shim._model.parameters():
                weights.data += 1
    fix_random_seed(0)
    model.initialize(X=sample(name))
    assert_same(model.predict(sample(name)), before, atol=0)
    assert sized_shim(next(node for node in model.walk() if node.shims)).cfg == {"nI": WIDTH_IN, "nO": WIDTHS[name]}


@every_torch_layer
def test_the_same_seed_gives_the_same_weights(name):
    torch.manual_seed(5)
    assert_same(initialized(name).predict(sample(name)), initialized(name).predict(sample(name)), atol=0)


def test_self_attention_of_no_heads():
    with pytest.raises(InputError, match="expected at least 1 head, got 0; to have no attention, replace"):
        build_self_attention(build_bilstm(width=8), heads=0)


@pytest.mark.parametrize(
    "build, settings",
    [
        (build_char_cnn, {"windows": []}),
        (build_char_cnn, {"windows": [0, 2]}),
        (build_bilstm, {"depth": 0}),
        (build_lstm, {"width": -1}),
        (build_dilated_cnn, {"dilations": []}),
        (build_transformer, {"heads": 0}),
        (build_char_bert, {"layers": 0}),
        (build_char_ngram_embed, {"widths": []}),
        (partial(build_sparse_features, ["c[0]"]), {"min_count": -3}),
    ],
)
def test_a_layer_of_no_size(build, settings):
    ((name, given_),) = settings.items()
    with pytest.raises(InputError, match=re.escape(f"expected {name} of at least 1, got {given_}")):
        build(**settings)


@pytest.mark.parametrize(
    "build, settings, least", [(build_char_bert, {"max_length": 2}, 3), (build_char_ngram_embed, {"buckets": [-1]}, 0)]
)
def test_a_number_that_is_too_small(build, settings, least):
    ((name, given_),) = settings.items()
    with pytest.raises(InputError, match=re.escape(f"expected {name} of at least {least}, got {given_}")):
        build(**settings)


@pytest.mark.parametrize("build", [build_classification_attention, build_bert_layer])
@pytest.mark.parametrize("sizes", [{"heads": 0}, {"inner": 0}])
def test_a_bert_layer_of_no_size(build, sizes):
    with pytest.raises(InputError, match="expected (heads|inner) = null, as in BERT, or a number of at least 1, got 0"):
        build(**sizes)


def test_residual_adds_the_states():
    plain, residual = attention(), attention(residual=True)
    for model in (plain, residual):
        fix_random_seed(0)
        model.initialize(X=sample("linear"))
    states, attended, both = (layer.predict(sample("linear")) for layer in (residual.layers[0], plain, residual))
    assert any(rows.any() for rows in attended)
    for one, other, row in zip(states, attended, both):
        numpy.testing.assert_allclose(row, one + other, rtol=1e-5, atol=1e-6)


def test_zero_init_begins_with_the_states():
    model = attention(residual=True, zero_init=True)
    model.initialize(X=sample("linear"))
    states, attended = (layer.predict(sample("linear")) for layer in (model.layers[0], model))
    for expected, row in zip(states, attended):
        numpy.testing.assert_array_equal(row, expected)


def test_dropout_spares_the_states_that_attention_is_added_to():
    model = attention(residual=True)
    model.initialize(X=sample("linear"))
    set_dropout_rate(model, 0.999999)
    states, (attended, _) = model.layers[0].predict(sample("linear")), model(sample("linear"), is_train=True)
    for expected, row in zip(states, attended):
        numpy.testing.assert_array_equal(row, expected)


def test_zero_init_needs_the_states():
    with pytest.raises(ValueError, match="expected residual = true with zero_init = true"):
        attention(zero_init=True)


def test_a_transformer_learns_at_its_part_of_the_learning_rate():
    moved = []
    for scale in (1.0, 0.1, 0.0):
        fix_random_seed(0)
        model = build_transformer(width=64, layers=1, heads=2, dropout=0.0, lr_scale=scale)
        X = [numpy.random.default_rng(0).normal(size=(5, 64)).astype("f")]
        model.initialize(X=X)
        before = {name: values.copy() for name, values, _ in parameters(model)}
        Y, backprop = model.begin_update(X)
        backprop([y - 1 for y in Y])
        model.finish_update(SGD(0.1, grad_clip=0))
        moved.append({name: values - before[name] for name, values, _ in parameters(model)})
    whole, tenth, none = moved
    assert all(numpy.any(step) for name, step in whole.items() if name.endswith("weight"))
    for name, step in whole.items():
        numpy.testing.assert_allclose(tenth[name], 0.1 * step, atol=1e-6)
        assert not numpy.any(none[name])
    with pytest.raises(InputError, match="a lr_scale of 0 or more, got -1"):
        build_transformer(lr_scale=-1.0)
