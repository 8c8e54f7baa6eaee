"""The client, against a server that fails in each way."""

import asyncio
import json

import pytest
import spacy
from conftest import entities
from serve.failing import BUSY, GOOD, HTML, failing

from spacy_cner.client import AsyncClient, Client, ServerProblem
from spacy_cner.errors import InputError


def test_busy_servers_and_broken_connections_are_asked_again():
    with failing(BUSY, None, (503, {}, b""), GOOD) as (url, rest), Client(url) as client:
        assert client.entities(["a"]) == [{"id": 0, "entities": []}]
        assert rest == []
    with failing(BUSY, BUSY, GOOD) as (url, rest), pytest.raises(ServerProblem, match="status 429: busy"):
        Client(url, retries=1).entities(["a"])
    with failing(HTML) as (url, _), pytest.raises(ServerProblem, match="status 502"):
        Client(url).entities(["a"])


@pytest.mark.parametrize(
    "body, words",
    [
        (b"<html>", "what is no JSON object"),
        (b"[]", "what is no JSON object"),
        (b"[" * 100_000, "what is no JSON object"),
        (b"{}", "an answer without a document for each text"),
        (b'{"documents": []}', "an answer without a document for each text"),
        (b'{"documents": {"0": {}}}', "an answer without a document for each text"),
        (b'{"documents": [1]}', "an answer without a document for each text"),
    ],
)
def test_what_answers_need_not_be_a_server_of_entities(body, words):
    async def run(url):
        async with AsyncClient(url) as client:
            await client.entities(["a"])

    with failing((200, {}, body), (200, {}, body)) as (url, _):
        for ask in (Client(url).entities, lambda texts: asyncio.run(run(url))):
            with pytest.raises(ServerProblem, match=f"status 200: {words}, for text 1"):
                ask(["a"])


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"entities": None},
        {"entities": ["王海"]},
        {"entities": [{"start": 1, "end": 3, "label": "PER", "text": "王海", "score": 0.9}]},  # counted from 1
        {"entities": [{"start": 2, "end": 40, "label": "PER", "score": 0.9}]},
        {"entities": [{"start": 0, "end": 2, "score": 0.9}]},
        {"error": "too odd"},
    ],
)
def test_a_pipeline_takes_only_entities_of_the_text(wrong):
    body = json.dumps({"documents": [wrong, {"entities": [{"start": 0, "end": 2, "label": "PER"}]}]}).encode()
    nlp = spacy.blank("zh")
    with failing((200, {}, body), (200, {}, body)) as (url, _):
        nlp.add_pipe("cner_remote", config={"url": url})
        with pytest.raises(ServerProblem, match="got status 200: an answer that is not about the text"):
            list(nlp.pipe(["王海来了", "周芳来了"]))
        nlp.set_error_handler(lambda *_: None)
        assert [entities(doc) for doc in nlp.pipe(["王海来了", "周芳来了"])] == [[(0, 2, "PER")]]


def test_a_user_name_in_an_address_would_not_be_sent():
    with pytest.raises(InputError, match="without a user name") as raised:
        Client("http://wang:secret@127.0.0.1")
    assert "secret@" not in str(raised.value)
