import json

from spacy_cner.evaluation.judged import Judged
from spacy_cner.evaluation.mistakes import KINDS, count_mistakes, mistakes

TEXT = "王小海和林燕在大连的蓝天银行开会，陈东没有来。"
KNOWN = {("大连", "LOC")}


def found(gold, predicted, known=None):
    scores = [0.5 + i / 10 for i in range(len(predicted))]
    return mistakes([Judged("没有名字", [], [], []), Judged(TEXT, gold, predicted, scores)], known)


def kinds(gold, predicted):
    return [mistake.kind for mistake in found(gold, predicted)]


def test_each_kind():
    assert kinds([(0, 3, "PER")], [(0, 3, "PER")]) == []
    assert kinds([(0, 3, "PER")], [(1, 3, "PER")]) == ["border"]
    assert kinds([(0, 3, "PER")], [(0, 3, "ORG")]) == ["type"]
    assert kinds([(0, 3, "PER")], [(0, 4, "ORG")]) == ["border and type"]
    assert kinds([(0, 3, "PER")], []) == ["missed"]
    assert kinds([], [(0, 3, "PER")]) == ["invented"]
    assert kinds([(10, 14, "ORG")], [(10, 12, "LOC"), (12, 14, "ORG")]) == ["split"]
    assert kinds([(0, 3, "PER"), (4, 6, "PER")], [(0, 6, "PER")]) == ["joined"]
    assert kinds([(0, 3, "PER"), (3, 6, "PER")], [(0, 2, "PER"), (2, 6, "PER")]) == ["border"]


def test_each_entity_is_in_one_error():
    gold = [(0, 3, "PER"), (4, 6, "PER"), (7, 9, "LOC"), (10, 14, "ORG"), (17, 19, "PER")]
    predicted = [(0, 2, "PER"), (7, 9, "LOC"), (10, 12, "ORG"), (12, 14, "ORG"), (20, 22, "PER")]
    errors = found(gold, predicted)
    assert [error.kind for error in errors] == ["border", "missed", "split", "missed", "invented"]
    assert sum(len(error.gold) for error in errors) == 4 and sum(len(error.found) for error in errors) == 4
    assert count_mistakes(errors) == dict.fromkeys(KINDS, 0) | {"border": 1, "missed": 2, "split": 1, "invented": 1}


def test_what_a_page_needs():
    (error,) = found([(7, 9, "LOC")], [(7, 10, "LOC")], KNOWN)
    each = json.loads(json.dumps(error.to_dict()))
    assert (each["document"], each["kind"], each["unseen"]) == (1, "border", False)
    assert each["before"] + each["text"] + each["after"] == TEXT[: 10 + 20]
    assert each["gold"] == [{"start": 7, "end": 9, "label": "LOC", "text": "大连"}]
    assert each["found"] == [{"start": 7, "end": 10, "label": "LOC", "text": "大连的", "score": 0.5}]
    assert found([(0, 3, "PER")], [], KNOWN)[0].unseen is True
    assert found([], [(0, 3, "PER")], KNOWN)[0].unseen is None
