import pytest
import spacy

from spacy_cner.errors import InputError
from spacy_cner.evaluation.audit import likely
from spacy_cner.evaluation.audit.finding import Annotated
from spacy_cner.evaluation.audit.likely import likely_errors
from spacy_cner.pipeline.entity_writer import Entity

PEOPLE = ["王海", "林燕", "陈东", "周明", "吴江", "郑伟", "孙丽", "赵云"]
PLACES = ["青岛", "大连", "杭州", "苏州", "西安", "成都"]


def sentences():
    return [
        Annotated(f"{person}昨天去了{place}。", [(0, 2, "PER"), (6, 8, "LOC")]) for person in PEOPLE for place in PLACES
    ]


def test_planted_errors_are_found_first():
    documents = sentences()
    documents[5] = Annotated(documents[5].text, [(0, 2, "PER")])  # 成都 is left out
    documents[17] = Annotated(documents[17].text, [(0, 2, "LOC"), (6, 8, "LOC")])
    documents[30] = Annotated(documents[30].text, [(0, 3, "PER"), (6, 8, "LOC")])
    found = sorted(likely_errors({"train": documents[:40], "test": documents[40:]}, 4), key=lambda each: -each.worth)
    assert {(each.file, each.document) for each in found[:3]} == {("train", 6), ("train", 18), ("train", 31)}
    said = {each.document: each.said for each in found}
    assert said[6].startswith("no entity; the model: 成都 LOC")
    assert said[18].startswith("陈东 LOC; the model: 陈东 PER")


def test_copies_do_not_vouch_for_each_other():
    documents = sentences()
    wrong = Annotated(documents[5].text, [(0, 2, "LOC"), (6, 8, "LOC")])
    documents[5:6] = [wrong] * 4
    found = [each for each in likely_errors({"train": documents}, 4) if each.said.startswith("王海 LOC")]
    assert [each.document for each in found] == [6, 7, 8, 9]


class Doubtful:
    """A pipeline that takes 王海 for a person with a probability of 1 %."""

    batch_size = 8
    make_doc = spacy.blank("zh").make_doc

    def get_pipe(self, name):
        return self

    def candidates(self, docs, threshold):
        assert threshold > 0
        return [[Entity(0, 2, "PER", 0.01)] if threshold <= 0.01 else [] for _ in docs]


@pytest.mark.parametrize(
    "doubt, said", [(0.9, "below 2 %"), (0.98, "below 2 %"), (0.986, "below 1.4 %"), (0.995, None), (1.0, None)]
)
def test_a_doubt_is_at_least_as_sure_as_asked_for(doubt, said, monkeypatch):
    monkeypatch.setattr(likely, "trained", lambda documents: Doubtful())
    documents = [Annotated(f"王海第{i}次来", [(0, 2, "PER")]) for i in range(2)]
    found = [each.said for each in likely_errors({"train": documents}, 2, doubt)]
    assert found == ([f"PER, {said} probable to the model"] * 2 if said else [])


@pytest.mark.parametrize(
    "documents, folds, message",
    [
        (sentences(), 1, "at least 2 folds, got 1"),
        (sentences()[:3], 5, "at least 5 different texts"),
        ([Annotated(f"今天{i}", []) for i in range(9)], 3, "expected entities in all folds"),
    ],
)
def test_too_little_to_learn_from(documents, folds, message):
    with pytest.raises(InputError, match=message):
        list(likely_errors({"train": documents}, folds))
