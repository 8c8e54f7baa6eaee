import pickle

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin, SpanGroup

from spacy_cner.pipeline.scores import entity_score, set_score


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


def test_a_group_of_entities_without_scores(doc):
    doc.spans["remote"] = SpanGroup(doc, spans=[doc.char_span(5, 7, "JOB")], attrs={"scores": [None]})
    assert doc.char_span(5, 7, "JOB")._.score is None and doc.char_span(3, 5, "LOC")._.score == 0.5


def test_without_groups():
    assert spacy.blank("zh").make_doc("王海")[0:2]._.score is None


@pytest.fixture
def scored():
    """A document whose scores were set as a component sets them."""
    doc = spacy.blank("zh").make_doc("王海在青岛工作")
    doc.ents = [doc.char_span(0, 2, "PER"), doc.char_span(3, 5, "LOC")]
    for ent, score in zip(doc.ents, (0.75, 0.5)):
        set_score(ent, score)
    return doc


def scores(doc):
    return [(ent.text, ent._.score) for ent in doc.ents]


def test_they_survive_merged_tokens(scored):
    with scored.retokenize() as retokenizer:
        for ent in scored.ents:
            retokenizer.merge(ent)
    assert scores(scored) == [("王海", 0.75), ("青岛", 0.5)]


def test_they_survive_other_documents(scored):
    expected = [("王海", 0.75), ("青岛", 0.5)]
    assert scores(Doc.from_docs([scored, scored])) == expected * 2
    assert scores(scored[2:].as_doc(copy_user_data=True)) == expected[1:]
    assert scores(scored.copy()) == expected
    assert scores(Doc(scored.vocab).from_bytes(scored.to_bytes())) == expected


def test_a_part_without_user_data_finds_its_place(scored):
    part = scored[2:].as_doc()
    assert scores(part) == [("青岛", 0.5)] and not part.user_data.get(("._.", "cner_scores", 1, 3))
    assert scores(part[1:].as_doc()) == [("青岛", 0.5)]
    assert scored[3:5].as_doc().char_span(0, 2, "PER")._.score is None
    # Its own scores, once a component has run on it, are not those of the whole.
    set_score(part.ents[0], 0.25)
    assert scores(part) == [("青岛", 0.25)] and scores(scored) == [("王海", 0.75), ("青岛", 0.5)]
    assert scores(part[1:].as_doc()) == [("青岛", 0.25)] and scores(scored[3:].as_doc()) == [("青岛", 0.5)]


@pytest.mark.parametrize("other, expected", [(0.75, 0.75), (0.7500001, 0.75), (0.5, None), (None, None)])
def test_a_part_whose_text_occurs_twice(other, expected):
    doc = spacy.blank("zh").make_doc("王海来。王海来。")
    for start, score in ((0, 0.75), (4, other)):
        if score is not None:
            doc.set_ents([span := doc.char_span(start, start + 2, "PER")], default="unmodified")
            set_score(span, score)
    assert doc[:4].as_doc().ents[0]._.score == expected
    assert scores(doc[:4].as_doc(copy_user_data=True)) == [("王海", 0.75)]


def test_what_parts_share_hinders_nothing_else(scored, recwarn):
    with pytest.raises(NotImplementedError, match="E894"):
        list(scored.noun_chunks)
    other = spacy.blank("zh").make_doc("青岛海风")
    other.noun_chunks_iterator = lambda doc: [(0, 2, 0)]
    set_score(other.char_span(2, 4, "X"), 0.5)
    assert [chunk.text for part in (other, other[2:].as_doc()) for chunk in part.noun_chunks] == ["青岛", "海风"]
    # The parts of what came from another process, or is a copy, need the user data.
    for read in (Doc(scored.vocab).from_bytes(scored.to_bytes()), pickle.loads(pickle.dumps(scored)), scored.copy()):
        assert scores(read) == [("王海", 0.75), ("青岛", 0.5)]
        assert scores(read[2:].as_doc()) == [("青岛", None)]
        assert scores(read[2:].as_doc(copy_user_data=True)) == [("青岛", 0.5)]
    assert not recwarn.list


def test_a_doc_bin_keeps_them_with_its_span_groups(doc):
    doc.ents = list(doc.spans["cner"])
    (read,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(doc.vocab)
    assert scores(read) == [("王海", 0.75), ("青岛", 0.5)]


def test_a_look_at_a_span_without_a_score_harms_no_other_document(scored, recwarn):
    """What was read from a span group, or not found in any, is known of the document that it was looked for in."""
    assert scored[2:3]._.score is None
    assert scores(Doc.from_docs([scored, scored])) == [("王海", 0.75), ("青岛", 0.5)] * 2
    assert not recwarn.list
    other = scored.copy()
    other.spans["sc"] = SpanGroup(other, spans=[other.char_span(5, 7, "JOB")], attrs={"scores": [0.25]})
    both = Doc.from_docs([scored, other])
    both.spans["more"] = SpanGroup(both, spans=[both.char_span(5, 7, "JOB")], attrs={"scores": [0.25]})
    assert both.char_span(5, 7, "JOB")._.score == 0.25


def test_an_empty_document():
    assert spacy.blank("zh")("")[0:0]._.score is None


def test_merged_tokens_of_a_document_that_has_only_its_span_groups(doc):
    """spaCy leaves the spans of a group at the numbers that their tokens had."""
    doc.ents = list(doc.spans["cner"])
    (read,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(doc.vocab)
    with read.retokenize() as retokenizer:
        for ent in read.ents:
            retokenizer.merge(ent)
        retokenizer.merge(read[5:7])
    with pytest.raises(IndexError):
        list(read.spans["cner"])
    assert scores(read) == [("王海", 0.75), ("青岛", 0.5)]


def test_another_label_has_no_score(scored):
    assert scored.char_span(0, 2, "ORG")._.score is None
