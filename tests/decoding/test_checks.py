"""What decoding refuses."""

import numpy
import pytest

from spacy_cner.decoding.parameters import CrfParameters
from spacy_cner.decoding.spans import SpanTags

LENGTHS = numpy.array([4, 2])
EMISSIONS = numpy.random.default_rng(0).standard_normal((2, 4, 3))
CRF = CrfParameters(numpy.zeros((3, 3)), numpy.zeros(3), numpy.zeros(3), numpy.zeros((4, 4), dtype=bool))
PATH = numpy.zeros((2, 4), dtype="int64")


@pytest.mark.parametrize("method", ["decode", "nbest", "marginals", "span_probabilities"])
@pytest.mark.parametrize("bad,message", [
    ({"emissions": EMISSIONS[0]}, r"emissions of shape \(batch size, length, 3\), got \(4, 3\)"),
    ({"emissions": numpy.zeros((2, 4, 5))}, r"emissions of shape \(batch size, length, 3\), got \(2, 4, 5\)"),
    ({"emissions": EMISSIONS.astype("int64")}, "emissions of floating type, got int64"),
    ({"lengths": numpy.array([4, 2, 1])}, r"lengths of shape \(2,\), got \(3,\)"),
    ({"lengths": numpy.array([4.0, 2.0])}, "lengths of integer type, got float64"),
    ({"lengths": numpy.array([4, 5])}, "lengths from 0 to 4, got 5 for sequence 1"),
    ({"lengths": numpy.array([-1, 4])}, "lengths from 0 to 4, got -1 for sequence 0"),
    ({"positional": numpy.zeros((2, 4, 3, 3))}, r"transitions of shape \(2, 3, 3, 3\), got \(2, 4, 3, 3\)"),
    ({"positional": numpy.zeros((2, 3, 3, 3), dtype=bool)}, "transitions of floating type, got bool"),
])  # fmt: skip
def test_batches(method, bad, message):
    arguments = {"emissions": EMISSIONS, "lengths": LENGTHS, **bad}
    more = {"nbest": {"n": 2}, "span_probabilities": {"spans": PATH[:0, :3], "path": PATH}}
    with pytest.raises(ValueError, match=f"expected {message}"):
        getattr(CRF, method)(**arguments, **more.get(method, {}))


@pytest.mark.parametrize("spans,path,message", [
    ([0, 0, 1], PATH, r"spans of shape \(number, 3\), got \(3,\)"),
    ([[0.0, 0.0, 1.0]], PATH, "spans of integer type, got float64"),
    ([[0, 0, 4], [1, 1, 3]], PATH, r"inside of the sequences, got \(1, 1, 3\)"),
    ([[0, 2, 2]], PATH, r"at least 1 tag inside of the sequences, got \(0, 2, 2\)"),
    ([[2, 0, 1]], PATH, r"got \(2, 0, 1\)"),
    ([[0, -1, 1]], PATH, r"got \(0, -1, 1\)"),
    ([[0, 0, 1], [0, 1, 3]], [[0, 0, -1, 0], [0, 0, 0, 0]], r"from 0 to 2 in span \(0, 1, 3\), got \[0, -1\]"),
    ([[0, 0, 1]], PATH[:, :3], r"path of shape \(2, 4\), got \(2, 3\)"),
])  # fmt: skip
def test_spans(spans, path, message):
    with pytest.raises(ValueError, match=message):
        CRF.span_probabilities(EMISSIONS, LENGTHS, numpy.array(spans), numpy.array(path))


@pytest.mark.parametrize("continues,message", [
    (numpy.zeros(3, dtype=bool), r"continues of shape \(3, 3\), got \(3,\)"),
    (numpy.zeros((3, 3)), "continues of boolean type, got float64"),
])  # fmt: skip
def test_continues(continues, message):
    with pytest.raises(ValueError, match=message):
        CRF.span_probabilities(EMISSIONS, LENGTHS, numpy.array([[0, 0, 1]]), PATH, continues=continues)


def test_nbest_wants_a_positive_number():
    with pytest.raises(ValueError, match="expected n of at least 1, got 0"):
        CRF.nbest(EMISSIONS, LENGTHS, 0)


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.1])
def test_threshold_of_spans_must_be_a_probability(threshold):
    nothing = numpy.zeros(0, dtype="int64")
    roles = SpanTags(nothing, nothing, nothing, nothing, numpy.zeros((3, 3), dtype=bool))
    with pytest.raises(ValueError, match=f"expected a threshold over 0 and up to 1, got {threshold}"):
        CRF.probable_spans(EMISSIONS, LENGTHS, roles, threshold)
