"""Extreme scores, long sequences, number types, padding, and agreement with the CRF in torch and with pytorch-crf."""

import numpy
import pytest
import torch
import torchcrf

from spacy_cner.decoding.forward_backward import LogForwardBackward, ScaledForwardBackward, forward_backward
from spacy_cner.decoding.lattice import build_lattice
from spacy_cner.decoding.parameters import CrfParameters, forbidden_transitions
from spacy_cner.nn.crf.forward_backward import forward_backward as torch_forward_backward
from spacy_cner.nn.crf.lattice import build_lattice as torch_lattice

TAGS = ["O", "B-X", "I-X", "E-X", "S-X"]
BIOES = forbidden_transitions(TAGS, "bioes")


def make_crf(random, scale: float = 1.0, constrained: bool = True) -> CrfParameters:
    forbidden = BIOES if constrained else numpy.zeros((6, 6), dtype=bool)
    return CrfParameters(*(scale * random.standard_normal(shape) for shape in ((5, 5), 5, 5)), forbidden)


def score(crf: CrfParameters, emissions, tags) -> float:
    """The score of a path, float64."""
    tags = tags[tags >= 0]
    own = emissions.astype("float64")[numpy.arange(len(tags)), tags].sum()
    return own + crf.transitions[tags[:-1], tags[1:]].sum() + crf.start[tags[0]] + crf.end[tags[-1]]


