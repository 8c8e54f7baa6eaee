"""The loss of the CRF and its gradient, against an enumeration of all tag sequences."""

from dataclasses import dataclass
from itertools import count, product

import pytest
import torch
from torch import Tensor

from spacy_cner.nn.crf import CRF

MODES = list(product((False, True), repeat=2))  # constrained or not, transitions by position or not
# Number of tags, T, and the lengths of the sequences
SHAPES = [
    (3, 5, (5, 3, 1, 4, 0)),
    (4, 4, (2, 4, 4, 3)),
    (2, 6, (6, 1, 5, 6)),
    (3, 6, (3, 4, 2)),
    (1, 3, (3, 2)),
    (2, 1, (1, 0)),
    (2, 0, (0, 0)),
    (2, 3, ()),
]


@dataclass
class Case:
    crf: CRF
    allowed: tuple[Tensor, Tensor, Tensor]
    emissions: Tensor
    lengths: Tensor
    positional: Tensor | None
    paths: list[Tensor]  # for each sequence all its legal tag sequences, shape (number, length)

    @property
    def tensors(self) -> list[Tensor]:
        own = [self.emissions, self.crf.transitions, self.crf.start_transitions, self.crf.end_transitions]
        return own if self.positional is None else [*own, self.positional]

    def scores(self, sequence: int) -> Tensor:
        """The score of each of the sequence's paths, shape (number,)."""
        paths = self.paths[sequence]
        length = paths.shape[1]
        if length == 0:
            return 0 * self.emissions[sequence].sum().view(1)
        before, after, position = paths[:, :-1], paths[:, 1:], torch.arange(length)
        scores = self.emissions[sequence, position, paths].sum(1) + self.crf.transitions[before, after].sum(1)
        scores = scores + self.crf.start_transitions[paths[:, 0]] + self.crf.end_transitions[paths[:, -1]]
        if self.positional is not None:
            scores = scores + self.positional[sequence, position[:-1], before, after].sum(1)
        return scores

    def nll(self, tags: Tensor) -> Tensor:
        losses = []
        for sequence, length in enumerate(self.lengths):
            paths, gold = self.paths[sequence], tags[sequence, :length]
            new = ~self.crf.continuing[paths]
            agrees = ((paths == gold) | (gold == -1) | (gold == -2) & new).all(1)
            scores = self.scores(sequence)
            losses.append(scores.logsumexp(0) - scores[agrees].logsumexp(0))
        return torch.stack(losses) if losses else self.emissions.sum((1, 2))


