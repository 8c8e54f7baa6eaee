"""Memory that training has freed does not stay with the process."""

from itertools import count

import spacy
from conftest import make_examples, small_model

from spacy_cner.models import memory


def test_updates_give_memory_back(monkeypatch):
    trims = []
    clock = count(0, 3)  # seconds between updates
    monkeypatch.setattr(memory, "monotonic", lambda: next(clock))
    monkeypatch.setattr(memory, "_next", 0.0)
    monkeypatch.setattr(memory, "_trim", trims.append)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    for _ in range(5):
        nlp.update(examples)
    assert trims == [0, 0, 0]  # at 0, 6 and 12 seconds


def test_another_c_library(monkeypatch):
    monkeypatch.setattr(memory, "_trim", None)
    memory.give_back()
