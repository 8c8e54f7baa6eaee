"""What /metrics counts."""

import socket
from urllib.parse import urlsplit

from serve.running import RunningServer, wait_until

HEAD = b"POST /v1/entities HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"


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


def test_a_server_with_too_much_work_is_watched_and_has_a_page(models):
    with RunningServer(models / "contract", "--max-requests", 1) as server:
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(HEAD)  # and the body does not come
            wait_until(lambda: server.get("/v1/models")[0] == 503)
            assert server.post({"texts": ["王海"]})[0] == 503
            for path in ("/metrics", "/", "/page/page.js", "/openapi.json", "/livez"):
                assert server.get(path)[0] == 200
