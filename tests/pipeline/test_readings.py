import pickle

from conftest import SENTENCES, entities

from spacy_cner.pipeline.readings import n_best_readings, reader_of


def test_readings_of_documents(trained):
    nlp = pickle.loads(pickle.dumps(trained))
    pipe, docs = reader_of(nlp), [nlp.make_doc(text) for text, _ in SENTENCES]
    for (text, ents), found in zip(SENTENCES, n_best_readings(pipe, docs, 4), strict=True):
        assert len(found) == 4 and found[0][:2] == (0, len(text))
        assert [each[:3] for each in found[0][3]] == ents == entities(nlp(text))
        chances = [chance for *_, chance, _ in found]
        assert chances == sorted(chances, reverse=True) and sum(chances) <= 1 + 1e-9


def test_as_many_as_cover_so_much(trained):
    nlp = pickle.loads(pickle.dumps(trained))
    pipe, docs = reader_of(nlp), [nlp.make_doc(text) for text, _ in SENTENCES]
    pipe.temperature = 8.0
    for found in n_best_readings(pipe, docs, 1000, coverage=0.3):
        chances = [chance for *_, chance, _ in found]
        assert sum(chances[:-1]) < 0.3 and (sum(chances) >= 0.3 or len(chances) == 1000)
    sure = pickle.loads(pickle.dumps(trained)).get_pipe("cner")
    assert all(len(found) == 1 for found in n_best_readings(sure, docs, 9, coverage=0.3))
