"""What the client and the component `cner_remote` do with a text that is too large for a request."""

import asyncio

import pytest
import spacy

from spacy_cner.client import AsyncClient, Client, ServerProblem


@pytest.mark.parametrize("size", [1_200_000, 9_500_000])
def test_the_text_that_is_too_large_is_named(server, size, monkeypatch):
    monkeypatch.setattr("spacy_cner.client.time.sleep", None)  # it is not sent again
    texts = ["王海", "青岛", "a" * size, "青岛"]
    with Client(server.url) as client:
        with pytest.raises(ServerProblem, match="status 413: expected at most 1048576 bytes.*, for text 3$") as raised:
            client.entities(texts)
        assert raised.value.status == 413
        assert len(client.entities(texts[:2])) == 2
        with pytest.raises(ServerProblem, match="status 422: .*, for texts 1 to 2$"):
            client.entities(texts[:2], min_score=3)

    async def run():
        async with AsyncClient(server.url) as client:
            await client.entities(texts)

    with pytest.raises(ServerProblem, match="status 413: .*, for text 3$"):
        asyncio.run(run())


def test_a_document_that_is_too_large_costs_no_other(server):
    # spaCy's own tokenizer takes half a minute for so many characters.
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy_cner.CharTokenizer.v1"}}})
    nlp.max_length = 10**7
    nlp.add_pipe("cner_remote", config={"url": server.url, "model": "contract"})
    failed = []
    nlp.set_error_handler(lambda name, pipe, docs, error: failed.append((len(docs), error.status)))
    found = [doc.text for doc in nlp.pipe(["王海"] * 5 + ["a" * 1_200_000] + ["青岛"] * 5) if doc.ents]
    assert found == ["王海"] * 5 + ["青岛"] * 5 and failed == [(1, 413)]
