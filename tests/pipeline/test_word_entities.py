import pytest
import spacy
from conftest import entities
from spacy.tokens import Span

from spacy_cner.errors import InputError


@pytest.fixture
def nlp():
    nlp = spacy.blank("zh")
    nlp.add_pipe("word_entities", config={"labels": ["nr", "ns"]})
    return nlp


def segmented(nlp):
    doc = nlp.make_doc("张三去北京看李四")
    doc.spans["words"] = [
        Span(doc, start, end, label)
        for start, end, label in [(0, 2, "nr"), (2, 3, "v"), (3, 5, "ns"), (5, 6, "v"), (6, 8, "nr")]
    ]
    return doc


def test_words_with_these_labels(nlp):
    assert entities(nlp(segmented(nlp))) == [(0, 2, "nr"), (3, 5, "ns"), (6, 8, "nr")]


def test_entities_that_were_there_stay(nlp):
    doc = segmented(nlp)
    doc.ents = [Span(doc, 4, 6, "X")]
    assert entities(nlp(doc)) == [(0, 2, "nr"), (4, 6, "X"), (6, 8, "nr")]


def test_blocked_tokens_stay_free(nlp):
    doc = segmented(nlp)
    doc.set_ents([], blocked=[doc[1:2]], default="unmodified")
    assert entities(nlp(doc)) == [(3, 5, "ns"), (6, 8, "nr")]
    assert doc[1].ent_iob_ == "B"


def test_they_have_the_probabilities_of_the_words(nlp):
    doc = segmented(nlp)
    assert [ent._.score for ent in nlp(doc).ents] == [None] * 3
    doc = segmented(nlp)
    doc.spans["words"].attrs["scores"] = [0.5, 0.9, 0.75, 0.9, 0.25]
    doc = nlp(doc)
    del doc.spans["words"]
    assert [ent._.score for ent in doc.ents] == [0.5, 0.75, 0.25]


def test_tokens_that_were_merged_since(nlp):
    doc = segmented(nlp)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.merge(doc[5:7])
    assert [(ent.text, ent.label_) for ent in nlp(doc).ents] == [("张三", "nr"), ("北京", "ns"), ("看李四", "nr")]


def test_without_words_there_are_none(nlp):
    doc = nlp("没有词")
    assert entities(doc) == [] and doc.has_annotation("ENT_IOB")


def test_asks_for_labels():
    with pytest.raises(InputError, match=r"expected labels .* 'word_entities'"):
        spacy.blank("zh").add_pipe("word_entities")
