"""Addresses of identifiers, from the component to the document."""

import pickle

import pytest
import spacy
from conftest import SENTENCES
from spacy.tokens import Doc, DocBin, Span

from spacy_cner.errors import InputError

WIKIDATA = "https://www.wikidata.org/wiki/{}"


def blank(template, *terms, **config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary", config={"kb_url_template": template, **config}).add(terms)
    return nlp


def urls(doc):
    return [ent._.kb_url for ent in doc.ents]


def test_an_identifier_has_an_address():
    nlp = blank(WIKIDATA, ("青岛", "LOC", "Q170322"), ("大连", "LOC"), ("沈阳", "LOC", "https://example.org/沈阳"))
    doc = nlp("青岛、大连、沈阳")
    assert urls(doc)[:2] == ["https://www.wikidata.org/wiki/Q170322", None]
    assert urls(blank("", ("沈阳", "LOC", "https://example.org/沈阳"))("沈阳")) == ["https://example.org/沈阳"]
    for other in (Doc(nlp.vocab).from_bytes(doc.to_bytes()), pickle.loads(pickle.dumps(doc)), doc.copy()):
        assert urls(other) == urls(doc)
    saved = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"], docs=[doc], store_user_data=True).to_bytes()
    assert urls(next(DocBin().from_bytes(saved).get_docs(nlp.vocab))) == urls(doc)
    assert doc[:1]._.kb_url is None and Span(doc, 0, 2, "LOC")._.kb_url is None


@pytest.mark.parametrize("place", ["first", "last"])
def test_entities_of_the_recogniser_have_it_too(trained, place):
    nlp = pickle.loads(pickle.dumps(trained))
    config = {"mode": "mark", "kb_url_template": WIKIDATA}
    nlp.add_pipe("cner_dictionary", **{place: True}, config=config).add([("青島", "LOC", "Q170322")])
    assert urls(nlp(SENTENCES[0][0])) == [None, WIKIDATA.format("Q170322")]


def test_two_dictionaries_have_addresses_of_their_own(tmp_path):
    nlp = blank(WIKIDATA, ("青岛", "LOC", "Q170322"))
    nlp.add_pipe("cner_dictionary", "products").add([("青禾七号", "PRODUCT", "P 1/甲")])
    nlp.get_pipe("products").kb_url_template = "http://localhost:8080/?id={}&lang=zh"
    nlp.to_disk(tmp_path / "model")
    expected = ["http://localhost:8080/?id=P%201/%E7%94%B2&lang=zh", "https://www.wikidata.org/wiki/Q170322"]
    for each in (nlp, spacy.load(tmp_path / "model"), pickle.loads(pickle.dumps(nlp))):
        assert urls(each("青禾七号在青岛")) == expected


def test_terms_of_one_call_have_it():
    nlp = blank(WIKIDATA)
    with nlp.get_pipe("cner_dictionary").with_terms([("青岛", "LOC", "Q1")]):
        assert urls(nlp("青岛")) == ["https://www.wikidata.org/wiki/Q1"]


@pytest.mark.parametrize("identifier", ["javascript:alert(1)", "data:text/html,a", "file:///etc/passwd", "https:// a"])
def test_what_is_no_address_of_the_web_is_none(identifier):
    assert urls(blank("", ("青岛", "LOC", identifier))("青岛")) == [None]
    (url,) = urls(blank(WIKIDATA, ("青岛", "LOC", identifier))("青岛"))
    assert url.startswith("https://www.wikidata.org/wiki/") and " " not in url


@pytest.mark.parametrize("template", ["Q{}", "javascript:{}", "https://example.org/", "https://example.org/{}{}", "{}"])
def test_a_template_that_cannot_be(template):
    with pytest.raises(InputError, match="expected an address with http or https, .*, as kb_url_template"):
        blank(template)
