import pytest
import torch

from spacy_cner.nn.feature_crf.bags import TransposedRows, sum_rows


@pytest.mark.parametrize("n, k", [(7, 3), (1, 1), (0, 3), (4, 0)])
def test_sums_and_their_gradient(n, k):
    torch.manual_seed(0)
    rows = torch.randint(0, 5, (n, k), dtype=torch.int32)
    weights = torch.randn(5, 4, requires_grad=True)
    expected = weights[rows.long()].sum(1)
    torch.testing.assert_close(sum_rows(rows, weights.detach()), expected.detach())
    gradient = torch.randn(n, 4)
    expected.backward(gradient)
    assert weights.grad is not None
    found = TransposedRows(rows, 5)(gradient)
    torch.testing.assert_close(found[1:], weights.grad[1:])
    assert not found[0].any()
