"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import json
from pathlib import Path

import pytest
from conftest import SENTENCES
from playwright.sync_api import expect
from serve.pages import TEXT, drop, drop_all, marks, type_text

HERE = Path(__file__).parent
EVIL = "<script>alert(1)</script>"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"


def test_entities_of_what_is_typed(visit, trained_joint):
    page = visit()
    found = [ent.text for ent in trained_joint(TEXT).ents]
    assert marks(page) == found
    assert page.locator("#status").text_content() == f"{len(found)} found"
    mark = page.locator("#result mark").first
    assert mark.get_attribute("data-tip").startswith("PER · ")
    mark.hover()
    assert "PER" in mark.evaluate("(each) => getComputedStyle(each, '::after').content")
    page.keyboard.press("Tab")  # keyboards get there too
    assert page.locator("#rows tr").count() == len(found)
    page.locator("#text").fill("")
    expect(page.locator("#result .empty")).to_be_visible()


def test_threshold_and_labels_act_at_once(visit):
    page = visit()
    before, asked = len(marks(page)), []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#threshold").evaluate("(each) => { each.value = 101; each.dispatchEvent(new Event('input')); }")
    assert page.locator("#threshold-value").text_content() == "100 %"
    assert len(marks(page)) <= before
    page.locator("#threshold").press("Home")
    assert len(marks(page)) == before
    label = page.locator("#labels button", has_text="LOC")
    label.click()
    assert label.get_attribute("aria-pressed") == "false"
    assert len(marks(page)) == before - int(label.locator(".count").text_content())
    label.click()
    assert len(marks(page)) == before and asked == []


def test_readings_and_words(visit):
    page = visit()
    page.locator(".other").nth(1).click()
    expect(page.locator("#readings-list li").first).to_be_visible()
    assert 1 < page.locator("#readings-list li").count() <= 6
    assert "青岛" in page.locator("#readings-list li").first.text_content()
    page.locator("#readings-close").click()
    expect(page.locator("#readings")).to_be_hidden()
    page.locator("#words").check()
    assert "海风" in page.locator("#result .word").all_text_contents()


def test_languages_and_themes(visit):
    page = visit()
    assert page.locator("#find").text_content() == "Find entities"
    page.locator("#language").click()
    assert page.locator("#find").text_content() == "识别实体"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    expect(page.locator("#find")).to_have_text("识别实体")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert visit(language="zh-CN", scheme="dark").locator("html").get_attribute("data-theme") == "dark"


def test_text_is_text(visit):
    page = visit(text="")
    page.locator("#model").select_option("contract")
    type_text(page, f"王海说{EVIL}，<img src=x onerror=alert(2)>。")
    assert marks(page) == ["王海", EVIL]
    assert page.locator("#result script, #result img").count() == 0
    assert EVIL in page.locator("#rows").text_content()


def test_dates_refer_to_the_chosen_day(visit):
    page = visit(text="")
    expect(page.locator("#today-field")).to_be_hidden()
    page.locator("#model").select_option("known")
    page.locator("#table-box summary").click()
    type_text(page, "明天见")
    before = page.locator("#rows .value").all_text_contents()
    page.locator("#today").fill("2020-02-28")
    expect(page.locator("#rows .value")).to_have_text(["2020-02-29"])
    assert page.locator("#today-field").text_content().startswith("Today is")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate("axe.run().then((done) => done.violations.map((each) => each.id))") == []
    page.locator("#today").fill("")
    expect(page.locator("#rows .value")).to_have_text(before)
    page.locator("#model").select_option("joint")
    expect(page.locator("#today-field")).to_be_hidden()


def test_identifiers_are_links(visit):
    page = visit(text="")
    page.locator("#model").select_option("known")
    type_text(page, "云雀比石榴好用。")
    link = page.locator("#result mark a")
    expect(link).to_have_count(1)  # the other identifier is a script, and stays text
    assert link.text_content() == "P 2" and link.get_attribute("href") == "https://shop.example/P%202"
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
    assert page.locator("#result mark .id").all_text_contents() == ["P 2", "javascript:alert(1)"]
    assert page.locator("#result mark").first.get_attribute("data-tip").endswith("https://shop.example/P%202")
    page.locator("#table-box summary").click()
    assert page.get_by_role("columnheader", name="Knowledge base").is_visible()
    expect(page.locator("#value-head")).to_be_hidden()
    assert page.locator("#rows a").all_text_contents() == ["P 2"]
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate("axe.run().then((done) => done.violations.map((each) => each.id))") == []
    opened = []
    page.context.route("https://shop.example/**", lambda route: (opened.append(route.request.url), route.abort()))
    with page.context.expect_page():
        link.click()
    page.wait_for_timeout(200)
    assert opened == ["https://shop.example/P%202"] and page.url.startswith("http://127.0.0.1")
    type_text(page, "卖1299元。")
    expect(page.locator("#entry-head")).to_be_hidden()
    assert page.locator("#rows .value").all_text_contents() == ["1299 CNY"]
    assert page.get_by_role("columnheader", name="Value").is_visible()


def test_copies(visit):
    page = visit(text=SENTENCES[0][0])
    page.locator("#copy-json").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert [(each["start"], each["end"], each["label"]) for each in copied["entities"]] == SENTENCES[0][1]
    page.locator("#model").select_option("contract")
    type_text(page, "😀王海去了青岛🏖，真好。")
    page.locator("#copy-bio").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[:5] == ["😀\tO", "王\tB-PER", "海\tI-PER", "去\tO", "了\tO"]


def test_files_are_annotated(visit, tmp_path):
    page = visit()
    file = tmp_path / "信.jsonl"
    rows = [{"id": f"a{i}", "text": SENTENCES[i % 6][0]} for i in range(250)]
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#job-link")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#job-link").click()
    assert download.value.suggested_filename == "信.entities.jsonl"
    found = [json.loads(line) for line in Path(download.value.path()).read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert [[each["start"], each["end"], each["label"]] for each in found[0]["entities"]] == [
        list(each) for each in SENTENCES[0][1]
    ]
    drop(page, "gbk.txt", "王海在大连。\n".encode("gb18030"))
    expect(page.locator("#job-name")).to_have_text("1 texts annotated")
    drop(page, "bad.jsonl", b'{"text": "a"}\n{"txt": 1}\n')
    expect(page.locator("#problem")).to_have_text('bad.jsonl: Line 2: expected a JSON object with a "text"')


def test_one_file_at_a_time(visit):
    page = visit()
    drop_all(page, {"a.txt": "王海".encode(), "b.txt": "青岛".encode()})
    expect(page.locator("#problem")).to_contain_text("one at a time")
    expect(page.locator("#job")).to_be_hidden()


def test_it_fits_a_telephone(visit):
    page = visit(width=320, text=f"{TEXT}{'很长' * 80}https://example.org/{'a' * 200}")
    page.locator(".other").first.click()
    expect(page.locator("#readings-list li").first).to_be_visible()
    page.locator("#table-box summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.locator("button:visible, select:visible").evaluate_all(
        "all => all.filter((each) => each.getBoundingClientRect().height < 24).map((each) => each.outerHTML)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width, language", [(1200, "en-US"), (320, "zh-CN")])
def test_axe_finds_nothing(visit, scheme, width, language):
    assert AXE.is_file(), "expected axe-core: npm install --no-package-lock --prefix tests/serve"
    page = visit(width=width, language=language, scheme=scheme)
    page.locator(".other").first.click()
    expect(page.locator("#readings-list li").first).to_be_visible()
    page.locator("#table-box summary").click()
    page.locator("#labels button").first.click()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((done) => done.violations)")
    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found] == []
