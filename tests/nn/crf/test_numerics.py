"""Extreme scores, long sequences, number types, padding, and agreement with pytorch-crf."""

import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.nn.crf import CRF
from spacy_cner.nn.crf.forward_backward import LogExpectations, ScaledExpectations, forward_backward
from spacy_cner.nn.crf.lattice import build_lattice

# O, B, I, E, S of one label: a detour into a span takes two steps.
BIOES = torch.tensor(
    [[1, 1, 0, 0, 1], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [1, 1, 0, 0, 1], [1, 1, 0, 0, 1]], dtype=torch.bool
)
OUTSIDE = torch.tensor([1, 0, 0, 1, 1], dtype=torch.bool)  # no span is open after these
BEFORE = torch.tensor([1, 1, 0, 0, 1], dtype=torch.bool)  # no span is open before these


def make_crf(constrained: bool = True, scale: float = 1.0) -> CRF:
    crf = CRF(5, allowed=BIOES, allowed_start=BEFORE, allowed_end=OUTSIDE) if constrained else CRF(5)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return crf


def make_tags(batch: int, length: int) -> torch.Tensor:
    """Legal for BIOES at any length: O and S."""
    return torch.randint(2, (batch, length)) * 4


def simple_log_partition(crf, emissions, lengths, positional=None):
    """The textbook's log recursion in float64, differentiable."""
    forbidden = torch.where(crf.forbidden, -torch.inf, 0.0).double()
    transitions = crf.transitions.double() + forbidden[:-1, :-1]
    results = []
    for sequence, length in enumerate(lengths):
        scores = emissions[sequence].double()
        state = crf.start_transitions.double() + forbidden[-1, :-1] + scores[0]
        for position in range(1, length):
            step = transitions if positional is None else transitions + positional[sequence, position - 1].double()
            state = (state.unsqueeze(1) + step).logsumexp(0) + scores[position]
        results.append((state + crf.end_transitions.double() + forbidden[:-1, -1]).logsumexp(0))
    return torch.stack(results)


def score(crf, emissions, tags, lengths, positional=None):
    results = []
    for sequence, length in enumerate(lengths):
        path = tags[sequence, :length]
        total = emissions[sequence, torch.arange(int(length)), path].double().sum()
        total = total + crf.transitions[path[:-1], path[1:]].double().sum()
        if positional is not None:
            steps = positional[sequence, torch.arange(int(length) - 1), path[:-1], path[1:]]
            total = total + steps.double().sum()
        results.append(total + crf.start_transitions[path[0]].double() + crf.end_transitions[path[-1]].double())
    return torch.stack(results)


def assert_nll_right(crf, emissions, tags, lengths, positional=None, **tolerance):
    tensors = [emissions, *crf.parameters()] + ([] if positional is None else [positional])
    got = crf.nll(emissions, tags, lengths, positional)
    expected = simple_log_partition(crf, emissions, lengths, positional)
    expected = expected - score(crf, emissions, tags, lengths, positional)
    torch.testing.assert_close(got, expected.to(got.dtype), **tolerance)
    expected = torch.autograd.grad(expected.sum(), tensors)
    for gradient, other in zip(torch.autograd.grad(got.sum(), tensors), expected, strict=True):
        torch.testing.assert_close(gradient, other, **tolerance)


@pytest.mark.parametrize("positional", [False, True])
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("scale", [1.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4])
def test_any_range_of_scores(scale, constrained, positional):
    torch.manual_seed(0)
    crf = make_crf(constrained, scale)
    emissions = (torch.randn(3, 12, 5) * scale).requires_grad_()
    extra = (torch.randn(3, 11, 5, 5) * scale).requires_grad_() if positional else None
    assert_nll_right(crf, emissions, make_tags(3, 12), torch.tensor([12, 7, 1]), extra, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 20.0, 40.0, 80.0, 160.0, 1e4])
def test_scaled_recursion_knows_whether_it_is_exact(scale):
    torch.manual_seed(0)
    transitions = torch.randn(6, 6) * scale
    transitions[5, 5] = 0.0
    lattice = build_lattice(torch.randn(4, 30, 5) * scale, transitions, None, torch.tensor([30, 20, 1, 0]))
    scaled, logs = ScaledExpectations(lattice), LogExpectations(lattice)
    assert scaled.exact or scale > 10
    assert not scaled.exact or scale < 1e4
    chosen = forward_backward(lattice)
    assert isinstance(chosen, ScaledExpectations if scaled.exact else LogExpectations)
    weights = torch.rand(4, dtype=torch.double)
    torch.testing.assert_close(chosen.log_partition, logs.log_partition, rtol=1e-10, atol=1e-9)
    torch.testing.assert_close(chosen.marginals, logs.marginals, rtol=0, atol=1e-9)
    torch.testing.assert_close(
        chosen.expected_transitions(weights), logs.expected_transitions(weights), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("gap", [20.0, 50.0, 200.0, 1e4])
def test_constraints_force_a_detour_of_no_weight(gap):
    """Only a path that looks hopeless at each of its positions is left by the last one."""
    crf, lengths = make_crf(scale=0.1), torch.tensor([9])
    emissions = torch.zeros(1, 9, 5)
    emissions[:, :, 0] = gap  # O is by far the best
    emissions[:, 8, 3] = 30 * gap  # but E is a must at the end
    emissions.requires_grad_()
    assert_nll_right(crf, emissions, torch.tensor([[0, 0, 0, 0, 0, 0, 0, 1, 3]]), lengths, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_long_sequences(scale):
    torch.manual_seed(0)
    length = 5000
    crf = make_crf(scale=scale)
    emissions, lengths = (torch.randn(2, length, 5) * scale).requires_grad_(), torch.tensor([length, 432])
    assert_nll_right(crf, emissions, make_tags(2, length), lengths, atol=1e-3, rtol=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 8), st.integers(1, 4))
def test_agrees_with_pytorch_crf(seed, num_tags, length, batch):
    torch.manual_seed(seed)
    crf, peer = CRF(num_tags), torchcrf.CRF(num_tags, batch_first=True)
    peer.load_state_dict(crf.state_dict())
    emissions = torch.randn(batch, length, num_tags, requires_grad=True)
    tags, lengths = torch.randint(num_tags, (batch, length)), torch.randint(1, length + 1, (batch,))
    mask = torch.arange(length) < lengths.unsqueeze(1)
    ours, theirs = crf.nll(emissions, tags, lengths), -peer(emissions, tags, mask, reduction="none")
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    named = dict(peer.named_parameters())
    expected = torch.autograd.grad(
        theirs.sum(), [emissions, *(named[name] for name, _ in crf.named_parameters())], materialize_grads=True
    )
    gradients = torch.autograd.grad(ours.sum(), [emissions, *crf.parameters()])
    for gradient, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-4, atol=1e-5)


