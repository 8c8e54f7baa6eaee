import pickle
from datetime import datetime, timedelta, timezone

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_cner.errors import InputError

REFERENCE = "2026-11-26T10:00"


def blank(**config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_values", config={"reference": REFERENCE, **config})
    return nlp


def found(doc):
    return [(ent.text, ent.label_, ent._.value) for ent in doc.ents]


def test_values():
    doc = blank()("他上周五下午三点半花了1.5亿元。")
    assert found(doc) == [("上周五下午三点半", "TIME", "2026-11-20T15:30"), ("1.5亿元", "MONEY", "150000000 CNY")]
    assert [span.text for span in doc.spans["values"]] == ["上周五下午三点半", "1.5亿元"]


def test_the_reference():
    nlp = blank()
    doc = nlp.make_doc("明天见")
    for given, value in (("2020-02-28", "2020-02-29"), (datetime(2021, 12, 31, 9), "2022-01-01"), (None, "2026-11-27")):
        doc = nlp.make_doc("明天见")
        doc._.reference_date = given
        assert nlp(doc).ents[0]._.value == value
    value = blank(reference=None)("今天").ents[0]._.value
    assert abs(datetime.fromisoformat(value) - datetime.now()).days <= 1
    doc._.reference_date = "yesterday"
    with pytest.raises(InputError, match="expected a date or time in ISO 8601, .* got 'yesterday'"):
        nlp(doc)


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=8))])
def test_a_document_with_a_datetime_travels(zone):
    nlp, moment = blank(), datetime(2020, 2, 28, 9, 0, 0, 500, zone)
    docs = [nlp.make_doc(text) for text in ("明天见", "今天见")]
    docs[0]._.reference_date = moment
    assert datetime.fromisoformat(docs[0]._.reference_date) == moment and docs[1]._.reference_date is None
    read = Doc(nlp.vocab).from_bytes(docs[0].to_bytes())
    (kept,) = DocBin(store_user_data=True, docs=docs[:1]).get_docs(nlp.vocab)
    for doc in (read, kept, docs[0].copy(), next(nlp.pipe(docs, n_process=2))):
        assert nlp(doc).ents[0]._.value == "2020-02-29"


@pytest.mark.parametrize("given", ["10:00:00Z", "10:00:00.000Z", "10:00:00.5+08:00", "10:00:00.123456789z"])
def test_references_as_other_languages_write_them(given):
    nlp = blank()
    doc = nlp.make_doc("明天见")
    doc._.reference_date = f"2020-02-28T{given}"
    assert nlp(doc).ents[0]._.value == "2020-02-29"


def test_entities_that_are_there_and_blocked_tokens_stay():
    nlp = blank()
    doc = nlp.make_doc("明天花3元和5元")
    doc.set_ents([Span(doc, 0, 3, "X")], blocked=[doc[6:7]], default="outside")
    doc = nlp.get_pipe("cner_values")(doc)
    assert found(doc) == [("明天花", "X", None), ("3元", "MONEY", "3 CNY")]
    assert [span.text for span in doc.spans["values"]] == ["明天", "3元", "5元"]
    assert doc.spans["values"][0]._.value == "2026-11-27"


def test_a_text_without_values_is_annotated_as_one_with_some():
    assert [[token.ent_iob_ for token in blank()(text)] for text in ("无事", "花3元")] == [["O"] * 2, ["O", "B", "I"]]


def test_documents_of_words():
    nlp = blank()
    doc = nlp.get_pipe("cner_values")(Doc(nlp.vocab, words=["花了", "3", "元钱"], spaces=[False] * 3))
    assert found(doc) == [("3元钱", "MONEY", "3 CNY")]


def test_saving(tmp_path):
    nlp = blank(labels=["MONEY"])
    doc = nlp("明天花3元")
    saved = DocBin(docs=[doc]).to_bytes()
    for other in (
        next(DocBin().from_bytes(saved).get_docs(nlp.vocab)),
        Doc(nlp.vocab).from_bytes(doc.to_bytes()),
        pickle.loads(pickle.dumps(nlp))("明天花3元"),
    ):
        assert found(other) == [("3元", "MONEY", "3 CNY")]
    nlp.to_disk(tmp_path)
    assert found(spacy.load(tmp_path)("明天花3元")) == [("3元", "MONEY", "3 CNY")]
    config = {"components": {"cner_values": {"labels": ["DATE"]}}}
    assert found(spacy.load(tmp_path, config=config)("明天花3元")) == [("明天", "DATE", "2026-11-27")]
    assert nlp.pipe_labels["cner_values"] == ["MONEY"]


def test_several_processes():
    docs = list(blank().pipe(["明天", "3元"], n_process=2, batch_size=1))
    assert [found(doc)[0][2] for doc in docs] == ["2026-11-27", "3 CNY"]


@pytest.mark.parametrize("config", [{"labels": ["AGE"]}, {"labels": []}, {"reference": "soon"}])
def test_wrong_settings(config):
    with pytest.raises(InputError, match="expected"):
        blank(**config)


def test_it_says_what_it_needs():
    assert blank().get_pipe("cner_values").requires_extra == "values"
    assert blank(labels=["MONEY"]).get_pipe("cner_values").requires_extra is None
