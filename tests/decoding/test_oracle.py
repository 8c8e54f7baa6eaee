"""Everything that is decoded, against an enumeration of all tag sequences."""

from dataclasses import dataclass
from itertools import count, product

import numpy
import pytest

from spacy_cner.decoding import viterbi
from spacy_cner.decoding.parameters import CrfParameters, forbidden_transitions
from spacy_cner.decoding.spans import SpanTags

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
    crf: CrfParameters
    emissions: numpy.ndarray
    lengths: numpy.ndarray
    positional: numpy.ndarray | None
    paths: list[numpy.ndarray]  # for each sequence all its legal tag sequences, shape (number, length)
    random: numpy.random.Generator

    @property
    def given(self):
        return self.emissions, self.lengths

    def scores(self, sequence: int) -> numpy.ndarray:
        """The score of each of the sequence's paths, shape (number,)."""
        paths = self.paths[sequence]
        length = paths.shape[1]
        if length == 0:
            return numpy.zeros(1)
        before, after, position = paths[:, :-1], paths[:, 1:], numpy.arange(length)
        scores = self.emissions[sequence, position, paths].sum(1) + self.crf.transitions[before, after].sum(1)
        scores = scores + self.crf.start[paths[:, 0]] + self.crf.end[paths[:, -1]]
        if self.positional is not None:
            scores = scores + self.positional[sequence, position[:-1], before, after].sum(1)
        return scores

    def probabilities(self, sequence: int) -> numpy.ndarray:
        weights = numpy.exp(self.scores(sequence))
        return weights / weights.sum()

    def some_path(self, sequence: int) -> numpy.ndarray:
        paths = self.paths[sequence]
        return paths[self.random.integers(len(paths))]


def legal_paths(length: int, forbidden: numpy.ndarray) -> numpy.ndarray:
    every = list(product(range(len(forbidden) - 1), repeat=length))
    paths = numpy.array(every, dtype="int64").reshape(len(every), length)
    whole = numpy.pad(paths, ((0, 0), (1, 1)), constant_values=len(forbidden) - 1)
    return paths[~forbidden[whole[:, :-1], whole[:, 1:]].any(1)] if length else paths


def make_case(
    constrained: bool, positional: bool, seed: int = 0, num_tags: int = 3, lengths=(5, 3, 1, 4, 0), length: int = 5
) -> Case:
    random = numpy.random.default_rng(seed)
    forbidden = random.random((num_tags + 1, num_tags + 1)) >= (0.75 if constrained else 1.0)
    forbidden[-1, -1] = False
    crf = CrfParameters(
        *(random.standard_normal(shape) for shape in ((num_tags, num_tags), num_tags, num_tags)), forbidden
    )
    emissions = random.standard_normal((len(lengths), length, num_tags))
    extra = random.standard_normal((len(lengths), max(length - 1, 0), num_tags, num_tags)) if positional else None
    paths = [legal_paths(n, forbidden) for n in lengths]
    return Case(crf, emissions, numpy.array(lengths, dtype="int64"), extra, paths, random)


def legal_case(*arguments, **options) -> Case:
    """The first random case in which each sequence has a legal path."""
    tries = (make_case(*arguments, seed=seed, **options) for seed in count())
    return next(case for case in tries if all(len(paths) for paths in case.paths))


@pytest.fixture(params=list(product(MODES, SHAPES)), ids=str)
def case(request) -> Case:
    (constrained, positional), (num_tags, length, lengths) = request.param
    return legal_case(constrained, positional, num_tags=num_tags, length=length, lengths=lengths)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("tags", ["few", "many"])
def test_the_best_path_by_possible_transitions_only(constrained, tags, monkeypatch):
    monkeypatch.setattr(viterbi, "MANY", 0)
    monkeypatch.setattr(viterbi, "MOST", 1)
    scheme = ["O", *(f"{letter}-{label}" for label in "甲乙丙丁戊己" for letter in "BIES")]
    for seed in range(40):
        case = make_case(constrained, False, seed)
        if not all(map(len, case.paths)):
            continue
        if tags == "many":
            crf = make_case(False, False, seed, len(scheme), (), 0).crf
            crf = crf._replace(forbidden=forbidden_transitions(scheme, "bioes")) if constrained else crf
            case = Case(crf, case.random.standard_normal((5, 9, len(scheme))), case.lengths + 4, None, [], case.random)
        found = case.crf.decode(*case.given)
        monkeypatch.setattr(viterbi, "MANY", 100)
        for one, other in zip(found, case.crf.decode(*case.given)):
            numpy.testing.assert_array_equal(one, other)
        monkeypatch.setattr(viterbi, "MANY", 0)
        for sequence, paths in enumerate(case.paths):
            best = paths[case.scores(sequence).argmax()].tolist()
            assert found[0][sequence, : case.lengths[sequence]].tolist() == best


