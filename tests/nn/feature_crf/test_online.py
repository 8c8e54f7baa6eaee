import pytest
import torch

from spacy_cner.nn.crf import CRF
from spacy_cner.nn.feature_crf.ftrl import Ftrl
from spacy_cner.nn.feature_crf.model import FeatureCrf
from spacy_cner.nn.feature_crf.online import make_bags, train_online
from spacy_cner.nn.feature_crf.training import PenalizedLoss, train_feature_crf

TAGS, ROWS, BIGRAM_ROWS = 3, 8, 4


def make_data(count=80, length=4):
    """rows, bigram_rows, tags (which the features tell, mostly) and sequences"""
    random = torch.Generator().manual_seed(0)
    rows = torch.randint(1, ROWS, (count, 2), generator=random, dtype=torch.int32)
    tags = torch.where(torch.rand(count, generator=random) < 0.9, rows[:, 0].long() % TAGS, 0)
    bigram_rows = torch.randint(0, BIGRAM_ROWS, (count, 1), generator=random, dtype=torch.int32)
    return rows, bigram_rows, tags, [range(i, i + length) for i in range(0, count, length)]


def trained(data, bigram_rows=BIGRAM_ROWS, **settings):
    model = FeatureCrf(CRF(TAGS).double(), ROWS, bigram_rows)
    losses = []
    train_online(model, *data, **settings, report=lambda number, loss: losses.append(loss))
    return model, losses


def value(model, data, c2):
    """The objective that L-BFGS would minimise, at the weights of the model."""
    objective = PenalizedLoss(model, *data, c2)
    tables = [model.weights.view(-1)[objective.pairs], model.bigram_weights.view(-1)[objective.bigram_pairs]]
    x = torch.cat([part.double().flatten() for part in [*tables, *objective.small]])
    return objective(x)[0]


def test_comes_near_the_minimum_that_lbfgs_finds():
    data = make_data()
    exact = FeatureCrf(CRF(TAGS).double(), ROWS, BIGRAM_ROWS)
    best = train_feature_crf(exact, *data, c1=0.0, c2=0.1, max_iterations=200).value
    model, losses = trained(data, c1=0.0, c2=0.1, epochs=60)
    # Other pairs of features and tags than those of the data have weights, too.
    assert value(model, data, 0.1) == pytest.approx(best, rel=0.05)
    assert losses[-1] < losses[1] < losses[0]


def test_without_state_bigrams():
    rows, bigram_rows, *rest = make_data()
    model, losses = trained((rows, bigram_rows[:, :0], *rest), bigram_rows=1, c1=0.0, c2=0.1, epochs=20)
    assert losses[-1] < 0.7 * losses[0]
    assert not model.bigram_weights.any()


def test_l1_penalty_leaves_zeros():
    zeros = [int((trained(make_data(), c1=c1, c2=0.0, epochs=10)[0].weights == 0).sum()) for c1 in (0.0, 1.0, 100.0)]
    assert zeros[0] < zeros[1] < zeros[2] == ROWS * TAGS


def test_row_zero_stays_zero_and_the_result_is_always_the_same():
    data = make_data()
    data[0][::3, 1] = 0
    first, second = (trained(data, c1=0.01, c2=0.01, epochs=3)[0] for _ in range(2))
    assert not first.weights[0].any() and not first.bigram_weights[0].any()
    assert torch.equal(first.weights, second.weights) and first.weights.any()


@pytest.mark.parametrize("rows", [[[3, 0], [5, 3]], [[3, 4]], [[0, 0]]])
def test_bags(rows):
    rows = torch.tensor(rows, dtype=torch.int32)
    bags = make_bags(rows)
    assert bags.used[0] == 0 and torch.equal(bags.used[bags.rows.long()], rows.long())
    gradient = bags.transposed(torch.ones(len(rows), 1))[:, 0]
    assert gradient.tolist() == [0.0, *((rows == row).sum().item() for row in bags.used[1:])]


def test_ftrl_goes_down_a_quadratic():
    table = Ftrl((3, 2), learn_rate=0.3, c1=0.0, c2=0.0)
    rows, target = torch.tensor([2, 0]), torch.tensor([[1.0, -2.0], [0.5, 0.0]])
    for _ in range(500):
        weights = table.weights(rows, 0.0)
        table.update(rows, weights, weights - target)
    torch.testing.assert_close(table.weights(rows, 0.0), target, atol=0.01, rtol=0)
    assert not table.all_weights(0.0)[1].any()
