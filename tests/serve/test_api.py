"""What the server answers, from a process of its own."""

import gzip
import json
import socket
import subprocess
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import spacy
from conftest import SENTENCES, entities, words
from serve.conftest import CONTRACT
from serve.failing import failing
from serve.running import RunningServer, in_threads
from spacy.tokens import Span

from spacy_cner.client import Client
from spacy_cner.serve.results import Wanted, entity_fields
from spacy_cner.serve.server import describe
from spacy_cner.serve.worker import Batch, answer

TEXTS = [text for text, _ in SENTENCES]
CASES = CONTRACT["cases"]
UNITS = CONTRACT["units"]


def test_entities_are_those_of_the_pipeline(server, trained_joint):
    status, _, answer = server.post({"texts": TEXTS, "words": True})
    assert status == 200
    assert answer["model"] == {"name": "joint", "version": "0.0.0"} and answer["offsets"] == "codepoint"
    assert [document["id"] for document in answer["documents"]] == list(range(len(TEXTS)))
    for document, doc in zip(answer["documents"], trained_joint.pipe(TEXTS), strict=True):
        found = [(each["start"], each["end"], each["label"]) for each in document["entities"]]
        assert found == entities(doc)
        assert [each["text"] for each in document["entities"]] == [ent.text for ent in doc.ents]
        scores = [each["score"] for each in document["entities"]]
        assert scores == pytest.approx([ent._.score for ent in doc.ents], abs=1e-3)
        assert [each["text"] for each in document["words"]] == words(doc)
        assert all(doc.text[each["start"] : each["end"]] == each["text"] for each in document["words"])


def test_documents_keep_their_ids_and_order(server):
    documents = [{"id": f"文{i}" if i % 2 else i, "text": TEXTS[i % 3] * (i % 5)} for i in range(150)]
    _, _, answer = server.post({"documents": documents})
    assert [each["id"] for each in answer["documents"]] == [each["id"] for each in documents]
    for document, found in zip(documents, answer["documents"]):
        assert bool(document["text"]) or found["entities"] == []
        for entity in found["entities"]:
            assert document["text"][entity["start"] : entity["end"]] == entity["text"]


def test_many_requests_at_a_time_get_their_own_answers(server):
    def ask(i):
        text = "、".join(TEXTS[: i % 6 + 1])
        _, _, answer = server.post({"texts": [text], "min_score": 0.5 if i % 2 else 0.0})
        return text, answer["documents"][0]["entities"]

    batches = server.metric("cner_batch_seconds_count")
    for text, found in in_threads(24, ask):
        assert found and all(text[each["start"] : each["end"]] == each["text"] for each in found)
    assert server.metric("cner_batch_seconds_count") - batches < 24, "expected batches of several requests"


@pytest.mark.parametrize("unit", UNITS)
def test_the_offset_contract(server, unit):
    texts = [case["text"] for case in CASES]
    _, _, answer = server.post({"model": "contract", "texts": texts, "offsets": unit})
    assert answer["offsets"] == unit
    for case, document in zip(CASES, answer["documents"], strict=True):
        found = [[each["label"], each["text"], [each["start"], each["end"]]] for each in document["entities"]]
        assert found == [[each["label"], each["text"], each[unit]] for each in case["entities"]], case["name"]


