from itertools import pairwise

import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Span, SpanGroup

import spacy_cner.pipeline.cner  # noqa: F401  (registers ent._.score)
from spacy_cner.pipeline.entity_writer import blocked_spans
from spacy_cner.pipeline.retokenize import merge_words

NLP = spacy.blank("zh")


def make_doc(text="林小燕昨天去了青岛。"):
    return NLP.make_doc(text)


def test_span_groups_keep_their_places():
    doc = make_doc()
    doc.spans["names"] = [Span(doc, 0, 3, "PER"), Span(doc, 7, 9, "LOC", kb_id="Q1", span_id="s"), Span(doc, 0, 10)]
    doc.spans["none"] = []
    merge_words(doc, [(0, 3), (3, 5), (5, 6), (6, 7), (7, 9), (9, 10)])
    assert [token.text for token in doc] == ["林小燕", "昨天", "去", "了", "青岛", "。"]
    spans = [(span.text, span.label_, span.kb_id_, span.id_) for span in doc.spans["names"]]
    assert spans == [("林小燕", "PER", "", ""), ("青岛", "LOC", "Q1", "s"), (doc.text, "", "", "")]
    assert list(doc.spans["none"]) == []


def test_a_span_that_cuts_a_word_is_expanded_to_it():
    doc = make_doc()
    doc.spans["cuts"] = [doc[1:4], doc[8:9]]
    merge_words(doc, [(0, 3), (3, 5), (7, 9)])
    assert [span.text for span in doc.spans["cuts"]] == ["林小燕昨天", "青岛"]


def test_span_groups_of_tokens_that_were_merged_before_keep_their_places():
    doc = make_doc()
    doc.spans["names"] = [Span(doc, 0, 3, "PER"), Span(doc, 3, 5, "T"), Span(doc, 7, 9, "LOC")]
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:3])
    merge_words(doc, [(1, 3), (5, 7)])
    assert [(span.text, span.label_) for span in doc.spans["names"]] == [
        ("林小燕", "PER"),
        ("昨天", "T"),
        ("青岛", "LOC"),
    ]


def test_scores_stay_with_their_spans():
    doc = make_doc()
    doc.ents = [Span(doc, 0, 3, "PER"), Span(doc, 7, 9, "LOC")]
    doc.spans["cner"] = SpanGroup(doc, name="cner", spans=list(doc.ents), attrs={"scores": [0.75, 0.5]})
    merge_words(doc, [(0, 3), (3, 5), (7, 9)])
    assert [(ent.text, ent._.score) for ent in doc.ents] == [("林小燕", 0.75), ("青岛", 0.5)]
    assert doc.spans["cner"].name == "cner"


def test_neighbouring_entities_of_one_type_stay_two():
    doc = make_doc()
    doc.ents = [Span(doc, 0, 2, "PER"), Span(doc, 2, 5, "PER")]
    merge_words(doc, [(0, 5)])
    assert [ent.text for ent in doc.ents] == ["林小", "燕昨天"]


def test_missing_annotation_stays_missing():
    doc = make_doc()
    merge_words(doc, [(0, 3)])
    assert not doc.has_annotation("ENT_IOB")


def test_nothing_to_merge():
    doc = make_doc()
    doc.spans["all"] = [doc[:]]
    merge_words(doc, [(i, i + 1) for i in range(len(doc))])
    assert len(doc) == 10
    assert doc.spans["all"][0].text == doc.text
    merge_words(make_doc(""), [])


@st.composite
def cuts(draw, length):
    """Neighbouring pieces of a sequence, (start, end), some left out."""
    borders = sorted(draw(st.sets(st.integers(1, length - 1))) | {0, length})
    return [piece for piece in pairwise(borders) if draw(st.booleans())]


@given(st.data())
def test_whatever_the_words_and_spans(data):
    doc = make_doc("林小燕 昨天去了\n\n青岛。")
    length = len(doc)
    doc.ents = [Span(doc, start, end, "X") for start, end in data.draw(cuts(length))]
    doc.spans["any"] = [Span(doc, start, end, "Y") for start, end in data.draw(cuts(length))]
    words = data.draw(cuts(length))
    text, ents = doc.text, [(ent.start_char, ent.end_char) for ent in doc.ents]
    places = [(span.start_char, span.end_char) for span in doc.spans["any"]]
    merge_words(doc, words)
    assert doc.text == text
    assert [(ent.start_char, ent.end_char) for ent in doc.ents] == ents
    tokens = [(token.idx, token.idx + len(token)) for token in doc]
    for (start, end), span in zip(places, doc.spans["any"], strict=True):
        covered = [token for token in tokens if token[0] < end and token[1] > start]
        assert (span.start_char, span.end_char) == (covered[0][0], covered[-1][1])


def test_blocked_tokens_stay_blocked_and_alone():
    for blocked in range(7, 9):
        doc = make_doc()
        doc.set_ents([], blocked=[doc[blocked : blocked + 1]], default="outside")
        merge_words(doc, [(0, 3), (3, 5), (5, 6), (6, 7), (7, 9), (9, 10)])
        assert [token.text for token in doc] == ["林小燕", "昨天", "去", "了", "青", "岛", "。"]
        assert [span.text for span in blocked_spans(doc)] == ["青岛"[blocked - 7]]
