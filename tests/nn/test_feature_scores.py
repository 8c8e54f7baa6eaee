import pytest
import torch

from spacy_cner.nn.feature_scores import FeatureScores

ROWS = torch.tensor([[1, 2], [0, 2], [0, 0]], dtype=torch.int32)


def module(**settings):
    scores = FeatureScores(3, 2, **settings)
    with torch.no_grad():
        # Row 0 has weights too, to see that nothing reads them.
        scores.weights.copy_(torch.tensor([[9.0, 9.0], [1.0, 2.0], [10.0, 20.0]]))
    return scores


def test_sums_of_rows():
    assert module()(ROWS).tolist() == [[11.0, 22.0], [10.0, 20.0], [0.0, 0.0]]
    assert FeatureScores(3, 2)(ROWS).abs().sum() == 0


def test_gradient_counts_how_often_a_row_is_used():
    scores = module()
    scores(ROWS).sum().backward()
    assert scores.weights.grad.tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]


def test_lr_scale_is_the_size_of_a_step():
    """Adam's step does not depend on the size of the gradient, so the change of the scores grows with the scale."""
    changed = []
    for lr_scale in (1.0, 0.25):
        scores = FeatureScores(3, 2, lr_scale=lr_scale)
        optimizer = torch.optim.Adam(scores.parameters(), lr=0.1)
        scores(ROWS).sum().backward()
        optimizer.step()
        changed.append(scores(ROWS)[0, 0].item())
    assert changed[1] == pytest.approx(0.25 * changed[0], rel=1e-4)


def test_dropout_leaves_out_single_features_in_training_only():
    torch.manual_seed(0)
    scores = module(dropout=0.5)
    rows = torch.tensor([[1, 2]]).repeat(2000, 1)
    found = scores(rows)[:, 0]
    assert set(found.tolist()) == {0.0, 2.0, 20.0, 22.0}
    assert found.mean().item() == pytest.approx(11.0, rel=0.1)
    assert scores.eval()(rows)[0, 0].item() == 11.0
