import pytest
import torch

from spacy_cner.nn.feature_crf.owlqn import minimize, pseudo_gradient


def quadratic(size=12):
    torch.manual_seed(0)
    root = torch.randn(size, size, dtype=torch.float64)
    matrix = root @ root.T + 0.1 * torch.eye(size, dtype=torch.float64)
    target = torch.randn(size, dtype=torch.float64)
    return matrix, target, lambda x: (float(x @ matrix @ x / 2 - target @ x), matrix @ x - target)


def test_finds_the_minimum_of_a_quadratic():
    matrix, target, objective = quadratic()
    found = minimize(objective, torch.zeros(12, dtype=torch.float64), epsilon=1e-6, delta=0.0)
    torch.testing.assert_close(found.x, torch.linalg.solve(matrix, target), atol=1e-4, rtol=1e-4)
    assert found.reason == "epsilon"


@pytest.mark.parametrize("l1", [0.1, 1.0, 100.0])
def test_l1_penalty_leaves_zeros_where_it_should(l1):
    _, _, objective = quadratic()
    start = torch.zeros(12, dtype=torch.float64)
    found = minimize(objective, start, l1=l1, epsilon=1e-8, delta=0.0, max_iterations=500)
    _, gradient = objective(found.x)
    # Optimality: the slope is -l1 * sign(x) where x is not zero, and within l1 of zero elsewhere.
    assert float(pseudo_gradient(found.x, gradient, l1).abs().max()) < 1e-5
    used = found.x != 0
    torch.testing.assert_close(gradient[used], -l1 * found.x[used].sign(), atol=1e-5, rtol=0)
    assert (gradient[~used].abs() <= l1 + 1e-5).all()
    assert used.any() == (l1 < 100)


def test_stops_at_max_iterations_and_reports_each():
    _, _, objective = quadratic()
    seen = []
    start = torch.zeros(12, dtype=torch.float64)
    found = minimize(objective, start, max_iterations=3, report=lambda i, value: seen.append((i, value)))
    assert [i for i, _ in seen] == [1, 2, 3] and found.iterations == 3 and found.reason == "max_iterations"
    values = [value for _, value in seen]
    assert values == sorted(values, reverse=True) and values[-1] == found.value


def test_nothing_to_do_at_the_minimum():
    found = minimize(lambda x: (float(x @ x), 2 * x), torch.zeros(3, dtype=torch.float64), l1=0.5)
    assert found.iterations == 0 and not found.x.any()
