"""What kind of text a sentence is of: from markup to the figures of `evaluate`."""

import pytest
import spacy
from spacy.language import Language

from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.split import split
from spacy_cner.evaluation.pipeline import evaluate_pipeline
from spacy_cner.evaluation.report import format_scores

TEXT = """# kind: news
[王海]PER昨天到了[青岛]LOC。
今天没有消息。
# A comment.
# kind: chat
[王海]PER你在哪
吃了吗
"""


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "corpus.txt").write_text(TEXT, encoding="utf-8")
    return convert(tmp_path / "corpus.txt", "markup")[0]


def kinds(docs):
    return [doc.user_data.get("kind") for doc in docs.get_docs(spacy.blank("zh").vocab)]


def test_each_sentence_has_the_kind_before_it(docs):
    assert kinds(docs) == ["news", "news", "chat", "chat"]
    assert [kinds(part) for part in split(docs, [1, 1], by="order")] == [["news", "news"], ["chat", "chat"]]
    (doc, *_) = docs.get_docs(spacy.blank("zh").vocab)
    assert AnnotatedText.from_doc(doc).kind == "news"


@Language.component("finds_wang_hai")
def find_wang_hai(doc):
    doc.ents = [doc.char_span(0, 2, "PER")] if doc.text.startswith("王海") else [doc.char_span(0, 2, "LOC")]
    return doc


def test_evaluate_scores_each_kind(docs):
    nlp = spacy.blank("zh")
    nlp.add_pipe("finds_wang_hai")
    scores = evaluate_pipeline(nlp, docs.get_docs(nlp.vocab))
    assert list(scores["ents_per_kind"]) == ["news", "chat"]
    assert scores["ents_per_kind"]["news"] == {"p": 0.5, "r": 0.5, "f": 0.5}
    assert scores["ents_per_kind"]["chat"] == {"p": 0.5, "r": 1.0, "f": pytest.approx(2 / 3)}
    assert scores["ents_none"] == 0.0
    assert ["50.00", "100.00", "66.67", "chat"] in [line.split() for line in format_scores(scores).splitlines()]
    unknown = nlp.make_doc("王海去了")
    unknown.set_ents([], missing=[unknown[0:2]], default="outside")
    assert evaluate_pipeline(nlp, [unknown])["ents_none"] == 1.0
    plain = evaluate_pipeline(nlp, [AnnotatedText("王海", [(0, 2, "PER")]).to_doc(nlp.vocab)])
    assert "ents_per_kind" not in plain and plain["ents_none"] is None
