"""The page where the server refuses, fails or is slow, and what keyboards and mice find after it."""

import json
from functools import partial

import pytest
from conftest import SENTENCES
from playwright.sync_api import expect
from serve.pages import TEXT, drop, marks, type_text
from serve.running import RunningServer

ENTITIES = "**/v1/entities"


@pytest.fixture(scope="module")
def strict(models, tmp_path_factory):
    """A server with a key that takes small requests only."""
    keys = tmp_path_factory.mktemp("keys") / "keys.txt"
    keys.write_text("the key\n", encoding="utf-8")
    with RunningServer(models / "contract", "--api-keys", keys, "--max-bytes", 1000, "--max-documents", 3) as running:
        yield running


@pytest.fixture
def visit_strict(visit, strict):
    return partial(visit, url=strict.url, text="", ready="#key-form")


def enter(page, key):
    page.locator("#key").fill(key)
    page.locator("#key").press("Enter")


def hold(page, which=lambda body: True):
    """Requests for entities wait. RETURNS: the list that they come into."""
    held = []
    page.route(ENTITIES, lambda route: held.append(route) if which(route.request.post_data_json) else route.continue_())
    return held


def answer(page, entities):
    """Has the page get these entities, as (start, end, label), for all texts."""

    def fulfill(route):
        texts = route.request.post_data_json["texts"]
        found = [
            [{"start": s, "end": e, "label": label, "text": text[s:e], "score": None} for s, e, label in entities]
            for text in texts
        ]
        documents = [{"id": i, "entities": each} for i, each in enumerate(found)]
        route.fulfill(json={"model": {"name": "a", "version": "1"}, "offsets": "utf16", "documents": documents})

    page.route(ENTITIES, fulfill)


