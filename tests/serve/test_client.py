"""The client and the component `cner_remote`, against a server, and against one that fails in each way."""

import asyncio
import datetime
import json
import subprocess
import sys

import pytest
import spacy
from conftest import SENTENCES, entities
from serve.failing import GOOD, failing
from serve.running import RunningServer
from spacy.tokens import Doc, Span

from spacy_cner.client import AsyncClient, Client, ServerProblem, _encoded, batches
from spacy_cner.errors import InputError

TEXTS = [text for text, _ in SENTENCES]


def offsets(documents):
    return [[(each["start"], each["end"], each["label"]) for each in document["entities"]] for document in documents]


def test_entities_of_a_stream(server, trained_joint):
    expected = [entities(doc) for doc in trained_joint.pipe(TEXTS * 30)]
    with Client(server.url + "/") as client:
        found = list(client.pipe((text for text in TEXTS * 30), batch_documents=7))
        assert offsets(found) == expected and [each["id"] for each in found] == list(range(180))
        assert client.entities([]) == [] and client.models()[0]["name"] == "joint"
        assert client.entities(TEXTS[:1], labels=["LOC"], offsets="utf8")[0]["entities"][0]["start"] == 21


def test_entities_with_asyncio(server, trained_joint):
    async def run():
        async with AsyncClient(server.url, connections=3) as client:
            assert (await client.models())[0]["name"] == "joint"
            both = await asyncio.gather(client.entities(TEXTS * 10, batch_documents=4), client.entities(TEXTS))
            first = [document async for document in client.pipe(TEXTS, batch_documents=1)][:2]
            with pytest.raises(ServerProblem, match="joint, contract"):
                await client.ask(TEXTS, model="none")
            return [*both, first]

    many, few, first = map(offsets, asyncio.run(run()))
    expected = [entities(doc) for doc in trained_joint.pipe(TEXTS)]
    assert many == expected * 10 and few == expected and first == expected[:2]


def test_strings_and_dates_of_a_request(server):
    texts = ["云雀明天见"] * 3

    def found(documents):
        return [[(each["text"], each.get("value")) for each in document["entities"]] for document in documents]

    with Client(server.url) as client:
        given = {"model": "known", "reference_date": datetime.date(2020, 2, 28)}
        assert found(client.entities(texts, never=["云雀"], **given)) == [[("明天", "2020-02-29")]] * 3
        assert found(client.entities(texts, **given)) == [[("云雀", None), ("明天", "2020-02-29")]] * 3
        with pytest.raises(ServerProblem, match="status 422: .*/reference_date: expected a date or time in ISO 8601"):
            client.entities(texts, model="known", reference_date="tomorrow")
        with pytest.raises(InputError, match="expected what JSON can say, or a date, got set"):
            client.entities(texts, never={"云雀"})

    async def run():
        async with AsyncClient(server.url) as client:
            moment = datetime.datetime(2021, 3, 1, 10, 30)
            return await asyncio.gather(
                client.entities(texts, model="known", never=["云雀"], reference_date=moment, batch_documents=1),
                client.entities(texts, model="known", reference_date="2022-03-01"),
            )

    first, second = asyncio.run(run())
    assert found(first) == [[("明天", "2021-03-02")]] * 3
    assert found(second) == [[("云雀", None), ("明天", "2022-03-02")]] * 3


def test_a_pipeline_tells_a_server_its_dates_and_what_is_no_name(server):
    nlp = spacy.blank("zh")
    settings = {"url": server.url, "model": "known", "never": ["云雀"], "send_reference_date": True}
    remote = nlp.add_pipe("cner_remote", config=settings)
    docs = [nlp.make_doc("云雀明天见") for _ in range(5)]
    docs[1]._.reference_date = docs[2]._.reference_date = "2020-02-28"
    docs[4]._.reference_date = datetime.datetime(2021, 3, 1)
    found = [[(ent.text, ent._.value) for ent in doc.ents] for doc in nlp.pipe(docs)]
    assert found[1] == found[2] == [("明天", "2020-02-29")] and found[4] == [("明天", "2021-03-02")]
    assert found[0] == found[3] and found[0][0][1] > "2026"
    remote.model = "joint"
    with pytest.raises(ServerProblem, match="cner_dictionary for never"):
        nlp("云雀")
    remote.never, remote.send_reference_date = [], False
    nlp(docs[1])  # is not told its date, which it cannot use


