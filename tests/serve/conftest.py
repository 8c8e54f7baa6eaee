"""Servers and pipelines that the tests of the service share."""

import json
import shutil
from pathlib import Path

import pytest
import spacy
from playwright.sync_api import expect, sync_playwright
from serve.pages import TEXT, type_text
from serve.running import RunningServer

import spacy_cner

ROOT = Path(spacy_cner.__file__).parents[1]
CONTRACT = json.loads((ROOT / "docs" / "offsets.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def models(trained_joint, tmp_path_factory):
    """`joint` finds words and entities with probabilities, `contract` what docs/offsets.json says, and an entity that
    is a tag of HTML, `known` terms with identifiers, those of a request and its own."""
    folder = tmp_path_factory.mktemp("served")
    trained_joint.to_disk(folder / "joint")
    nlp = spacy.blank("zh")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(CONTRACT["patterns"])
    ruler.add_patterns([{"label": "XSS", "pattern": "<script>alert(1)</script>"}])
    nlp.to_disk(folder / "contract")
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary", config={"kb_url_template": "https://shop.example/{}"}).add([("云雀", "X", "P 2")])
    nlp.add_pipe("cner_dictionary", "plain").add([("石榴", "X", "javascript:alert(1)")])
    nlp.add_pipe("cner_values")
    nlp.to_disk(folder / "known")
    return folder


@pytest.fixture(scope="session")
def server(models):
    with RunningServer(models / "joint", models / "contract", models / "known") as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "expected chromium for the tests of the page, found none: apt-get install chromium"
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, and CI runs as root; it shows nothing but the page under test.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server):
    """Opens the page in a new profile. All that goes wrong in it fails the test."""
    contexts, faults = [], []

    def visit(*, language="en-US", width=1200, scheme="light", url=server.url, text=TEXT, ready="mark"):
        context = browser.new_context(
            locale=language, viewport={"width": width, "height": 800}, color_scheme=scheme, accept_downloads=True
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        page.on(
            "request", lambda request: None if request.url.startswith((url, "blob:")) else faults.append(request.url)
        )
        page.goto(url)
        expect(page.locator(ready).first).to_be_visible()
        if text:
            type_text(page, text)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []
