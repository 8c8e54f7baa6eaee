import pickle

import pytest
import spacy
from conftest import entities
from spacy.tokens import Doc

from spacy_cner.errors import InputError

TEXT = "他在辽宁大连海洋学院读书。"


def pipeline(**config):
    nlp = spacy.blank("zh")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": label, "pattern": text} for label, text in [("LOC", "辽宁"), ("ORG", "海洋学院")]])
    nlp.add_pipe("cner_rules", config=config)
    return nlp


def test_sets_entities():
    nlp = pipeline(rules=['<LOC>"大连" => <LOC>', "<LOC><ORG> => <ORG>"])
    assert entities(nlp(TEXT)) == [(2, 10, "ORG")]
    assert entities(nlp("没有名字")) == [] and entities(nlp("")) == []


def test_labels_are_those_that_rules_make():
    nlp = pipeline(rules=['<LOC>"大连" => <CITY>', '<LOC>"辽宁" => O', "<ORG> => <SCHOOL>"])
    assert nlp.pipe_labels["cner_rules"] == ["CITY", "SCHOOL"]


def test_own_rules_are_the_default():
    assert entities(pipeline()("海洋学院海洋学院")) == [(0, 8, "ORG")]


def test_words_as_tokens():
    nlp = pipeline(rules=['<LOC>"大" => <LOC>'])
    doc = Doc(nlp.vocab, words=["辽宁", "大连", "人"], spaces=[False] * 3, ents=["B-LOC", "O", "O"])
    assert entities(nlp.get_pipe("cner_rules")(doc)) == [(0, 4, "LOC")]


def test_saving_and_rules_of_a_file(tmp_path):
    path, names = tmp_path / "rules.txt", tmp_path / "names.txt"
    path.write_text("# mined\n<LOC>[city]<ORG> => <ORG>\n", encoding="utf-8")
    names.write_text("大连\n青岛\n", encoding="utf-8")
    nlp = pipeline()
    nlp.get_pipe("cner_rules").initialize(lambda: [], nlp=nlp, rules=path, lists={"city": names})
    nlp.to_disk(tmp_path / "pipeline")
    assert entities(spacy.load(tmp_path / "pipeline")(TEXT)) == [(2, 10, "ORG")]
    rules, ruler = nlp.get_pipe("cner_rules"), nlp.get_pipe("entity_ruler")
    copy = pipeline().get_pipe("cner_rules").from_bytes(rules.to_bytes())
    for each in (copy, pickle.loads(pickle.dumps(rules))):
        assert entities(each(ruler(nlp.make_doc(TEXT)))) == [(2, 10, "ORG")]


def test_rules_that_load_is_told_hold(tmp_path):
    path = tmp_path / "rules.txt"
    path.write_text('<LOC>"大连" => <LOC>\n', encoding="utf-8")
    nlp = pipeline()
    nlp.get_pipe("cner_rules").initialize(lambda: [], nlp=nlp, rules=path)
    nlp.to_disk(tmp_path / "saved")
    assert entities(spacy.load(tmp_path / "saved")(TEXT)) == [(2, 6, "LOC"), (6, 10, "ORG")]
    told = {"components": {"cner_rules": {"rules": ["<LOC> => O"]}}}
    for folder in ("saved", "again"):
        loaded = spacy.load(tmp_path / folder, config=told)
        assert entities(loaded(TEXT)) == [(6, 10, "ORG")]
        loaded.to_disk(tmp_path / "again")
    assert entities(spacy.load(tmp_path / "again")(TEXT)) == [(6, 10, "ORG")]


def test_blocked_tokens_stay_free():
    nlp = pipeline(rules=['<LOC>"大连" => <LOC>'])
    doc = nlp.make_doc(TEXT)
    doc.set_ents([doc.char_span(2, 4, "LOC")], blocked=[doc[4:5]], default="outside")
    assert entities(nlp.get_pipe("cner_rules")(doc)) == [(2, 4, "LOC")]
    assert doc[4].ent_iob_ == "B" and not doc[4].ent_type_
    doc.set_ents([doc.char_span(2, 4, "LOC")], blocked=[doc[0:1]], default="outside")
    assert entities(nlp.get_pipe("cner_rules")(doc)) == [(2, 6, "LOC")]
    assert doc[0].ent_iob_ == "B" and not doc[0].ent_type_


def test_what_is_no_rule():
    with pytest.raises(InputError, match="in the rule '<LOC>'"):
        pipeline(rules=["<LOC>"])