def test_the_client_needs_the_standard_library_only():
    code = "import sys, spacy_cner.client; print([name for name in ('spacy', 'numpy', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_problems_are_raised_with_their_words(server):
    with Client(server.url) as client:
        with pytest.raises(ServerProblem, match=r"status 422: .*/min_score.*\(request [0-9a-f]{32}\)") as raised:
            client.entities(TEXTS, min_score=3)
        assert raised.value.status == 422
    for url in ("ftp://a", "http://", "127.0.0.1:8000", "http://a:port", "http://a?b"):
        with pytest.raises(InputError, match="expected the address of a server"):
            Client(url)
    with pytest.raises(InputError, match="expected texts, got one string"):
        next(batches("王海"))
    with pytest.raises(ServerProblem, match="no answer"):
        Client("http://127.0.0.1:9", retries=1).models()


def test_a_pipeline_uses_a_server(server, trained_joint, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_remote", config={"url": server.url, "model": "joint"})
    nlp.to_disk(tmp_path / "remote")
    nlp = spacy.load(tmp_path / "remote")
    for doc, expected in zip(nlp.pipe(TEXTS * 20), trained_joint.pipe(TEXTS * 20), strict=True):
        assert entities(doc) == entities(expected)
        assert [ent._.score for ent in doc.ents] == pytest.approx([ent._.score for ent in expected.ents], abs=1e-3)
        assert len(doc.spans["cner"].attrs["scores"]) == len(doc.ents)
    words = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}})
    words.add_pipe("cner_remote", config={"url": server.url, "only": ["LOC"]})
    assert [ent.text for ent in words(TEXTS[0]).ents] == ["青岛"]
    known = spacy.blank("zh")
    known.add_pipe("cner_remote", config={"url": server.url, "model": "known"})
    name, price = known("云雀卖1299元。").ents
    assert (name.kb_id_, name._.kb_url) == ("P 2", "https://shop.example/P%202")
    assert (price.kb_id_, price._.value) == ("", "1299 CNY")
    contract = spacy.blank("zh")
    contract.add_pipe("cner_remote", config={"url": server.url, "model": "contract"})
    assert [(ent.text, ent._.score) for ent in contract("王海来了。").ents] == [("王海", None)]


