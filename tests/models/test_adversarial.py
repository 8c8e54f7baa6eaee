import numpy
import pytest
from thinc.api import Model

from spacy_cner.errors import InputError
from spacy_cner.models.adversarial import build_gradient_reversal, build_task_discriminator

ROWS = [numpy.random.default_rng(i).normal(size=(n, 3)).astype("f") for i, n in enumerate((4, 1, 2))]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_reversal_keeps_features_and_turns_gradients(scale):
    output, backprop = build_gradient_reversal(scale).begin_update(ROWS)
    for x, y, gradient in zip(ROWS, output, backprop(ROWS)):
        assert numpy.array_equal(x, y)
        assert numpy.array_equal(gradient, -scale * x)


def discriminator(reversal, tasks=3):
    """Over rows of [embedding (1 column) ; shared (2 columns)]."""
    numpy.random.seed(0)
    same = Model("same", lambda model, X, is_train: (X, lambda dY: dY))
    model = build_task_discriminator(same, 2, reversal)
    model.get_ref("output").set_dim("nO", tasks)
    return model.initialize(X=ROWS)


def test_softmax_of_the_maximum_of_each_shared_feature():
    model = discriminator(None)
    output = model.get_ref("output")
    pooled = numpy.array([x[:, 1:].max(axis=0) for x in ROWS])
    scores = numpy.exp(pooled @ output.get_param("W").T + output.get_param("b"))
    numpy.testing.assert_allclose(model.predict(ROWS), scores / scores.sum(axis=1, keepdims=True), rtol=1e-4)


def test_only_the_shared_features_get_gradients_with_the_sign_turned():
    gradients, weights = [], []
    for reversal in (None, build_gradient_reversal(), build_gradient_reversal(0.5)):
        model = discriminator(reversal)
        probabilities, backprop = model.begin_update(ROWS)
        probabilities[:, 0] -= 1  # all are of the first task
        gradients.append(numpy.concatenate(backprop(probabilities)))
        weights.append(model.get_ref("output").get_grad("W"))
    helped, reversed_, halved = gradients
    assert not helped[:, 0].any() and abs(helped[:, 1:]).max() > 0.01
    numpy.testing.assert_allclose(reversed_, -helped, rtol=1e-5)
    numpy.testing.assert_allclose(halved, -0.5 * helped, rtol=1e-5)
    # The discriminator itself learns the same each time.
    for other in weights[1:]:
        numpy.testing.assert_allclose(other, weights[0], rtol=1e-5)


@pytest.mark.parametrize("tasks", [2, 5])
def test_any_number_of_tasks_saved_and_loaded(tasks):
    model = discriminator(build_gradient_reversal(), tasks)
    same = Model("same", lambda model, X, is_train: (X, lambda dY: dY))
    other = build_task_discriminator(same, 2, build_gradient_reversal()).from_bytes(model.to_bytes())
    assert other.predict(ROWS).shape == (3, tasks)
    numpy.testing.assert_allclose(other.predict(ROWS), model.predict(ROWS), rtol=1e-6)


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_reversal_that_is_none(scale):
    with pytest.raises(InputError, match="expected a scale above 0, got .*; to have no adversary, leave the component"):
        build_gradient_reversal(scale)
