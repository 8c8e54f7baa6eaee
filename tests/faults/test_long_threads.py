"""Eight threads with two pipelines find in many texts what one thread finds. CNER_TEXTS is the number for each."""

import os
from functools import partial

import pytest
import spacy
from conftest import SENTENCES, entities, make_examples
from pipeline.test_threads import in_threads

pytestmark = pytest.mark.slow
TEXTS = int(os.environ.get("CNER_TEXTS", 10_000))


def taught(sentences):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features")
    nlp.initialize(lambda: make_examples(nlp, sentences))
    return nlp


def test_two_pipelines_in_eight_threads():
    other = [(text, [(start, end, "X") for start, end, _ in ents]) for text, ents in SENTENCES]
    pipelines = [taught(SENTENCES), taught(other)]

    def texts(first):
        return (f"{chr(0x4E00 + (first + i) % 20_000)}{SENTENCES[i % 6][0]}" for i in range(TEXTS))

    def find(nlp, first):
        return [(doc.text, entities(doc), [ent._.score for ent in doc.ents]) for doc in nlp.pipe(texts(first))]

    tasks = [partial(find, pipelines[i % 2], 1000 * i) for i in range(8)]
    together = in_threads(tasks)
    alone = [task() for task in tasks]
    assert sum(len(found) for _, found, _ in alone[0]) > TEXTS / 2
    assert together == alone