def test_a_pipeline_that_does_not_say_its_labels_is_asked_for_some(server, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_remote", config={"url": server.url, "model": "contract"})
    nlp.to_disk(tmp_path / "remote")
    with RunningServer(tmp_path / "remote") as other, Client(other.url) as client:
        assert [each["text"] for each in client.entities(["王海去了青岛"])[0]["entities"]] == ["王海", "青岛"]
        (document,) = client.entities(["王海去了青岛"], labels=["LOC"])
        assert [each["text"] for each in document["entities"]] == ["青岛"]


@pytest.mark.parametrize(
    "url, port", [("http://[::1]", 80), ("https://[2001:db8::1]/x", 443), ("http://[::1]:8000", 8000), ("http://a", 80)]
)
def test_the_port_is_that_of_the_scheme(url, port):
    connection = Client(url)._connection
    assert connection.port == port and connection.host in ("::1", "2001:db8::1", "a")


def test_identifiers_and_values_are_of_the_entities_that_a_document_gains():
    place = {"start": 3, "end": 5, "label": "LOC", "score": 0.9, "kb_id": "Q170322", "value": "v"}
    # Of the two that meet in one token, the more probable one counts.
    less = {**place, "start": 4, "score": 0.2, "kb_id": "Q1", "value": "w"}
    body = json.dumps({"documents": [{"id": 0, "entities": [place, less]}]}).encode()
    with failing(*[(200, {}, body)] * 4) as (url, _):
        nlp = spacy.blank("zh")
        remote = nlp.add_pipe("cner_remote", config={"url": url})
        words = Doc(nlp.vocab, words=["王海", "在", "青岛市", "工作"], spaces=[False] * 4)
        for _ in range(2):
            (ent,) = nlp(words).ents
            assert (ent.text, ent.kb_id_, ent._.value, ent._.score) == ("青岛市", "Q170322", "v", 0.9)
        doc = nlp.make_doc("王海在青岛工作")
        doc.ents = [Span(doc, 0, 2, "PER", kb_id="Q2"), Span(doc, 3, 5, "LOC", kb_id="MINE")]
        found = [(ent.kb_id_, ent._.value, ent._.score) for ent in nlp(doc).ents]
        assert found == [("Q2", None, None), ("MINE", None, None)]
        remote.overwrite = True
        assert [(ent.kb_id_, ent._.value, ent._.score) for ent in nlp(doc).ents] == [("Q170322", "v", 0.9)]


def test_a_pipeline_without_its_server_says_so(models):
    nlp = spacy.blank("zh")
    with pytest.raises(InputError, match="expected the address of a server, .* got 'nonsense', as url"):
        nlp.add_pipe("cner_remote", config={"url": "nonsense"})
    nlp.add_pipe("cner_remote", config={"url": "http://127.0.0.1:9", "retries": 0})
    with pytest.raises(ServerProblem, match="http://127.0.0.1:9: expected entities, got no answer"):
        nlp(TEXTS[0])
    with failing((200, {}, b'{"documents": [{"id": 0, "error": {"detail": "too odd"}}]}')) as (url, _):
        nlp = spacy.blank("zh")
        nlp.add_pipe("cner_remote", config={"url": url})
        with pytest.raises(InputError, match="too odd"):
            nlp(TEXTS[0])


def test_a_key_comes_from_the_environment(models, monkeypatch):
    with RunningServer(models / "contract", environment={"CNER_API_KEYS": "secret"}) as server:
        nlp = spacy.blank("zh")
        nlp.add_pipe("cner_remote", config={"url": server.url})
        with pytest.raises(ServerProblem, match="status 401"):
            nlp("王海来了。")
        monkeypatch.setenv("CNER_API_KEY", "secret")
        assert [ent.text for ent in nlp("王海来了。").ents] == ["王海"]


@pytest.mark.parametrize("text, name", [(None, "NoneType"), (1, "int")])
def test_texts_that_are_none(text, name):
    with pytest.raises(InputError, match=f"expected a string as text 2, got {name}"):
        list(batches(["王海", text]))


def test_a_connection_that_the_server_closed_is_opened_again_at_once(monkeypatch):
    """That is no failure: it counts as no retry, and nothing waits for it."""
    monkeypatch.setattr("spacy_cner.client.time.sleep", None)
    with failing(GOOD, GOOD, GOOD, version="HTTP/1.1") as (url, rest), Client(url, retries=0) as client:
        for text in "abc":
            assert client.entities([text]) == [{"id": 0, "entities": []}]
            assert client._connection.sock is not None  # the server did not say that it closes
        assert rest == []


def test_chinese_is_sent_as_utf8():
    assert len(_encoded({"texts": ["王海" * 1000]})) < 6100
    with failing(GOOD) as (url, _), Client(url) as client:
        assert client.entities(["王海\ud83d"]) == [{"id": 0, "entities": []}]


def test_keys_and_paths_that_are_not_ascii():
    with pytest.raises(InputError, match="expected an API key of printable ASCII characters"):
        Client(api_key="第二把")
    assert Client(api_key="key\n")._headers["Authorization"] == "Bearer key"
    with failing(GOOD) as (url, rest), Client(url + "/前缀/%E5%89%8D a") as client:
        assert client._path == "/%E5%89%8D%E7%BC%80/%E5%89%8D%20a"
        assert client.entities(["a"]) and rest == []


def test_numbers_that_cannot_be():
    with pytest.raises(InputError, match="expected retries of 0 or more, got -1"):
        Client(retries=-1)
    with pytest.raises(InputError, match="expected connections of 1 or more, got 0"):
        AsyncClient(connections=0)
