"""Pipelines in a process that runs for long, as a server's does: in several threads, and without growing."""

import pickle
import sys
import threading
import time
from functools import partial

import numpy
import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model

from spacy_cner.models import onnx_tagger
from spacy_cner.pipeline.compiled import compile_pipeline
from spacy_cner.text.chars import codepoints


def texts_with(first):
    """Sentences, each with ten characters that no other has, so that no vocabulary has met them."""
    texts = [text for text, _ in SENTENCES * 5]
    return [text + "".join(map(chr, range(first + 10 * i, first + 10 * i + 10))) for i, text in enumerate(texts)]


@pytest.fixture
def switching():
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(tasks):
    """What the tasks return, each run in a thread of its own."""
    results, barrier = [None] * len(tasks), threading.Barrier(len(tasks))

    def run(i):
        barrier.wait()
        try:
            results[i] = tasks[i]()
        except Exception as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_pipelines_in_eight_threads_find_what_they_find_alone(trained, trained_joint, switching):
    def find(nlp, texts):
        return [(doc.text, entities(doc)) for doc in nlp.pipe(texts, batch_size=4)]

    tasks = [partial(find, nlp, texts_with(0x20000 + 1000 * i)) for i, nlp in enumerate([trained, trained_joint] * 4)]
    found = in_threads(tasks)
    alone = [task() for task in tasks]
    assert all(ents for _, ents in alone[0][:4])
    assert found == alone


def test_no_thread_switches_dropout_on_for_another(switching):
    spacy.util.fix_random_seed(0)
    features = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["c[0]"], "dropout": 0.5}
    model = small_model(features=features)
    model["tok2vec"]["embed"]["widths"] = [32]
    model["tok2vec"]["encode"] = {"@architectures": "spacy_cner.Transformer.v1", "width": 32, "layers": 2, "heads": 2}
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": model})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=nlp.create_optimizer())

    def scores():
        found = nlp.get_pipe("cner").scored([nlp.make_doc(text) for text, _ in SENTENCES])[1]
        return [tagged.scores.emissions for tagged in found]

    alone = scores()
    for rows in in_threads([scores] * 8):
        for own, expected in zip(rows, alone, strict=True):
            numpy.testing.assert_allclose(own, expected, atol=1e-4)


def test_all_threads_share_a_session(trained, monkeypatch):
    """Each takes the memory of the whole graph, and threads for all cores."""
    nlp = compile_pipeline(pickle.loads(pickle.dumps(trained)))
    begun, start = [], onnx_tagger.start_session

    def slow(*arguments):
        begun.append(arguments)
        time.sleep(0.1)
        return start(*arguments)

    monkeypatch.setattr(onnx_tagger, "start_session", slow)
    text = SENTENCES[0][0]
    found = in_threads([lambda: entities(nlp(text))] * 8)
    assert found == [entities(trained(text))] * 8
    assert len(begun) == 1


def test_code_points_of_two_vocabularies(trained, trained_joint, switching):
    def points(nlp, texts):
        return ["".join(map(chr, codepoints(nlp.make_doc(text)))) for text in texts]

    texts = [texts_with(0x30000 + 500 * i) for i in range(8)]
    pipelines = [trained, trained_joint] * 4
    assert in_threads([partial(points, nlp, each) for nlp, each in zip(pipelines, texts)]) == texts


def test_a_memory_zone_forgets_the_characters_that_were_met_in_it(trained, trained_joint):
    for nlp in (trained, trained_joint):
        known, texts = len(nlp.vocab.strings), texts_with(0x2B000)
        found = []
        for _ in range(2):
            with nlp.memory_zone():
                docs = list(nlp.pipe(texts))
                found.append([entities(doc) for doc in docs])
                assert all(ent._.score > 0.5 for ent in docs[0].ents[:2])
                assert len(nlp.vocab.strings) > known
            assert len(nlp.vocab.strings) == known
        assert found == [[entities(doc) for doc in nlp.pipe(texts)]] * 2
