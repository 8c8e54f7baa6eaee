"""What happens under more work than there is time for, when the server is to end, and when a worker dies."""

import json
import os
import signal
import socket
import time
from collections import Counter
from functools import partial
from urllib.parse import urlsplit

import pytest
from conftest import SENTENCES
from serve.running import RunningServer, children, in_threads, read, wait_until, workers_of

TEXTS = [text for text, _ in SENTENCES]
LONG = "".join(TEXTS) * 40


def test_too_much_work_is_turned_away_and_the_rest_is_answered(models):
    settings = ["--queue-characters", 4000, "--batch-characters", 2000, "--max-requests", 30]
    with RunningServer(models / "joint", *settings) as server:

        def ask(i):
            status, headers, answer = server.post({"texts": [LONG[:3000]]})
            if status == 429:
                assert int(headers["retry-after"]) >= 1 and answer["title"] == "Too much work waiting"
            return status

        statuses = in_threads(48, ask)
        assert set(statuses) <= {200, 429, 503} and 200 in statuses and 429 in statuses
        assert server.metric("cner_waiting_characters") == 0
        assert server.post({"texts": TEXTS})[0] == 200
        # A request that is larger than the queue is taken when nothing waits.
        assert server.post({"texts": [LONG]})[0] == 200


def test_memory_does_not_grow_with_what_is_turned_away(models):
    settings = ["--queue-characters", 4000, "--batch-characters", 2000]
    body = b'{"texts": ["%s"]}' % LONG[:1000].encode()

    def memory(server):
        return server.metric("process_resident_memory_bytes") + server.metric("cner_worker_memory_bytes")

    def ask_ten_times(server):
        connection = server.connect()
        try:
            for _ in range(10):
                connection.request("POST", "/v1/entities", body, {"Content-Type": "application/json"})
                yield read(connection)[0]
        finally:
            connection.close()

    with RunningServer(models / "joint", *settings) as server:

        def ask(_):
            return list(ask_ten_times(server))

        # Four requests fit: 40 connections are ten times of what is answered at once.
        in_threads(40, ask)
        before = memory(server)
        for _ in range(3):
            statuses = Counter(status for each in in_threads(40, ask) for status in each)
            assert set(statuses) == {200, 429} and statuses[429] > statuses[200]
        assert memory(server) - before < 16e6
        assert server.metric("cner_waiting_characters") == 0


@pytest.mark.parametrize(
    "send, number",
    [(os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM), (os.killpg, signal.SIGINT)],
    ids=["one process", "its group", "Ctrl-C"],
)
def test_every_accepted_request_is_answered_after_sigterm(models, send, number):
    with RunningServer(models / "joint", "--drain", 1.5, session=True) as server:
        answered = []

        def ask(i):
            connection = server.connect()
            try:
                while True:
                    connection.request("POST", "/v1/entities", BODY, {"Content-Type": "application/json"})
                    status, headers, answer = read(connection)  # raises where the connection breaks
                    assert status == 200 and len(answer["documents"]) == len(TEXTS)
                    answered.append(i)
                    if headers.get("connection") == "close":
                        return
            finally:
                connection.close()

        def end(_):
            wait_until(lambda: len(answered) > 50)
            send(server.process.pid, number)
            time.sleep(0.3)
            assert server.get("/readyz")[0] == 503 and server.get("/livez")[0] == 200

        in_threads(17, lambda i: end(i) if i == 16 else ask(i))
        assert set(answered) == set(range(16))
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.log
        with pytest.raises(ConnectionRefusedError):
            server.get("/livez")


BODY = b'{"texts": ["%s"]}' % '", "'.join(TEXTS).encode()


@pytest.fixture(scope="module")
def brief(models):
    """A server that waits for one second at most."""
    with RunningServer(models / "joint", models / "contract", "--timeout", 1, "--batch-window", 0) as running:
        yield running


def test_a_worker_that_dies_is_replaced(brief):
    (pid,) = workers_of(brief)
    os.kill(pid, signal.SIGSTOP)  # it takes the batch, and then dies with it
    statuses = in_threads(2, lambda i: kill_later(pid) if i else brief.post({"texts": TEXTS})[0])
    assert statuses[0] == 503
    wait_until(lambda: brief.get("/readyz")[0] == 200)
    assert brief.post({"texts": TEXTS})[0] == 200
    assert workers_of(brief) != [pid] and len(workers_of(brief)) == 1


def kill_later(pid):
    time.sleep(0.4)
    os.kill(pid, signal.SIGKILL)


def test_a_worker_that_hangs_is_replaced(brief):
    (pid,) = workers_of(brief)
    os.kill(pid, signal.SIGSTOP)
    start = time.monotonic()
    status, headers, problem = brief.post({"texts": TEXTS})
    assert (status, problem["status"]) == (503, 503) and "retry-after" in headers
    assert time.monotonic() - start > 0.9
    wait_until(lambda: brief.get("/readyz")[0] == 200 and workers_of(brief) != [pid])
    assert brief.post({"texts": TEXTS})[0] == 200
    assert "it took more than 1 s for a batch" in brief.log and "Traceback" not in brief.log


def test_a_request_that_comes_too_slowly_is_ended(brief):
    parts = urlsplit(brief.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/entities HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-A: "], ids=["nothing", "half of a head"])
def test_a_connection_that_asks_nothing_is_closed(brief, sent):
    parts = urlsplit(brief.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(sent)
        assert connection.recv(1000) == b""
    idle = brief.connect()  # one that has asked may ask again
    for _ in range(2):
        idle.request("GET", "/livez")
        assert read(idle)[0] == 200
        time.sleep(2.5)
    idle.close()


def test_a_client_that_does_not_read_is_left(models):
    body = json.dumps({"texts": ["王海" * 50] * 1000}).encode()
    head = "POST /v1/entities HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
    with RunningServer(models / "contract", "--timeout", 8) as server:
        parts = urlsplit(server.url)
        for times in (1, 2):  # the second of two requests waits for the first answer to be read
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.settimeout(60)
                connection.connect((parts.hostname, parts.port))
                connection.sendall((f"{head}{len(body)}\r\n\r\n".encode() + body) * times)
                held = partial(is_held, parts.port, connection.getsockname()[1])
                wait_until(held)
                wait_until(lambda held=held: not held())
        assert server.log.count('"path": "/v1/entities", "status": 200') == 3, server.log


def is_held(server, client):
    """RETURNS: whether the connection between two ports is open on the server's side."""
    with open("/proc/net/tcp", encoding="ascii") as lines:
        found = [line.split()[1:4] for line in lines]
    ends = f":{server:04X}", f":{client:04X}"
    return any(ours.endswith(ends[0]) and theirs.endswith(ends[1]) and state == "01" for ours, theirs, state in found)


def test_the_command_fails_where_the_process_that_answers_dies(models):
    with RunningServer(models / "contract") as server:
        os.kill(children(server.process.pid)[0], signal.SIGKILL)
        assert server.process.wait(60) == 1
        assert "expected the process that answers requests to go on, it ended with -9" in server.log


def test_the_server_ends_with_the_process_that_watches_over_it(models):
    with RunningServer(models / "contract") as server:
        front = workers_of(server)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in front))