def test_the_offset_contract_in_javascript(server):
    script = Path(__file__).with_name("offsets.mjs")
    fixture = Path(__file__).parents[2] / "docs" / "offsets.json"
    done = subprocess.run(["node", script, server.url, fixture], capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == f"{len(CASES)} cases"


def test_half_of_a_surrogate_pair_is_an_error_of_its_document_or_request(server):
    for body in (b'{"texts": ["\\ud83d", "a"]}', b'{"texts": ["\xed\xa0\xbd"]}'):
        status, headers, problem = server.post(body)
        assert (status, headers["content-type"]) == (422, "application/problem+json")
        assert problem["status"] == 422 and "JSON" in problem["detail"]


def test_labels_and_scores_choose(server):
    _, _, answer = server.post({"texts": TEXTS, "labels": ["LOC"]})
    assert {each["label"] for document in answer["documents"] for each in document["entities"]} == {"LOC"}
    _, _, all_ = server.post({"texts": TEXTS})
    scores = sorted(each["score"] for document in all_["documents"] for each in document["entities"])
    middle = scores[len(scores) // 2]
    _, _, some = server.post({"texts": TEXTS, "min_score": middle})
    kept = [each["score"] for document in some["documents"] for each in document["entities"]]
    assert 0 < len(kept) < len(scores) and min(kept) >= middle


def test_readings_are_probable_ones_first(server):
    _, _, answer = server.post({"texts": [TEXTS[5], ""], "n_best": 4, "offsets": "utf16"})
    first, empty = answer["documents"]
    readings, scores = first["readings"], [each["score"] for each in first["readings"]]
    assert empty["readings"] == [] and 1 < len(readings) <= 4
    assert scores == sorted(scores, reverse=True) and sum(scores) <= 1.001 and scores[0] > 0.5
    assert [(each["start"], each["label"]) for each in readings[0]["entities"]] == [
        (each["start"], each["label"]) for each in first["entities"]
    ]
    assert len({json.dumps(each["entities"]) for each in readings}) == len(readings)
    assert all((each["start"], each["end"]) == (0, len(TEXTS[5])) for each in readings)


def test_scores_that_are_unknown_are_null(server):
    _, _, answer = server.post({"model": "contract", "texts": ["王海来了。"]})
    assert answer["documents"][0]["entities"] == [{"start": 0, "end": 2, "label": "PER", "text": "王海", "score": None}]


def test_a_dictionary_is_of_its_request_alone(server):
    def ask(i):
        term = "海风" if i % 2 else "青岛"
        dictionary = [{"term": term, "label": "X"}] if i % 3 else []
        _, _, answer = server.post({"model": "known", "texts": [TEXTS[1]], "dictionary": dictionary, "labels": None})
        return [each["text"] for each in answer["documents"][0]["entities"]], [each["term"] for each in dictionary]

    for found, expected in in_threads(12, ask):
        assert found == expected
    blank = {"model": "known", "texts": ["海风"], "dictionary": [{"term": "海风", "label": " Y "}], "labels": ["Y"]}
    assert [each["label"] for each in server.post(blank)[2]["documents"][0]["entities"]] == ["Y"]


def found_of(answer):
    return [(each["text"], each.get("value")) for each in answer["documents"][0]["entities"]]


def test_strings_that_are_no_names_are_of_their_request_alone(server):
    text = "云雀和云雀号、CLOUD"

    def ask(i):
        never = [["云雀"], ["cloud", "石榴"], []][i % 3]
        dictionary = [{"term": each, "label": "X"} for each in ("云雀号", "cloud")]
        _, _, answer = server.post({"model": "known", "texts": [text], "dictionary": dictionary, "never": never})
        return i % 3, [each for each, _ in found_of(answer)]

    expected = [["云雀号", "CLOUD"], ["云雀", "云雀号"], ["云雀", "云雀号", "CLOUD"]]
    for kind, found in in_threads(24, ask):
        assert found == expected[kind]


def test_dates_refer_to_what_their_request_says(server):
    days = {
        None: None,
        "2020-02-28": "2020-02-29",
        "2026-12-31T23:59": "2027-01-01",
        "1999-01-01T08:00+08:00": "1999-01-02",
    }

    def ask(i):
        given = list(days)[i % 4]
        dated = {} if given is None else {"reference_date": given}
        body = {"model": "known", "texts": ["明天见"], "n_best": i % 2, **dated}
        return given, found_of(server.post(body)[2])

    today, batches = date.today(), server.metric("cner_batch_seconds_count")
    for given, found in in_threads(32, ask):
        assert [text for text, _ in found] == ["明天"]
        if given is None:  # the test may run at midnight
            assert found[0][1] in {str(day + timedelta(1)) for day in (today, date.today())}
        else:
            assert found[0][1] == days[given]
    assert server.metric("cner_batch_seconds_count") - batches < 32, "expected batches of several requests"


def test_requests_of_one_batch_have_dates_and_errors_of_their_own(models):
    nlp = spacy.load(models / "known")
    moments = ["2020-02-28", None, "9999-12-31", "2021-05-01"]
    batch = Batch("known", ["明天见"] * 4, [Wanted(reference=each) for each in moments], never=("石榴",))
    first, now, last, other = (json.loads(f"{{{each}}}") for each in answer(nlp, batch))
    assert (first["entities"][0]["value"], other["entities"][0]["value"]) == ("2020-02-29", "2021-05-02")
    assert now["entities"][0]["value"] > "2026" and ("error" in last or last["entities"] is not None)
    rest = Batch("known", ["明天吃石榴"], [Wanted()])
    (fields,) = answer(nlp, rest)
    named = json.loads(f"{{{fields}}}")["entities"]
    assert [each["text"] for each in named] == ["明天", "石榴"] and named[0]["value"] == now["entities"][0]["value"]


def test_identifiers_of_a_request_have_addresses(server):
    dictionary = [{"term": "青禾七号", "label": "PRODUCT", "id": "P1"}, {"term": "海风", "label": "X", "id": None}]
    answer = server.post({"model": "known", "texts": ["青禾七号和海风、云雀、石榴"], "dictionary": dictionary})[2]
    found = [(each["text"], each.get("kb_id"), each.get("kb_url")) for each in answer["documents"][0]["entities"]]
    assert found == [
        ("青禾七号", "P1", "https://shop.example/P1"),
        ("海风", None, None),
        ("云雀", "P 2", "https://shop.example/P%202"),
        ("石榴", "javascript:alert(1)", None),
    ]


def test_what_is_known_of_an_entity():
    doc = spacy.blank("zh")("王海来了。")
    doc.ents = [Span(doc, 0, 2, "PER", kb_id="Q1")]
    assert entity_fields(doc.ents[0]) == {
        "start": 0, "end": 2, "label": "PER", "text": "王海", "score": None, "kb_id": "Q1"
    }  # fmt: skip


def test_labels_of_a_pipeline_are_all_or_none():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary").add([("青岛", "LOC")])
    nlp.add_pipe("span_ruler").add_patterns([{"label": "SPAN", "pattern": "手机"}])
    assert describe("a", nlp).labels == ["LOC"]
    nlp.get_pipe("span_ruler").annotate_ents = True
    assert describe("a", nlp).labels == ["LOC", "SPAN"]
    with failing((200, {}, b'{"documents": [{"entities": []}]}')) as (url, _):  # of a text to try it
        nlp.add_pipe("cner_remote", config={"url": url})
        assert describe("a", nlp).labels == []


def test_models_are_told(server):
    _, _, answer = server.get("/v1/models")
    first, second, third = answer["models"]
    assert first["name"] == "joint" and first["labels"] == ["LOC", "ORG", "PER"] and first["has_words"]
    assert first["has_readings"] and not second["has_readings"] and not second["has_words"]
    assert third["has_values"] and not first["has_values"]
    assert "XSS" in second["labels"] and not first["has_dictionary"] and third["has_dictionary"]


BAD = {
    "an id of two lines": (
        {"model": "known", "texts": [], "dictionary": [{"term": "秘密", "label": "X", "id": "a\nb"}]},
        422,
        "/dictionary/0/id",
    ),
    "a label with a control character": (
        {"model": "known", "texts": [], "dictionary": [{"term": "秘密", "label": "X\x01"}]},
        422,
        "/dictionary/0/label",
    ),
    "a term of separators": (
        {"model": "known", "texts": [], "dictionary": [{"term": "\x1f", "label": "秘密"}]},
        422,
        "/dictionary/0/term",
    ),
    "never of separators": ({"model": "known", "texts": [], "never": ["\x1c "]}, 422, "/never/0"),
    "no text": ({}, 422, "either texts or documents"),
    "both": ({"texts": [], "documents": []}, 422, "either texts or documents"),
    "a number": ({"texts": [1]}, 422, "/texts/0"),
    "an unknown field": ({"texts": [], "text": "秘密"}, 422, "/text"),
    "a score": ({"texts": [], "min_score": 2}, 422, "/min_score"),
    "too many readings": ({"texts": [], "n_best": 1000}, 422, "/n_best"),
    "a unit": ({"texts": [], "offsets": "bytes"}, 422, "/offsets"),
    "a label": ({"texts": [], "labels": ["秘密"]}, 422, "LOC, ORG, PER"),
    "a model": ({"texts": [], "model": "秘密"}, 404, "joint, contract, known"),
    "a dictionary": ({"texts": [], "dictionary": [{"term": "秘密", "label": "X"}]}, 422, "cner_dictionary"),
    "never": ({"texts": [], "never": ["秘密"]}, 422, "a model with a cner_dictionary for never, got joint"),
    "never of two lines": ({"model": "known", "texts": [], "never": ["a", "秘\n密"]}, 422, "/never/1"),
    "never of nothing": ({"model": "known", "texts": [], "never": [" "]}, 422, "/never/0"),
    "a date": ({"texts": [], "reference_date": "2026-11-26"}, 422, "a model with a cner_values for reference_date"),
    "a day that is none": (
        {"model": "known", "texts": [], "reference_date": "2026-02-30"},
        422,
        "/reference_date: expected a date or time in ISO 8601, such as 2026-11-26",
    ),
    "a date in words": ({"model": "known", "texts": [], "reference_date": "秘密"}, 422, "/reference_date"),
    "a date in numbers": ({"model": "known", "texts": [], "reference_date": 20261126}, 422, "/reference_date"),
    "no JSON": (b'{"texts": ["\xe7\xa7\x98\xe5\xaf\x86', 422, "JSON"),
    "an array": (b"[]", 422, "/"),
    "deep": (b"[" * 100_000, 422, "JSON"),
    "too many documents": ({"texts": [""] * 1001}, 413, "1000 documents"),
    "too many bytes": ({"texts": ["秘密" * 200_000]}, 413, "1048576 bytes"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_explained_without_their_text(server, name):
    body, expected, words = BAD[name]
    status, headers, problem = server.post(body)
    assert (status, headers["content-type"]) == (expected, "application/problem+json"), problem
    assert problem["status"] == expected and problem["type"] == "about:blank" and problem["title"]
    assert words in problem["detail"] and "expected" in problem["detail"]
    assert "秘密" not in json.dumps(problem, ensure_ascii=False)
    assert problem["request_id"] == headers["x-request-id"]


def test_other_kinds_of_requests(server):
    assert server.post(b"text", content_type="text/plain")[0] == 415
    assert server.get("/v1/entities")[0] == 405
    assert server.get("/v1/entities")[2]["detail"] == "expected POST, got GET"
    assert server.post({"texts": []}, path="/v1/entities/")[0] == 404
    status, headers, problem = server.get("/none")
    assert (status, headers["content-type"], problem["status"]) == (404, "application/problem+json", 404)
    assert server.get("/livez")[2] == b"ok\n" and server.get("/readyz")[2] == b"ok\n"


@pytest.mark.parametrize(
    "body, headers, words",
    [
        (gzip.compress(b"{}"), {"content_encoding": "gzip"}, "a body that is not packed"),
        (b'\xef\xbb\xbf{"texts": []}', {}, "JSON in UTF-8 without a byte order mark"),
        ('{"texts": []}'.encode("utf-16"), {}, "JSON in UTF-8 without a byte order mark"),
        ('{"texts": []}'.encode("utf-16-le"), {"content_type": "application/json; charset=utf-16"}, "JSON in UTF-8"),
    ],
    ids=["gzip", "a byte order mark", "UTF-16", "a charset"],
)
def test_bodies_that_are_packed_or_in_another_encoding(server, body, headers, words):
    status, _, problem = server.post(body, **headers)
    assert status == 415 and f"expected {words}" in problem["detail"]


def test_a_body_without_a_stated_length_is_bounded_too(server):
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/entities HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        sent = 0
        try:
            while sent < 32 << 20:
                connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent += 65536
        except ConnectionError:
            pass
        assert sent < 32 << 20 or b" 413 " in connection.recv(100)


def test_request_ids_come_back_and_texts_are_not_logged(server):
    assert server.get("/livez", x_request_id="abc-1")[1]["x-request-id"] == "abc-1"
    made = server.get("/livez", x_request_id="a b\tc")[1]["x-request-id"]
    assert len(made) == 32
    server.post({"texts": ["不可外传"], "model": "不可外传"})
    server.post({"texts": ["不可外传"]}, path="/v1/entities?q=secret")
    assert "abc-1" in server.log and "不可外传" not in server.log and "secret" not in server.log


def test_other_sites_may_not_read_answers(server):
    _, headers, _ = server.post({"texts": []}, origin="https://example.org")
    assert "access-control-allow-origin" not in headers
    assert server.send("OPTIONS", "/v1/entities", None, origin="https://example.org")[0] == 405
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.fixture(scope="module")
def guarded(models, tmp_path_factory):
    """A server with keys, CORS, two workers, little time and a small queue."""
    keys = tmp_path_factory.mktemp("keys") / "keys.txt"
    keys.write_text("first-key\n# 第二把\nsecond key\n", encoding="utf-8-sig")
    arguments = ["--api-keys", keys, "--allow-origin", "https://example.org", "--workers", 2]
    with RunningServer(
        f"a={models / 'joint'}", f"b={models / 'joint'}", *arguments, environment={"CNER_API_KEYS": "third"}
    ) as running:
        yield running


def test_keys(guarded):
    for path in ("/v1/models", "/metrics"):
        status, headers, problem = guarded.get(path)
        assert (status, headers["www-authenticate"], problem["title"]) == (401, "Bearer", "API key needed")
        assert guarded.get(path, authorization="Bearer wrong")[0] == 401
        assert guarded.get(path, authorization="Bearer first-key")[0] == 200
        assert guarded.get(path, x_api_key="third")[0] == 200
        assert guarded.get(path, authorization="Bearer second key")[0] == 200
        assert guarded.get(path, x_api_key="")[0] == 401
        assert guarded.get(path, x_api_key="# a comment")[0] == 401
    for path in ("/livez", "/readyz", "/", "/page/page.js", "/openapi.json"):
        assert guarded.get(path)[0] == 200
    with Client(guarded.url, api_key="first-key") as client:
        assert client.entities(TEXTS)[0]["entities"]


def test_sites_that_may_read_answers(guarded):
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "authorization"}
    status, headers, _ = guarded.send("OPTIONS", "/v1/entities", None, origin="https://example.org", **asked)
    assert (status, headers["access-control-allow-origin"]) == (200, "https://example.org")
    assert guarded.send("OPTIONS", "/v1/entities", None, origin="https://evil.example", **asked)[0] == 400


@pytest.mark.parametrize(
    "key, body, expected",
    [
        ("third", {"texts": []}, 200),
        ("wrong", {"texts": []}, 401),
        ("third", {"texts": [], "model": "c"}, 404),
        ("third", {"text": []}, 422),
    ],
)
def test_sites_that_may_read_answers_may_read_refusals(guarded, key, body, expected):
    status, headers, _ = guarded.post(body, x_api_key=key, origin="https://example.org")
    assert (status, headers["access-control-allow-origin"]) == (expected, "https://example.org")
    assert headers["x-request-id"] and headers["x-content-type-options"] == "nosniff"


def test_two_workers_answer(guarded):
    key = {"x_api_key": "third"}
    in_threads(16, lambda i: guarded.post({"texts": TEXTS * 20, "model": "ab"[i % 2]}, **key))
    text = guarded.get("/metrics", **key)[2].decode()
    assert text.count("cner_worker_memory_bytes{") == 2
