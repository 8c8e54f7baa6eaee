import spacy
from corpus.strategies import annotated_texts
from hypothesis import given, settings
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_cner.scratch import ScratchFile
from spacy_cner.training.packed import ATTRS, pack, unpack

NLP = spacy.blank("zh")


def contents(doc):
    groups = {
        key: ([(span.start, span.end, span.label_) for span in group], group.attrs) for key, group in doc.spans.items()
    }
    values = doc.to_array([*ATTRS, "SENT_START", "HEAD", "SPACY"]).tolist()
    return doc.text, values, groups, doc.user_data, doc.cats, doc.has_unknown_spaces


def assert_same(example):
    again = unpack(pack(example, ScratchFile()), NLP.vocab)
    for one, other in ((example.predicted, again.predicted), (example.reference, again.reference)):
        assert contents(one) == contents(other)


@settings(max_examples=100)
@given(annotated_texts())
def test_texts_come_back_as_they_were(text):
    assert_same(Example(NLP.make_doc(text.text), text.to_doc(NLP.vocab)))


def test_all_other_annotation_comes_back():
    words = ["王海", "去", "青岛", "。", "A", "走"]
    doc = Doc(
        NLP.vocab, words=words, spaces=[False, False, True, False, True, False], pos=["PROPN"] * 6, tags=["NR"] * 6
    )
    doc.set_ents([Span(doc, 0, 1, "PER", kb_id="Q1", span_id="x")], missing=[doc[1:2]], blocked=[doc[3:4]])
    doc.spans["words"] = [Span(doc, i, i + 1) for i in range(6)]
    doc.spans["words"].attrs["scores"] = [0.5]
    doc.user_data["corpus"], doc.user_data["._.", "x", 0, None] = "甲", 1
    doc.cats = {"news": 1.0}
    for token, start in zip(doc, [True, False, False, False, True, False]):
        token.is_sent_start = start
    assert_same(Example(NLP.make_doc(doc.text), doc))
    parsed = Doc(NLP.vocab, words=words, heads=[1, 1, 1, 1, 5, 5], deps=["dep"] * 6, lemmas=words)
    assert_same(Example(Doc(NLP.vocab, words=words), parsed))
    unknown = Doc(NLP.vocab, words=words, ents=["B-PER", "O", "B-LOC", "O", "O", "O"])
    unknown.has_unknown_spaces = True
    assert_same(Example(Doc(NLP.vocab, words=words), unknown))