def test_decode(case):
    tags, scores = case.crf.decode(*case.given, case.positional)
    assert tags.shape == case.emissions.shape[:2] and tags.dtype == "int64"
    for sequence, length in enumerate(case.lengths):
        expected = case.scores(sequence)
        assert scores[sequence] == pytest.approx(expected.max())
        assert tags[sequence, :length].tolist() == case.paths[sequence][expected.argmax()].tolist()
        assert (tags[sequence, length:] == -1).all()


@pytest.mark.parametrize("n", [1, 3, 300])
def test_nbest(case, n):
    tags, scores = case.crf.nbest(*case.given, n, case.positional)
    assert tags.shape == (len(case.lengths), n, case.emissions.shape[1]) and scores.shape == tags.shape[:2]
    for sequence, length in enumerate(case.lengths):
        expected = case.scores(sequence)
        order = (-expected).argsort()[:n]
        numpy.testing.assert_allclose(scores[sequence, : len(order)], expected[order])
        assert tags[sequence, : len(order), :length].tolist() == case.paths[sequence][order].tolist()
        assert (tags[sequence, :, length:] == -1).all()
        assert (tags[sequence, len(order) :] == -1).all() and numpy.isneginf(scores[sequence, len(order) :]).all()


def test_marginals(case):
    marginals = case.crf.marginals(*case.given, case.positional)
    expected = numpy.zeros_like(case.emissions)
    for sequence, paths in enumerate(case.paths):
        for path, probability in zip(paths, case.probabilities(sequence), strict=True):
            expected[sequence, numpy.arange(len(path)), path] += probability
    numpy.testing.assert_allclose(marginals, expected, atol=1e-12)


@pytest.mark.parametrize("least", [1e-9, 0.2])
def test_probable_pairs(case, least):
    boundary = case.crf.num_tags
    expected = {}
    for sequence, paths in enumerate(case.paths):
        if not case.lengths[sequence]:
            continue
        for path, probability in zip(paths.tolist(), case.probabilities(sequence), strict=True):
            for position, pair in enumerate(zip([boundary, *path], [*path, boundary])):
                key = sequence, position, *pair
                expected[key] = expected.get(key, 0.0) + probability
    *places, probabilities = case.crf.probable_pairs(*case.given, least, case.positional)
    keys = list(zip(*(place.tolist() for place in places), strict=True))
    assert [key[:2] for key in keys] == sorted(key[:2] for key in keys)
    kept = {key: pytest.approx(probability) for key, probability in expected.items() if probability >= least}
    assert dict(zip(keys, probabilities.tolist(), strict=True)) == kept


@pytest.mark.parametrize("with_continues", [False, True])
def test_span_probabilities(case, with_continues):
    num_tags = case.crf.num_tags
    tags = numpy.full(case.emissions.shape[:2], 99)
    for sequence, length in enumerate(case.lengths):
        # Any path will do, also one that is not legal.
        legal = sequence % 2 or not length
        tags[sequence, :length] = case.some_path(sequence) if legal else case.random.integers(num_tags, size=length)
    continues = case.random.random((num_tags, num_tags)) < 0.5 if with_continues else None
    spans, expected = [], []
    for sequence, paths in enumerate(case.paths):
        length, probabilities = paths.shape[1], case.probabilities(sequence)
        for start, end in ((s, e) for s in range(length) for e in range(s + 1, length + 1)):
            counted = (paths[:, start:end] == tags[sequence, start:end]).all(1)
            if continues is not None and end < length:
                counted &= ~continues[paths[:, end - 1], paths[:, end]]
            spans.append((sequence, start, end))
            expected.append(probabilities[counted].sum())
    rows = numpy.array(spans, dtype="int64").reshape(-1, 3)
    got = case.crf.span_probabilities(*case.given, rows, tags, continues=continues, positional=case.positional)
    numpy.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("marks_ends", [True, False])
