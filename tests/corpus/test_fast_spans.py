import catalogue
import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin
from srsly.msgpack import msgpack_decoders, msgpack_encoders

import spacy_cner.corpus.fast_spans  # noqa: F401

NLP = spacy.blank("zh")
REGISTRIES = [msgpack_decoders, msgpack_encoders]


def make_doc():
    doc = NLP.make_doc("王海在青岛")
    doc.spans["words"] = [doc[0:2], doc[2:3], doc[3:5]]
    return doc


@pytest.mark.parametrize("registry", REGISTRIES)
def test_the_answer_is_that_of_the_registry(registry):
    found = registry.get_all()
    assert found
    assert found == catalogue.Registry.get_all(registry)
    assert registry.get_all() == found


@pytest.mark.parametrize("registry", REGISTRIES)
def test_what_is_registered_later_is_seen(registry):
    before = dict(registry.get_all())
    registry.register("later", func=len)
    try:
        assert registry.get_all() == {**before, "later": len}
        assert registry.get_all() == catalogue.Registry.get_all(registry)
    finally:
        catalogue._remove((*registry.namespace, "later"))
    assert registry.get_all() == before


def test_a_decoder_that_is_registered_later_is_used():
    @msgpack_decoders("test_stars")
    def stars(value, chain=None):
        if "stars" in value:
            return "*" * value["stars"]
        return value if chain is None else chain(value)

    try:
        assert srsly.msgpack_loads(srsly.msgpack_dumps({"stars": 3})) == "***"
    finally:
        catalogue._remove((*msgpack_decoders.namespace, "test_stars"))
    assert srsly.msgpack_loads(srsly.msgpack_dumps({"stars": 3})) == {"stars": 3}


def test_documents_are_read_and_written_without_a_look_at_the_packages(monkeypatch):
    for registry in REGISTRIES:
        registry.get_all()
    monkeypatch.setattr(catalogue.Registry, "get_all", lambda self: pytest.fail("asked the registry"))
    doc = make_doc()
    for stored in (Doc(NLP.vocab).from_bytes(doc.to_bytes()), *DocBin(docs=[doc]).get_docs(NLP.vocab)):
        assert [word.text for word in stored.spans["words"]] == ["王海", "在", "青岛"]
