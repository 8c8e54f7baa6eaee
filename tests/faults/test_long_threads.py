"""Eight threads with two pipelines find in many texts what one thread finds. CNER_TEXTS is the number for each."""

import os
from functools import partial
from pathlib import Path

import pytest
import spacy
from conftest import SENTENCES, entities
from pipeline.test_threads import in_threads, switching  # noqa: F401  (a fixture)

pytestmark = pytest.mark.slow
SM = Path(__file__).parents[2] / "assets" / "sm"
TEXTS = int(os.environ.get("CNER_TEXTS", 10_000))


def test_two_pipelines_in_eight_threads(trained, switching):  # noqa: F811
    pipelines = [spacy.load(SM), trained]

    def texts(first):
        return (f"{chr(0x4E00 + (first + i) % 20_000)}{SENTENCES[i % 6][0]}" for i in range(TEXTS))

    def find(nlp, first):
        return [(doc.text, entities(doc), [ent._.score for ent in doc.ents]) for doc in nlp.pipe(texts(first))]

    tasks = [partial(find, pipelines[i % 2], 1000 * i) for i in range(8)]
    together = in_threads(tasks)
    alone = [task() for task in tasks]
    for found in alone[:2]:
        assert sum(len(ents) for _, ents, _ in found) > TEXTS / 2
    assert together == alone
