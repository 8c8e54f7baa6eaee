import numpy
import pytest
import spacy
from spacy.tokens import SpanGroup

import spacy_cner.pipeline.cner  # noqa: F401  (registers the extension)
from spacy_cner.pipeline.scores import entity_score


@pytest.fixture
def doc():
    doc = spacy.blank("zh").make_doc("王海在青岛工作")
    spans = [doc.char_span(0, 2, "PER"), doc.char_span(3, 5, "LOC")]
    doc.spans["words"] = [doc[0:2], doc[3:5]]
    doc.spans["cner"] = SpanGroup(doc, name="cner", spans=spans, attrs={"scores": [0.75, 0.5]})
    return doc


def test_the_score_of_the_very_span(doc):
    assert entity_score(doc.char_span(0, 2, "PER")) == 0.75
    assert doc.char_span(3, 5, "LOC")._.score == 0.5


@pytest.mark.parametrize("start, end, label", [(0, 2, "LOC"), (0, 1, "PER"), (0, 3, "PER"), (5, 7, "PER"), (0, 2, "")])
def test_none_for_any_other(doc, start, end, label):
    assert doc.char_span(start, end, label)._.score is None


def test_any_component_that_keeps_scores(doc):
    # spaCy's `spancat` keeps an array.
    scores = numpy.array([0.25], dtype="f")
    doc.spans["sc"] = SpanGroup(doc, spans=[doc.char_span(5, 7, "JOB")], attrs={"scores": scores})
    score = doc.char_span(5, 7, "JOB")._.score
    assert score == 0.25
    assert type(score) is float


def test_without_groups():
    assert spacy.blank("zh").make_doc("王海")[0:2]._.score is None
