import itertools
import math
import random

import numpy
import pytest

from spacy_cner.evaluation.comparison import compare, differing, randomisation
from spacy_cner.evaluation.judged import Judged

TEXT = "王海在青岛的蓝天银行见到了林燕和陈东"
GOLD = [(0, 2, "PER"), (3, 5, "LOC"), (6, 10, "ORG"), (13, 15, "PER"), (16, 18, "PER")]


def run(skill, seed, documents=200, difficulty=0):
    """What a system finds that knows an entity with the probability `skill`; documents vary, the same for all."""
    chance, hard = random.Random(seed), random.Random(difficulty)
    found = []
    for _ in range(documents):
        own = skill + hard.uniform(-0.2, 0.2)
        gold = GOLD[: hard.randint(0, 5)]
        spans = [span if chance.random() < 0.9 else (*span[:2], "X") for span in gold if chance.random() < own]
        found.append(Judged(TEXT, gold, spans, [None] * len(spans)))
    return found


def test_values_by_hand():
    a = [Judged(TEXT, GOLD[:2], GOLD[:1], [None]), Judged(TEXT, GOLD, GOLD, [None] * 5)]
    b = [Judged(TEXT, GOLD[:2], GOLD[:2], [None, None]), Judged(TEXT, GOLD, GOLD[:4], [None] * 4)]
    found = compare([a], [b], 200)
    assert found.a.f == pytest.approx(12 / 13) and found.b.f == pytest.approx(12 / 13)
    assert (found.difference, found.verdict, found.documents) == (0, 0, 2)
    assert found.only == {"a": 1, "b": 1}
    assert found.per_type["LOC"]["difference"] == pytest.approx(1 - 2 / 3)
    assert found.per_type["LOC"]["support"] == 2
    first, second = differing(a, b)
    assert (first["document"], first["better"]) == (0, "B")
    assert first["b"] == [{"start": 3, "end": 5, "label": "LOC", "text": "青岛"}]
    assert (second["better"], second["a"][0]["text"], second["b"]) == ("A", "陈东", [])


def test_a_system_and_itself():
    a = run(0.7, 1)
    found = compare([a], [a])
    assert (found.difference, found.interval, found.p_value, found.verdict) == (0, (0, 0), 1.0, 0)
    assert differing(a, a) == []


def test_equal_systems_differ_by_chance_alone():
    """Of 60 pairs 5 %, and three standard deviations more, may be said to differ."""
    pairs = [compare([run(0.7, 2 * i)], [run(0.7, 2 * i + 1)], 300) for i in range(1, 61)]
    assert sum(pair.verdict != 0 for pair in pairs) <= 60 * 0.05 + 3 * math.sqrt(60 * 0.05 * 0.95)


def test_a_loss_is_found_in_many_documents_and_not_in_few():
    good, bad = run(0.75, 1, 2000), run(0.70, 2, 2000)
    many = compare([good], [bad], 300)
    assert many.verdict == -1 and many.is_loss() and not many.is_loss(margin=0.05)
    assert compare([bad], [good], 300).verdict == 1
    assert compare([good[:40]], [bad[:40]], 300).verdict == 0


def test_seeds_add_to_the_interval():
    single = compare([run(0.7, 1)], [run(0.7, 2)], 500)
    assert single.a.seeds == 0
    a = [run(skill, seed) for seed, skill in enumerate((0.5, 0.7, 0.9))]
    several = compare(a, [run(0.7, seed) for seed in (7, 8, 9)], 500)
    assert several.a.seeds > 3 * several.b.seeds
    assert several.a.f == pytest.approx(numpy.mean(several.a.of_runs))
    width, narrow = (found.interval[1] - found.interval[0] for found in (several, single))
    assert width > 2 * narrow


def test_each_type_has_the_noise_of_its_own_seeds():
    def of_seed(chance):
        return [Judged(TEXT, GOLD[:2], [GOLD[0], *GOLD[1:2][: chance.random() < 0.6]], [None] * 2) for _ in range(100)]

    chance = random.Random(3)
    outside = 0
    for _ in range(30):
        a, b = ([of_seed(random.Random(chance.random())) for _ in range(3)] for _ in range(2))
        found = compare(a, b, 200)
        assert found.per_type["PER"]["interval"] == found.differences["p"]["interval"] == (0.0, 0.0)
        low, high = found.per_type["LOC"]["interval"]
        outside += not low <= 0 <= high
    assert outside <= 4  # 5 % of 30 is 1.5


def test_the_p_value_is_that_of_all_exchanges():
    chance = numpy.random.default_rng(0)
    gold = chance.integers(1, 4, 8)
    first, second = (numpy.stack([chance.integers(0, gold + 1), gold, gold], axis=1).astype(float) for _ in range(2))

    def f(counts):
        right, found, wanted = counts.sum(axis=0)
        return 2 * right / (found + wanted)

    observed = abs(f(second) - f(first))
    swaps = [numpy.array(swap)[:, None] for swap in itertools.product([False, True], repeat=8)]
    differences = [abs(f(numpy.where(swap, first, second)) - f(numpy.where(swap, second, first))) for swap in swaps]
    exact = sum(difference >= observed - 1e-12 for difference in differences) / len(swaps)
    assert randomisation(first, second, 5000) == pytest.approx(exact, abs=3 * math.sqrt(0.25 / 5000))
