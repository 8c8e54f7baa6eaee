"""Servers and pipelines that the tests of the service share."""

import json
import shutil
from pathlib import Path

import pytest
import spacy
from playwright.sync_api import sync_playwright
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
