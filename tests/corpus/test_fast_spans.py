import sys
import threading

import catalogue
import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin
from srsly.msgpack import msgpack_decoders, msgpack_encoders

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.corpus.fast_spans import fast_spans

NLP = spacy.blank("zh")
REGISTRIES = [msgpack_decoders, msgpack_encoders]
each_registry = pytest.mark.parametrize("registry", REGISTRIES)


def make_doc():
    doc = NLP.make_doc("王海在青岛")
    doc.spans["words"] = [doc[0:2], doc[2:3], doc[3:5]]
    return doc


def is_patched():
    return [name for registry in REGISTRIES for name in vars(registry) if name == "get_all"] != []


def unregister(registry, name):
    catalogue._remove((*registry.namespace, name))


@each_registry
def test_the_answer_is_that_of_the_registry(registry):
    with fast_spans():
        found = registry.get_all()
        assert found
        assert found == catalogue.Registry.get_all(registry)
        assert registry.get_all() == found


@each_registry
def test_what_is_registered_later_is_seen(registry):
    with fast_spans():
        before = registry.get_all()
        registry.register("later", func=len)
        try:
            assert registry.get_all() == {**before, "later": len}
            registry.register("later", func=max)
            assert registry.get_all() == {**before, "later": max}
        finally:
            unregister(registry, "later")
        assert registry.get_all() == before == catalogue.Registry.get_all(registry)


def test_what_is_registered_as_another_goes_is_seen():
    with fast_spans():
        msgpack_encoders.register("one", func=len)
        msgpack_decoders.get_all()
        unregister(msgpack_encoders, "one")
        msgpack_decoders.register("two", func=max)
        try:
            assert msgpack_decoders.get_all() == catalogue.Registry.get_all(msgpack_decoders)
            assert msgpack_decoders.get_all()["two"] is max
        finally:
            unregister(msgpack_decoders, "two")


def test_a_decoder_that_is_registered_later_is_used():
    with fast_spans():
        assert srsly.msgpack_loads(srsly.msgpack_dumps({"stars": 3})) == {"stars": 3}
        for star in "*+":

            @msgpack_decoders("test_stars")
            def stars(value, chain=None, star=star):
                if "stars" in value:
                    return star * value["stars"]
                return value if chain is None else chain(value)

            assert srsly.msgpack_loads(srsly.msgpack_dumps({"stars": 3})) == 3 * star
        unregister(msgpack_decoders, "test_stars")
        assert srsly.msgpack_loads(srsly.msgpack_dumps({"stars": 3})) == {"stars": 3}


def test_documents_are_read_and_written_without_a_look_at_the_packages(monkeypatch):
    doc = make_doc()
    with fast_spans():
        for registry in REGISTRIES:
            registry.get_all()
        monkeypatch.setattr(catalogue.Registry, "get_all", lambda self: pytest.fail("asked the registry"))
        for stored in (Doc(NLP.vocab).from_bytes(doc.to_bytes()), *DocBin(docs=[doc]).get_docs(NLP.vocab)):
            assert [word.text for word in stored.spans["words"]] == ["王海", "在", "青岛"]


def test_afterwards_all_is_as_it_was():
    assert not is_patched()
    with fast_spans():
        with fast_spans():
            assert is_patched()
        assert is_patched()
    assert not is_patched()
    with pytest.raises(KeyError), fast_spans():
        raise KeyError
    assert not is_patched()


def test_reading_is_over_when_the_documents_are(tmp_path):
    DocBin(docs=[make_doc(), make_doc()]).to_disk(tmp_path / "a.spacy")
    docs = read_docs(tmp_path / "a.spacy")
    assert not is_patched()
    next(docs)
    assert is_patched()
    docs.close()
    assert not is_patched()
    assert len(list(read_docs(tmp_path / "a.spacy"))) == 2
    assert not is_patched()


def test_threads_that_come_and_go():
    docs, errors = DocBin(docs=[make_doc()]), []

    def read():
        try:
            for _ in range(50):
                with fast_spans():
                    (doc,) = docs.get_docs(NLP.vocab)
                    assert len(doc.spans["words"]) == 3
        except Exception as error:
            errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not errors
    assert not is_patched()
