"""Memory that training has freed does not stay with the process."""

from itertools import count

import spacy
from conftest import make_examples, small_model

from spacy_cner.models import memory


def test_updates_give_memory_back(monkeypatch):
    trims = []
    monkeypatch.setattr(memory, "_calls", count(1))
    monkeypatch.setattr(memory, "_trim", trims.append)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    for _ in range(2 * memory.EVERY + 1):
        nlp.update(examples)
    assert trims == [0, 0]


def test_another_c_library(monkeypatch):
    monkeypatch.setattr(memory, "_calls", count(memory.EVERY))
    monkeypatch.setattr(memory, "_trim", None)
    memory.give_back()
