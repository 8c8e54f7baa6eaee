import numpy
import pytest

from spacy_cner.decoding.bonus import raised
from spacy_cner.decoding.tag_scores import TagScores
from spacy_cner.text.tags import tag_list


@pytest.mark.parametrize(
    "scheme, expected", [("bioes", ["B-X", "I-X", "E-X", "S-X"]), ("bio", ["B-X", "I-X", "I-X", "B-X"])]
)
def test_the_tags_of_a_span_get_its_weight(scheme, expected):
    tags = tag_list(["X", "Y"], scheme)
    scores = TagScores(None, tags, scheme, numpy.zeros((2, 5, len(tags)), dtype="float32"), numpy.array([5, 5]))
    found = raised(scores, [(1, 0, 3, "X", 2.0), (1, 4, 5, "X", 1.0), (0, 0, 1, "Z", 9.0)])
    places = [(1, i, tags.index(tag)) for i, tag in zip((0, 1, 2, 4), expected)]
    assert {tuple(place) for place in numpy.argwhere(found.emissions).tolist()} == set(places)
    assert [found.emissions[place] for place in places] == [2.0, 2.0, 2.0, 1.0]
    assert not scores.emissions.any()


def test_where_spans_overlap_the_greater_weight_counts():
    tags = tag_list(["X"], "bioes")
    scores = TagScores(None, tags, "bioes", numpy.zeros((1, 3, len(tags))), numpy.array([3]))
    found = raised(scores, [(0, 0, 2, "X", 1.0), (0, 0, 3, "X", 3.0), (0, 0, 2, "X", 2.0)]).emissions[0]
    assert found[0, tags.index("B-X")] == 3.0
    assert (found[1, tags.index("E-X")], found[1, tags.index("I-X")]) == (2.0, 3.0)
