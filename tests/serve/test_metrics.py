"""What /metrics counts."""


def test_metrics_count(server):
    documents, characters = server.metric("cner_documents_total"), server.metric("cner_characters_total")
    server.post({"texts": ["王海", "青岛海风"]})
    assert server.metric("cner_documents_total") == documents + 2
    assert server.metric("cner_characters_total") == characters + 6
    assert server.metric("cner_workers") == 1 and server.metric("cner_waiting_characters") == 0
    assert server.metric("cner_worker_memory_bytes") > 1e7


def test_the_time_to_answer_is_that_of_texts(server):
    answered = server.metric("cner_request_seconds_count")
    server.get("/v1/entities")
    server.send("OPTIONS", "/v1/entities", None, origin="https://example.org")
    assert server.metric("cner_request_seconds_count") == answered
    server.post({"texts": []})
    assert server.metric("cner_request_seconds_count") == answered + 1