@pytest.mark.parametrize("threshold", [0.001, 0.15, 0.6])
def test_probable_spans(case, marks_ends, threshold):
    """Random tags for two labels that share some: no scheme's own."""
    num_tags = case.crf.num_tags
    begin, inside, end, single = case.random.integers(num_tags, size=(4, 2))
    continues = case.random.random((num_tags, num_tags)) < 0.5
    if marks_ends:
        continues[numpy.concatenate([end, single])] = False
    roles = SpanTags(begin, inside, end, single, continues)
    expected = {}
    for sequence, paths in enumerate(case.paths):
        length, probabilities = paths.shape[1], case.probabilities(sequence)
        for label, start, stop in product(range(2), range(length), range(1, length + 1)):
            if stop <= start:
                continue
            rest = [inside[label]] * (stop - start - 2)
            tags = [single[label]] if stop == start + 1 else [begin[label], *rest, end[label]]
            counted = (paths[:, start:stop] == numpy.array(tags)).all(1)
            if stop < length:
                counted &= ~continues[paths[:, stop - 1], paths[:, stop]]
            if probabilities[counted].sum() >= threshold:
                expected[sequence, start, stop, label] = probabilities[counted].sum()
    spans, probabilities = case.crf.probable_spans(*case.given, roles, threshold, case.positional)
    got = dict(zip(map(tuple, spans.tolist()), probabilities.tolist(), strict=True))
    assert len(got) == len(spans)
    assert got == {span: pytest.approx(probability) for span, probability in expected.items()}


def test_span_next_to_an_impossible_part_of_the_path():
    case = make_case(constrained=False, positional=False, num_tags=2, lengths=(4,), length=4)
    case.crf.forbidden[0, 1] = True
    path = numpy.array([[0, 1, 1, 0]])
    inside, across = case.crf.span_probabilities(*case.given, numpy.array([[0, 1, 3], [0, 0, 2]]), path)
    # After a 0 there are only zeros.
    scores, paths = case.scores(0), case.paths[0]
    legal = (paths[:, :-1] >= paths[:, 1:]).all(1)
    weights = numpy.exp(scores[legal])
    assert inside == pytest.approx(weights[(paths[legal][:, 1:3] == 1).all(1)].sum() / weights.sum())
    assert across == 0


def test_forbidden_transitions_have_no_probability():
    forbidden = numpy.array([[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)
    transitions, start, end = numpy.zeros((3, 3)), numpy.zeros(3), numpy.zeros(3)
    transitions[0, 2] = start[2] = end[1] = 50.0
    emissions, lengths = numpy.random.default_rng(0).standard_normal((2, 6, 3)), numpy.array([6, 2])
    marginals = CrfParameters(transitions, start, end, forbidden).marginals(emissions, lengths)
    assert marginals[:, 0, 2].tolist() == [0, 0] and marginals[0, 5, 1] == marginals[1, 1, 1] == 0


@pytest.mark.parametrize("positional", [None, numpy.zeros((2, 2, 2, 2))])
def test_no_legal_path_is_an_error(positional):
    # After tag 0 comes nothing, and tag 1 is no start.
    forbidden = numpy.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]], dtype=bool)
    crf = CrfParameters(numpy.zeros((2, 2)), numpy.zeros(2), numpy.zeros(2), forbidden)
    given, spans = (numpy.ones((2, 3, 2)), numpy.array([1, 2])), numpy.array([[1, 0, 1]])
    nothing = numpy.zeros(0, dtype="int64")
    roles = SpanTags(nothing, nothing, nothing, nothing, numpy.zeros((2, 2), dtype=bool))
    for compute in (
        lambda: crf.decode(*given, positional),
        lambda: crf.nbest(*given, 2, positional),
        lambda: crf.marginals(*given, positional),
        lambda: crf.span_probabilities(*given, spans, numpy.zeros((2, 3), dtype="int64"), positional=positional),
        lambda: crf.probable_spans(*given, roles, 0.5, positional),
    ):
        with pytest.raises(ValueError, match="got none for sequence 1 of length 2"):
            compute()