def legal_paths(length: int, allowed: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    between, start, end = allowed
    paths = torch.tensor(list(product(range(len(start)), repeat=length)), dtype=torch.long)
    if length == 0:
        return paths
    return paths[between[paths[:, :-1], paths[:, 1:]].all(1) & start[paths[:, 0]] & end[paths[:, -1]]]


def make_case(
    constrained: bool, positional: bool, seed: int = 0, num_tags: int = 3, lengths=(5, 3, 1, 4, 0), length: int = 5
) -> Case:
    torch.manual_seed(seed)
    shapes = (num_tags, num_tags), (num_tags,), (num_tags,)
    allowed = tuple(torch.rand(shape) < (0.75 if constrained else 1.0) for shape in shapes)
    names = ("allowed", "allowed_start", "allowed_end")
    constraints = dict(zip(names, allowed, strict=True)) if constrained else {}
    crf = CRF(num_tags, allowed_new=torch.arange(num_tags) % 2 == 0, **constraints).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    lengths = torch.tensor(lengths, dtype=torch.long)
    emissions = torch.randn(len(lengths), length, num_tags, dtype=torch.double, requires_grad=True)
    extra = torch.randn(len(lengths), max(length - 1, 0), num_tags, num_tags, dtype=torch.double, requires_grad=True)
    paths = [legal_paths(int(n), allowed) for n in lengths]
    return Case(crf, allowed, emissions, lengths, extra if positional else None, paths)


def legal_case(*arguments, **options) -> Case:
    """The first random case in which each sequence has a legal path."""
    tries = (make_case(*arguments, seed=seed, **options) for seed in count())
    return next(case for case in tries if all(len(paths) for paths in case.paths))


@pytest.fixture(params=list(product(MODES, SHAPES)), ids=str)
def case(request) -> Case:
    (constrained, positional), (num_tags, length, lengths) = request.param
    return legal_case(constrained, positional, num_tags=num_tags, length=length, lengths=lengths)


def some_tags(case: Case, unknown: float = 0.0) -> Tensor:
    """A legal path for each sequence, junk beyond its end, and -1, or -2 if it is true, for a share of its tags."""
    tags = torch.full(case.emissions.shape[:2], 99)
    for sequence, paths in enumerate(case.paths):
        tags[sequence, : paths.shape[1]] = paths[torch.randint(len(paths), ())]
    hidden = torch.where((torch.rand(tags.shape) < 0.5) & (tags % 2 == 0), -2, -1)
    return torch.where(torch.rand(tags.shape) < unknown, hidden, tags)


@pytest.mark.parametrize("unknown", [0.0, 0.5])
def test_nll_and_its_gradient(case, unknown):
    tags = some_tags(case, unknown)
    weights = torch.rand(len(tags), dtype=torch.double)
    expected = case.nll(tags)
    got = case.crf.nll(case.emissions, tags, case.lengths, case.positional)
    assert torch.equal(case.crf(case.emissions, tags, case.lengths, case.positional), got)
    torch.testing.assert_close(got, expected)
    want = torch.autograd.grad((expected * weights).sum(), case.tensors, allow_unused=True, materialize_grads=True)
    gradients = torch.autograd.grad((got * weights).sum(), case.tensors)
    for gradient, other in zip(gradients, want, strict=True):
        torch.testing.assert_close(gradient, other)


def test_nothing_is_known():
    case = legal_case(constrained=True, positional=True)
    loss = case.crf.nll(case.emissions, torch.full((5, 5), -1), case.lengths, case.positional)
    torch.testing.assert_close(loss, torch.zeros_like(loss))


def test_an_unknown_tag_that_continues_nothing():
    emissions, lengths = torch.zeros(1, 2, 3), torch.tensor([2])
    crf = CRF(3, allowed_new=torch.tensor([True, True, False]))
    for parameter in crf.parameters():
        torch.nn.init.zeros_(parameter)
    loss = crf.nll(emissions, torch.tensor([[-1, -2]]), lengths)
    torch.testing.assert_close(loss.exp(), torch.tensor([3 / 2]))


@pytest.mark.parametrize("unknown", [0.0, 0.5])
@pytest.mark.parametrize("positional", [False, True])
def test_gradcheck(positional, unknown):
    case = legal_case(constrained=True, positional=positional, num_tags=2, length=4, lengths=(4, 2, 1))
    tags = some_tags(case, unknown)

    # The tensors that gradcheck changes in place are those that the function uses.
    assert torch.autograd.gradcheck(
        lambda *_: case.crf.nll(case.emissions, tags, case.lengths, case.positional), case.tensors
    )


def test_forbidden_transitions_have_no_gradient():
    allowed = torch.tensor([[True, True, False], [True, True, True], [True, False, True]])
    start, end = torch.tensor([True, True, False]), torch.tensor([True, False, True])
    crf = CRF(3, allowed=allowed, allowed_start=start, allowed_end=end)
    with torch.no_grad():
        crf.transitions[0, 2] = crf.start_transitions[2] = crf.end_transitions[1] = 50.0
    emissions, lengths = torch.randn(2, 6, 3), torch.tensor([6, 2])
    crf.nll(emissions, torch.tensor([[0, 1, 2, 2, 0, 0], [1, 2, 0, 0, 0, 0]]), lengths).sum().backward()
    assert (crf.transitions.grad == 0).equal(~allowed)
    assert (crf.start_transitions.grad == 0).equal(~start)
    assert (crf.end_transitions.grad == 0).equal(~end)


@pytest.mark.parametrize("positional", [None, torch.zeros(2, 2, 2, 2)])
def test_no_legal_path_is_an_error(positional):
    # After tag 0 comes nothing, and tag 1 is no start.
    crf = CRF(2, allowed=torch.tensor([[False, False], [True, True]]), allowed_start=torch.tensor([True, False]))
    emissions, lengths = torch.randn(2, 3, 2), torch.tensor([1, 2])
    with pytest.raises(ValueError, match="got none for sequence 1 of length 2"):
        crf.nll(emissions, torch.full((2, 3), -1), lengths, positional)


def test_cross_entropy_is_the_mean_loss_under_another_distribution():
    case = legal_case(constrained=True, positional=False, lengths=(5, 3, 1, 4))
    tags, transitions = torch.zeros_like(case.emissions).detach(), torch.zeros(4, 4, dtype=torch.double)
    expected = torch.zeros((), dtype=torch.double)
    for sequence, paths in enumerate(case.paths):
        others = torch.rand(len(paths), dtype=torch.double)
        others /= others.sum()
        scores = case.scores(sequence)
        expected = expected - (others * scores.log_softmax(0)).sum()
        for path, probability in zip(paths.tolist(), others.tolist()):
            for position, tag in enumerate(path):
                tags[sequence, position, tag] += probability
            for before, after in zip([3, *path], [*path, 3]):
                transitions[before, after] += probability
    got = case.crf.cross_entropy(case.emissions, case.lengths, tags, transitions)
    torch.testing.assert_close(got, expected)
    for gradient, other in zip(torch.autograd.grad(got, case.tensors), torch.autograd.grad(expected, case.tensors)):
        torch.testing.assert_close(gradient, other)
    place = case.crf.forbidden.nonzero()[0].tolist()
    transitions[place[0], place[1]] = 0.1
    with pytest.raises(ValueError, match=f"got one from {place[0]} to {place[1]}"):
        case.crf.cross_entropy(case.emissions, case.lengths, tags, transitions)