def everything(crf, emissions, tags, lengths, positional=None):
    """Losses of a batch and their gradient, in one list."""
    emissions = emissions.detach().requires_grad_()
    loss = crf.nll(emissions, tags, lengths, positional)
    partial = crf.nll(emissions, tags.masked_fill(tags == 0, -1), lengths, positional)
    (gradient,) = torch.autograd.grad((loss + partial).sum(), emissions)
    return [loss.detach(), partial.detach(), gradient]


@pytest.mark.parametrize("filler", [1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("positional", [False, True])
def test_padding_is_never_looked_at(filler, positional):
    torch.manual_seed(0)
    crf, lengths, tags = make_crf(), torch.tensor([6, 2, 4]), make_tags(3, 6)
    emissions, extra = torch.randn(3, 6, 5), torch.randn(3, 5, 5, 5) if positional else None
    expected = everything(crf, emissions, tags, lengths, extra)
    beyond = torch.arange(6) >= lengths.unsqueeze(1)
    emissions[beyond], tags[beyond] = filler, -100
    if positional:
        extra[beyond[:, 1:]] = filler
    for got, want in zip(everything(crf, emissions, tags, lengths, extra), expected, strict=True):
        assert got.equal(want)


@pytest.mark.parametrize("positional", [False, True])
def test_batch_mates_and_more_padding_do_not_matter(positional):
    torch.manual_seed(0)
    crf, lengths, tags = make_crf(), torch.tensor([6, 2, 4]), make_tags(3, 6)
    emissions, extra = torch.randn(3, 6, 5), torch.randn(3, 5, 5, 5) if positional else None
    together = everything(crf, emissions, tags, lengths, extra)
    for row, n in enumerate(lengths):
        one = slice(row, row + 1)
        steps = None if extra is None else extra[one, : n - 1]
        alone = everything(crf, emissions[one, :n], tags[one, :n], lengths[one], steps)
        for single, batched in zip(alone, together, strict=True):
            got = batched[row][:n] if batched.dim() > 1 else batched[row]
            torch.testing.assert_close(single[0], got, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_emissions_under_autocast(dtype):
    torch.manual_seed(0)
    crf, lengths, tags = make_crf(), torch.tensor([40, 25]), make_tags(2, 40)
    emissions = (5 * torch.randn(2, 40, 5)).to(dtype).requires_grad_()
    wide = emissions.detach().float().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = crf.nll(emissions, tags, lengths)
        loss.sum().backward()
    gradients = [parameter.grad.clone() for parameter in crf.parameters()]
    crf.zero_grad()
    expected = crf.nll(wide, tags, lengths)
    expected.sum().backward()
    assert loss.dtype == torch.float32 and emissions.grad.dtype == dtype
    assert loss.equal(expected)
    assert emissions.grad.equal(wide.grad.to(dtype))
    assert all(parameter.grad.equal(other) for parameter, other in zip(crf.parameters(), gradients, strict=True))


@pytest.mark.parametrize("scale", [1.0, 8.0, 300.0])
def test_device_without_float64(monkeypatch, scale):
    torch.manual_seed(0)
    crf, lengths, tags = make_crf(scale=scale), torch.tensor([30, 12, 1]), make_tags(3, 30)
    emissions = torch.randn(3, 30, 5) * scale
    expected = everything(crf, emissions, tags, lengths) + list(
        torch.autograd.grad(crf.nll(emissions, tags, lengths).sum(), list(crf.parameters()))
    )
    monkeypatch.setattr("spacy_cner.nn.crf.lattice.wide_dtype", lambda device: torch.float32)
    assert build_lattice(emissions, torch.zeros(6, 6), None, lengths).emissions.dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = everything(crf, emissions, tags, lengths) + list(
            torch.autograd.grad(crf.nll(emissions, tags, lengths).sum(), list(crf.parameters()))
        )
    for value, other in zip(got, expected, strict=True):
        torch.testing.assert_close(value, other, rtol=1e-4, atol=3e-5 * scale)


def test_float64_stays_float64():
    crf, lengths, tags = make_crf(), torch.tensor([4]), make_tags(1, 4)
    for result in everything(crf, torch.randn(1, 4, 5, dtype=torch.double), tags, lengths):
        assert result.dtype == torch.double


def test_nan_scores_give_a_nan_loss():
    assert make_crf().nll(torch.full((1, 3, 5), torch.nan), make_tags(1, 3), torch.tensor([3])).isnan().all()
