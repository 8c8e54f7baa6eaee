import math

import numpy
import pytest
import spacy
from spacy.training.pretrain import create_pretraining_model, make_update
from thinc.api import Adam, NumpyOps, fix_random_seed, set_dropout_rate

from spacy_cner.errors import InputError
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.torch_layers import SizedShim, sized_shim
from spacy_cner.pretraining.metrics import Metrics
from spacy_cner.pretraining.objective import OTHER_CLASS, MLMLogits, character_classes, make_masked_characters, mlm_loss
from spacy_cner.text.chars import codepoints

from .conftest import sentences


def build(config, **settings):
    """A model with this objective, and docs."""
    fix_random_seed(0)
    interpolated = config.interpolate()
    nlp = spacy.util.load_model_from_config(interpolated, auto_fill=True)
    objective = make_masked_characters(**{"hidden": 16, "mask_prob": 0.3, **settings})
    parts = {"component": "cner", "layer": "tok2vec", "objective": objective, "dropout": 0.0}
    return create_pretraining_model(nlp, parts), [nlp.make_doc(text) for text in sentences(20)]


def test_what_is_predicted(config):
    model, docs = build(config)
    predicted = model.predict(docs)
    classes = character_classes(model.get_ref("tok2vec"))
    text = "".join(doc.text for doc in docs)
    assert predicted.logits.shape == (len(predicted.targets), len(classes))
    assert 0.2 * len(text) < len(predicted.targets) < 0.4 * len(text)
    named = [classes.known[target - 1] for target in predicted.targets if target != OTHER_CLASS]
    assert set(named) <= set(text)
    # The character without a vector is one of the others.
    assert classes.rows(numpy.array([ord("周"), ord("王")]))[0] == OTHER_CLASS
    assert OTHER_CLASS in predicted.targets


def test_the_layers_below_are_initialised_once(config, monkeypatch):
    """By spaCy, before the objective: the weights of a seed stay those that they were."""
    built, build_module = [], SizedShim.build

    def spy(shim, **sizes):
        built.append(sizes)
        build_module(shim, **sizes)

    monkeypatch.setattr(SizedShim, "build", spy)
    model, _ = build(config)
    shims = [shim for node in model.walk() for shim in node.shims]
    assert len(built) == len(shims) == 3


def test_loss_and_its_gradient_by_finite_differences():
    scores = numpy.random.default_rng(0).normal(size=(5, 4))
    targets = numpy.array([0, 3, 1, 1, 2])
    loss, gradient = mlm_loss(NumpyOps(), [], MLMLogits(scores, targets))
    expected = sum(math.log(numpy.exp(row).sum()) - row[target] for row, target in zip(scores, targets))
    assert loss == pytest.approx(expected)
    for i, j in numpy.ndindex(scores.shape):
        changes = numpy.zeros_like(scores)
        changes[i, j] = 1e-4
        above, below = (mlm_loss(NumpyOps(), [], MLMLogits(scores + sign * changes, targets))[0] for sign in (1, -1))
        # The loss is a sum, the gradient that of the mean.
        assert gradient[i, j] == pytest.approx((above - below) / 2e-4 / 5, abs=1e-6)


def loss_of(model, docs):
    fix_random_seed(5)
    predicted, _ = model.begin_update(docs)
    return mlm_loss(model.ops, docs, predicted)[0] / len(predicted.targets)


def test_gradient_of_all_weights_by_finite_differences(config):
    model, docs = build(config)
    fix_random_seed(5)
    predicted, backprop = model.begin_update(docs[:4])
    backprop(mlm_loss(model.ops, docs[:4], predicted)[1])
    torch_weights = [w for node in model.walk() for shim in node.shims for w in shim._model.parameters()]
    arrays = [(w.data.numpy(), w.grad.numpy()) for w in torch_weights]
    arrays += [(node.get_param("E"), node.get_grad("E")) for node in model.walk() if node.has_param("E")]
    rng, checked = numpy.random.default_rng(0), 0
    for weights, gradient in arrays:
        # A direction in which the loss surely changes, if it depends on these weights at all.
        direction = numpy.sign(gradient) * rng.random(gradient.shape).astype("f")
        expected = float((direction * gradient).sum())
        size = 1e-3 / max(1.0, float(numpy.abs(direction).sum()) ** 0.5)
        weights += size * direction
        above = loss_of(model, docs[:4])
        weights -= 2 * size * direction
        below = loss_of(model, docs[:4])
        weights += size * direction
        assert expected > 0
        assert (above - below) / (2 * size) == pytest.approx(expected, rel=0.05, abs=2e-3)
        checked += 1
    assert checked == len(torch_weights) + 2


def test_learns(config):
    model, docs = build(config)
    optimizer, losses = Adam(0.01), []
    for _ in range(40):
        losses.append(make_update(model, docs, optimizer, model.attrs["loss"]))
    metrics = Metrics()
    predicted = model.predict(docs)
    metrics.add(mlm_loss(model.ops, docs, predicted)[0], predicted)
    score = metrics.score()
    assert losses[-1] < 0.6 * losses[0]
    assert score["accuracy"] > 40
    assert score["perplexity"] == pytest.approx(math.exp(score["loss"]))


def test_encoder_learns_and_not_only_the_mlm_head(config):
    model, docs = build(config)
    tok2vec = model.get_ref("tok2vec")
    before = tok2vec.predict(docs[:1])[0].copy()
    make_update(model, docs, Adam(0.01), model.attrs["loss"])
    assert not numpy.allclose(tok2vec.predict(docs[:1])[0], before)


def test_without_anything_to_predict(config):
    model, _ = build(config, mask_prob=0.001)
    doc = spacy.blank("zh").make_doc("海")
    fix_random_seed(0)
    predicted, backprop = model.begin_update([doc])
    loss, gradient = mlm_loss(model.ops, [doc], predicted)
    backprop(gradient)
    assert (loss, gradient.shape[0]) == (0.0, 0)


def test_dropout_reaches_the_encoder(config):
    model, docs = build(config)
    set_dropout_rate(model, 0.5)
    tok2vec = model.get_ref("tok2vec")
    assert not numpy.allclose(tok2vec.begin_update(docs[:1])[0][0], tok2vec.predict(docs[:1])[0])


def test_a_vocabulary_of_its_own(vectors):
    embed = build_char_ngram_embed([8], [20])
    embed.initialize()
    with pytest.raises(InputError, match="expected an embedding with vectors"):
        character_classes(embed)
    classes = character_classes(embed, str(vectors))
    assert "青" in classes.known
    assert classes.rows(codepoints(spacy.blank("zh").make_doc("龘"))).tolist() == [OTHER_CLASS]


@pytest.mark.parametrize("settings", [{"mask_prob": 0.0}, {"mask_prob": 1.0}, {"max_span": 0}])
def test_bad_settings(settings):
    with pytest.raises(ValueError, match="expected a "):
        make_masked_characters(**settings)


def test_the_mlm_head_is_not_saved(config):
    model, _ = build(config)
    head = sized_shim(model.get_ref("head")).require_built()
    assert sum(w.numel() for w in head.parameters()) > 0
    saved = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True)
    loaded = saved.get_pipe("cner").model.get_ref("tok2vec").from_bytes(model.get_ref("tok2vec").to_bytes())
    assert loaded.get_dim("nO") == 16
