import itertools

import numpy
import pytest

from spacy_cner.decoding.parameters import CrfParameters, forbidden_transitions
from spacy_cner.decoding.tag_scores import TagScores
from spacy_cner.decoding.taggings import best_taggings
from spacy_cner.text.tags import tags_to_spans

TAGS = ["O", "B-X", "I-X"]


@pytest.fixture
def scores():
    random = numpy.random.default_rng(0)
    transitions, start, end = random.normal(size=(3, 3)), random.normal(size=3), random.normal(size=3)
    crf = CrfParameters(transitions, start, end, forbidden_transitions(TAGS, "bio"))
    return TagScores(crf, TAGS, "bio", random.normal(size=(2, 4, 3)), numpy.array([4, 3]))


def enumerated(scores, sequence):
    """All legal tag sequences with their probabilities, best first."""
    crf, length = scores.crf, int(scores.lengths[sequence])
    legal = {}
    for path in itertools.product(range(3), repeat=length):
        if crf.forbidden[-1, path[0]] or any(crf.forbidden[a, b] for a, b in itertools.pairwise(path)):
            continue
        total = crf.start[path[0]] + crf.end[path[-1]] + sum(crf.transitions[a, b] for a, b in itertools.pairwise(path))
        legal[path] = numpy.exp(total + sum(scores.emissions[sequence, i, tag] for i, tag in enumerate(path)))
    whole = sum(legal.values())
    return sorted(((value / whole, path) for path, value in legal.items()), reverse=True)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("coverage", [0.3, 0.9])
def test_the_fewest_best_ones_that_have_so_much_probability(scores, temperature, coverage):
    changed = scores.tempered(temperature)
    for sequence, found in enumerate(best_taggings(changed, coverage, 100)):
        every = enumerated(changed, sequence)
        total = numpy.cumsum([probability for probability, _ in every])
        count = int((total < coverage).sum()) + 1
        assert [reading.probability for reading in found] == pytest.approx([each[0] for each in every[:count]])
        tags = [[TAGS[tag] for tag in path] for _, path in every[:count]]
        assert [reading.spans for reading in found] == [tags_to_spans(each, "bio", "repair") for each in tags]


def test_no_more_than_asked_for(scores):
    assert [len(found) for found in best_taggings(scores, 0.999, 2)] == [2, 2]


def test_all_that_are_asked_for(scores):
    assert [len(found) for found in best_taggings(scores, 1.0, 7)] == [7, 7]
