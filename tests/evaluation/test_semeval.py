import random

import pytest

from spacy_cner.evaluation.judged import Judged
from spacy_cner.evaluation.semeval import semeval

TEXT = "王小海在大连的蓝天银行总部工作"


def judged(gold, found, text=TEXT):
    return Judged(text, gold, found, [None] * len(found))


def test_values_by_hand():
    gold = [(0, 3, "PER"), (4, 6, "LOC"), (7, 11, "ORG")]
    found = [(1, 3, "PER"), (4, 6, "ORG"), (7, 11, "ORG"), (13, 15, "LOC")]
    scores = semeval([judged(gold, found)])
    rights = {way: scores[way]["p"] * 4 for way in scores}
    assert rights == {"strict": 1, "exact": 2, "partial": 2.5, "type": 2}
    assert scores["partial"]["r"] == pytest.approx(2.5 / 3)
    assert scores["partial"]["f"] == pytest.approx(5 / 7)
    assert semeval([judged(gold, found)], "LOC")["exact"] == {"p": 0.0, "r": 0.0, "f": 0.0}


def test_nothing_to_score():
    assert semeval([])["strict"] == semeval([judged([], [])])["type"] == {"p": 0.0, "r": 0.0, "f": 0.0}


def spans(chance, length=30):
    """Spans that do not overlap, from left to right."""
    found, start = [], 0
    while start < length:
        end = start + chance.randint(1, 4)
        if end <= length and chance.random() < 0.6:
            found.append((start, end, chance.choice(["PER", "LOC", "ORG"])))
        start = end
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_numbers_of_nervaluate(seed):
    evaluator = pytest.importorskip("nervaluate.evaluator")
    chance = random.Random(seed)
    documents = [judged(spans(chance), spans(chance)) for _ in range(5)]
    theirs = evaluator.Evaluator(
        [[{"label": label, "start": start, "end": end - 1} for start, end, label in each.gold] for each in documents],
        [[{"label": label, "start": start, "end": end - 1} for start, end, label in each.found] for each in documents],
        tags=["PER", "LOC", "ORG"],
        loader="dict",
    ).evaluate()
    names = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}
    for label in (None, "PER", "LOC", "ORG"):
        results = theirs["overall"] if label is None else theirs["entities"][label]
        for way, scores in semeval(documents, label).items():
            each = results[names[way]]
            assert list(scores.values()) == pytest.approx([each.precision, each.recall, each.f1])