def read(page):
    """RETURNS: the rows of the file that the page offers."""
    expect(page.locator("#job-link")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#job-link").click()
    with open(download.value.path(), encoding="utf-8", newline="") as file:
        return file.read().splitlines()


def test_a_key_is_asked_for(visit_strict):
    page = visit_strict()
    expect(page.locator("#problem")).to_have_text("expected an API key, as Authorization: Bearer KEY")
    expect(page.locator("#key")).to_be_focused()
    drop(page, "a.txt", "王海".encode())
    expect(page.locator("#problem")).to_contain_text("expected an API key")
    expect(page.locator("#job")).to_be_hidden()
    page.locator("#text").focus()
    with page.expect_response("**/v1/models"):
        page.keyboard.type("王海")
    expect(page.locator("#problem")).to_contain_text("expected an API key")
    expect(page.locator("#text")).to_be_focused()
    enter(page, "钥匙")
    expect(page.locator("#problem")).to_have_text("expected an API key of printable ASCII characters, got others")
    enter(page, "the key")
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#key-form")).to_be_hidden()


def test_what_is_shown_is_of_the_text(visit_strict):
    page = visit_strict()
    enter(page, "the key")
    type_text(page, "王海在青岛。")
    assert marks(page) == ["王海", "青岛"]
    type_text(page, "青岛" * 400)
    expect(page.locator("#problem")).to_have_text("expected at most 1000 bytes, got more")
    assert page.locator("#result").text_content() == "" and page.locator("#status").text_content() == ""
    assert page.locator("#rows tr").count() == 0
    type_text(page, "青岛")
    assert marks(page) == ["青岛"]
    expect(page.locator("#problem")).to_be_hidden()


def test_rows_that_cannot_be_read_cost_themselves_alone(visit_strict):
    page = visit_strict()
    enter(page, "the key")
    expect(page.locator("#status")).to_have_text("0 found")
    rows = [{"text": text} for text in ["王海", "长" * 400, "\ud83d", "在青岛", "天气", "青岛"]]
    drop(page, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    expect(page.locator("#job-name")).to_have_text("6 texts annotated, 2 failed")
    found = list(map(json.loads, read(page)))
    assert [row["text"] for row in found] == [row["text"] for row in rows]
    assert [len(row.get("entities", [])) for row in found] == [1, 0, 0, 1, 0, 1]
    assert found[1]["error"] == {"title": "Request too large", "detail": "expected at most 1000 bytes, got more"}
    assert "JSON" in found[2]["error"]["detail"]


def test_rows_of_a_file_stay_as_they_are(visit):
    page = visit(text="")
    rows = ['{"id": 1234567890123456789, "share": 1.0, "more": [{"at": 1e3}], "text": "王海"}', '{"text": "林小燕"}']
    answer(page, [(0, 2, "UNKNOWN"), (0, 2, "PER")])  # a pipeline may find more than it says
    page.locator("#labels button", has_text="PER").click()
    drop(page, "a.jsonl", "\n".join(rows).encode())
    first, second = read(page)
    assert first.startswith('{"id":1234567890123456789,"share":1.0,"more":[{"at":1e3}],"text":"王海","entities":[{')
    assert [[each["label"] for each in json.loads(row)["entities"]] for row in (first, second)] == [["UNKNOWN"]] * 2


def test_a_file_that_is_closed_is_let_be(visit):
    page = visit(text="")
    held = hold(page, lambda body: len(body["texts"]) > 1)
    drop(page, "bad.jsonl", b"1\n")
    expect(page.locator("#problem")).to_be_visible()
    drop(page, "a.txt", "王海\n".encode() * 150)
    expect(page.locator("#problem")).to_be_hidden()
    page.wait_for_timeout(200)
    drop(page, "b.txt", "青岛\n".encode() * 150)
    expect(page.locator("#job-name")).to_have_text("b.txt")
    page.wait_for_timeout(200)
    page.locator("#job-close").click()
    assert len(held) == 2
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    assert len(held) == 2, "expected no further part of a file that was closed"
    expect(page.locator("#job")).to_be_hidden()


def test_a_text_that_is_taken_away_is_not_waited_for(visit):
    page = visit()
    held = hold(page)
    page.locator("#text").fill("王海")
    expect(page.locator("#status")).to_have_text("Working…")
    page.locator("#text").fill("")
    expect(page.locator("#result .empty")).to_be_visible()
    expect(page.locator("#status")).to_have_text("")
    assert len(held) == 1


def test_readings_are_of_the_text_that_is_shown(visit):
    page = visit()
    held = hold(page, lambda body: "n_best" in body)
    page.locator(".other").first.click()
    page.wait_for_timeout(200)
    type_text(page, SENTENCES[2][0])
    held[0].continue_()
    page.wait_for_timeout(500)
    expect(page.locator("#readings")).to_be_hidden()
    page.locator(".other").first.click()
    page.wait_for_timeout(200)
    held[1].abort()
    expect(page.locator("#problem")).to_have_text("The server does not answer.")
    page.unroute(ENTITIES)
    page.locator(".other").first.click()
    expect(page.locator("#readings-list li").first).to_be_visible()
    expect(page.locator("#problem")).to_be_hidden()


def test_keyboards_stay_where_they_are(visit):
    page = visit()
    other = page.locator(".other").nth(1)
    other.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        expect(page.locator("#readings-list li").first).to_be_visible()
        expect(other).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#readings")).to_be_hidden()
        expect(other).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#readings-close")).to_be_visible()
    page.locator("#readings-close").focus()
    page.keyboard.press("Enter")
    expect(other).to_be_focused()
    example = page.locator("#examples button").nth(3)
    example.focus()
    page.keyboard.press("Enter")
    expect(example).to_have_attribute("aria-pressed", "true")
    expect(example).to_be_focused()
    expect(page.locator("#result")).to_have_attribute("aria-busy", "false")
    held = hold(page)
    page.locator(".other").first.click()
    page.locator("#text").focus()
    held[0].continue_()
    expect(page.locator("#readings-list li").first).to_be_visible()
    expect(page.locator("#text")).to_be_focused()


def test_words_can_be_dragged_into_the_text(visit):
    page = visit()
    prevented = page.evaluate("""() => ["dragover", "drop"].map((name) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.setData("text/plain", "王海");
        const event = new DragEvent(name, { dataTransfer, cancelable: true, bubbles: true });
        document.getElementById("text").dispatchEvent(event);
        return event.defaultPrevented;
    })""")
    assert prevented == [False, False]
    expect(page.locator("#drop")).to_be_hidden()


def test_an_entity_ends_no_sentence_of_bio(visit):
    page = visit(text="")
    answer(page, [(0, 3, "A"), (3, 8, "ORG"), (10, 12, "B")])
    type_text(page, "你好！Ya!奇摩。\n青岛")
    page.locator("#copy-bio").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    tags = [line[2:] for line in page.evaluate("navigator.clipboard.readText()").split("\n")]
    assert tags == ["B-A", "I-A", "I-A", "", "B-ORG", *["I-ORG"] * 4, "O", "", "B-B", "I-B", ""]


def test_white_space_of_an_entity_is_shown_once(visit):
    page = visit(text="")
    answer(page, [(0, 3, "PER")])
    type_text(page, "王海\n青岛")
    assert marks(page) == ["王海\n"]
    assert page.locator("#result").text_content().endswith("⋯青岛⋯")
    assert page.locator("#result").text_content().count("\n") == 1


def test_text_from_right_to_left_leaves_marks_whole(visit):
    page = visit(text="")
    answer(page, [(6, 10, "PER")])
    type_text(page, "مرحبا محمد صديق")
    assert page.locator("#result mark").evaluate("(each) => each.getClientRects().length") == 1


def test_tips_stay_in_the_window(visit):
    page = visit(width=320, text="")
    answer(page, [(3 * i, 3 * i + 2, "A") for i in range(12)])
    type_text(page, "王海、" * 12)
    places = page.locator("#result mark").evaluate_all("""(all) => all.map((each) => {
        each.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        each.focus({ focusVisible: true });
        const { left, width } = getComputedStyle(each, "::after");
        const start = each.getClientRects()[0].left + parseFloat(left);
        return [start, start + parseFloat(width)];
    })""")
    assert len(places) == 12 and all(start >= 0 and end <= 320 for start, end in places), places


def test_a_text_of_very_many_lines(visit):
    page = visit(text="")
    page.locator("#model").select_option("contract")
    text = "好\n" * 70_000 + TEXT[:2]
    page.locator("#text").evaluate("(each, text) => { each.value = text; each.oninput(); }", text)
    expect(page.locator("#length")).to_have_text("140002 characters")
    expect(page.locator("#result")).to_have_attribute("aria-busy", "false", timeout=120_000)
    assert page.locator("#result").evaluate("(each) => each.textContent.length") == len(text)