@pytest.mark.parametrize("positional", [False, True])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 20.0, 40.0, 80.0, 160.0, 1e4])
def test_scaled_recursion_knows_whether_it_is_exact(scale, positional):
    random = numpy.random.default_rng(0)
    transitions = random.standard_normal((6, 6)) * scale
    transitions[5, 5] = 0.0
    emissions, lengths = random.standard_normal((4, 30, 5)) * scale, numpy.array([30, 20, 1, 0])
    extra = random.standard_normal((4, 29, 5, 5)) * scale if positional else None
    lattice = build_lattice(emissions, transitions, extra, lengths)
    with numpy.errstate(all="raise", under="ignore"):
        scaled, logs = ScaledForwardBackward(lattice), LogForwardBackward(lattice)
    assert scaled.exact or scale > 10
    assert not scaled.exact or scale < 1e4
    chosen = forward_backward(lattice)
    assert isinstance(chosen, ScaledForwardBackward if scaled.exact else LogForwardBackward)
    numpy.testing.assert_allclose(chosen.marginals, logs.marginals, rtol=0, atol=1e-9)
    sequence, position = numpy.nonzero(numpy.arange(30) < lengths[:, None])
    for tag in range(5):
        places = position, sequence, numpy.full(len(position), tag)
        joint = [r.marginals[position, tag, sequence][:, None] * r.onward(*places) for r in (chosen, logs)]
        numpy.testing.assert_allclose(*joint, rtol=0, atol=1e-9)
    other = None if extra is None else torch.from_numpy(extra)
    given = torch.from_numpy(emissions), torch.from_numpy(transitions), other, torch.from_numpy(lengths)
    theirs = torch_forward_backward(torch_lattice(*given)).marginals[1:].numpy()
    numpy.testing.assert_allclose(chosen.marginals, theirs.transpose(0, 2, 1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("gap", [20.0, 50.0, 200.0, 1e4])
def test_constraints_force_a_detour_of_no_weight(gap):
    """Only a path that looks hopeless at each of its positions is left by the last one."""
    crf = make_crf(numpy.random.default_rng(0), scale=0.1)
    emissions = numpy.zeros((1, 9, 5))
    emissions[:, :, 0] = gap  # O is by far the best
    emissions[:, 8, 3] = 30 * gap  # but E is a must at the end
    marginals = crf.marginals(emissions, numpy.array([9]))
    assert marginals[0, 8, 3] > 0.999 and marginals[0, 7, 1] > 0.999


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_long_sequences(scale):
    random = numpy.random.default_rng(0)
    crf, lengths = make_crf(random, scale), numpy.array([5000, 432])
    emissions = (scale * random.standard_normal((2, 5000, 5))).astype("f")
    tags, scores = crf.decode(emissions, lengths)
    numpy.testing.assert_allclose(scores, [score(crf, *pair) for pair in zip(emissions, tags)], rtol=1e-9)
    assert not BIOES[tags[0, :-1], tags[0, 1:]].any()
    spans = numpy.array([[0, 0, 1], [0, 4000, 4010], [1, 431, 432]])
    probabilities = crf.span_probabilities(emissions, lengths, spans, tags)
    marginals = crf.marginals(emissions, lengths)
    chosen = marginals[[0, 1], [0, 431], tags[[0, 1], [0, 431]]]
    numpy.testing.assert_allclose(probabilities[[0, 2]], chosen, atol=1e-6)  # of scores up to 1e8
    assert 0 <= probabilities[1] <= 1


@pytest.mark.parametrize("seed", range(15))
def test_decodes_as_pytorch_crf(seed):
    random = numpy.random.default_rng(seed)
    num_tags, length, batch = (int(random.integers(1, n)) for n in (7, 9, 5))
    peer = torchcrf.CRF(num_tags, batch_first=True)
    learned = (peer.transitions, peer.start_transitions, peer.end_transitions)
    crf = CrfParameters(*(x.detach().numpy() for x in learned), numpy.zeros((num_tags + 1,) * 2, dtype=bool))
    emissions = random.standard_normal((batch, length, num_tags)).astype("f")
    lengths = random.integers(1, length + 1, batch)
    mask = torch.from_numpy(numpy.arange(length) < lengths[:, None])
    decoded, _ = crf.decode(emissions, lengths)
    expected = peer.decode(torch.from_numpy(emissions), mask)
    assert [path[:n].tolist() for path, n in zip(decoded, lengths, strict=True)] == expected


def everything(crf: CrfParameters, emissions, lengths, positional=None):
    """All that is decoded from a batch, in one list."""
    spans = numpy.array([[row, 0, length] for row, length in enumerate(lengths)])
    path = numpy.ones(emissions.shape[:2], dtype="int64") * 4
    return [
        *crf.decode(emissions, lengths, positional),
        *crf.nbest(emissions, lengths, 3, positional),
        crf.marginals(emissions, lengths, positional),
        crf.span_probabilities(emissions, lengths, spans, path, continues=~BIOES[:-1, :-1], positional=positional),
    ]


@pytest.mark.parametrize("filler", [1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("positional", [False, True])
def test_padding_is_never_looked_at(filler, positional):
    random = numpy.random.default_rng(0)
    crf, lengths, emissions = make_crf(random), numpy.array([6, 2, 4]), random.standard_normal((3, 6, 5))
    extra = random.standard_normal((3, 5, 5, 5)) if positional else None
    expected = everything(crf, emissions, lengths, extra)
    beyond = numpy.arange(6) >= lengths[:, None]
    emissions[beyond] = filler
    if extra is not None:
        extra[beyond[:, 1:]] = filler
    for got, want in zip(everything(crf, emissions, lengths, extra), expected, strict=True):
        assert numpy.array_equal(got, want)


@pytest.mark.parametrize("positional", [False, True])
def test_batch_mates_and_more_padding_do_not_matter(positional):
    random = numpy.random.default_rng(0)
    crf, lengths, emissions = make_crf(random), numpy.array([6, 2, 4]), random.standard_normal((3, 6, 5))
    extra = random.standard_normal((3, 5, 5, 5)) if positional else None
    together = everything(crf, emissions, lengths, extra)
    for row, n in enumerate(lengths):
        one = slice(row, row + 1)
        steps = None if extra is None else extra[one, : n - 1]
        for single, batched in zip(everything(crf, emissions[one, :n], lengths[one], steps), together, strict=True):
            got = batched[row, ..., :n] if batched.dtype == "int64" else batched[row]
            got = got[:n] if got.shape == (6, 5) else got
            numpy.testing.assert_allclose(single[0], got, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_narrow_emissions_are_decoded_in_float64(dtype):
    random = numpy.random.default_rng(0)
    crf, lengths = make_crf(random), numpy.array([40, 25])
    emissions = (5 * random.standard_normal((2, 40, 5))).astype(dtype)
    for got, want in zip(everything(crf, emissions, lengths), everything(crf, emissions.astype("float64"), lengths)):
        assert got.dtype in ("float64", "int64") and numpy.array_equal(got, want)
