"""The report of errors, as a page without a server."""

import json
import re

import pytest
import spacy
from conftest import SENTENCES, make_examples
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.evaluation.audit.finding import Finding
from spacy_cner.evaluation.audit.page import page as audit_page
from spacy_cner.serve import report as module
from spacy_cner.serve.report import KINDS, _kind, compare, report

EVIL = "</script><script>alert(1)</script>"


@pytest.mark.parametrize(
    "gold, found, kinds",
    [
        ([(0, 2, "A")], [(0, 2, "A")], ["correct"]),
        ([(0, 2, "A")], [(0, 2, "B")], ["label"]),
        ([(0, 2, "A")], [(0, 3, "A")], ["border"]),
        ([(0, 2, "A")], [(1, 3, "B")], ["both"]),
        ([(0, 2, "A")], [(2, 3, "A")], ["missed", "extra"]),
        ([(0, 4, "A")], [(0, 2, "A"), (2, 4, "A")], ["border", "extra"]),
        ([(0, 2, "A"), (2, 4, "A")], [(0, 1, "B"), (1, 4, "A")], ["border", "missed", "extra"]),
        ([], [], []),
    ],
)
def test_kinds_of_errors(gold, found, kinds):
    assert sorted(pair["kind"] for pair in compare(gold, found)) == sorted(kinds)


SPANS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.sampled_from("AB")), max_size=5, unique=True).map(
    lambda spans: [(start, start + length, label) for start, length, label in spans]
)


@given(SPANS, SPANS)
def test_each_entity_is_in_one_pair(gold, found):
    pairs = compare(gold, found)
    assert sorted(pair["gold"] for pair in pairs if pair["gold"]) == sorted(gold)
    assert sorted(pair["found"] for pair in pairs if pair["found"]) == sorted(found)
    assert sum(pair["kind"] == "correct" for pair in pairs) == len(set(gold) & set(found))


def test_an_entity_is_compared_with_those_near_it_alone(monkeypatch):
    compared = []
    monkeypatch.setattr(module, "_kind", lambda *pair: compared.append(pair) or _kind(*pair))
    gold, found = ([(4 * i + shift, 4 * i + 3, "A") for i in range(500)] for shift in (0, 1))
    assert {pair["kind"] for pair in compare(gold, found)} == {"border"}
    assert len(compared) < 10 * 500


def test_documents_without_annotation_are_left_out_with_a_warning(trained, caplog):
    nlp = spacy.blank("zh")
    page, counts = report(trained, [*(each.reference for each in make_examples(nlp)), nlp.make_doc("王海来了")], "a")
    assert counts["extra"] == 0 and "王海来了" not in page
    count = len(SENTENCES)
    assert caplog.messages == [f"1 of {count + 1} documents without entity annotation are left out"]


def test_a_file_that_is_missing_is_named_once(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    gold = str(tmp_path / "none.spacy")
    result = CliRunner().invoke(app, ["report", str(tmp_path / "model"), gold, str(tmp_path / "out.html")])
    assert result.exit_code == 1 and result.stderr.count(gold) == 1


def test_the_page_shows_errors_and_runs_nothing_of_the_texts(browser, trained, tmp_path):
    nlp = spacy.blank("zh")
    wrong = [("王海在蓝天银行工作。", [(0, 2, "LOC")]), (f"林小燕说{EVIL}🙂青岛。", [(4, 4 + len(EVIL), "ORG")])]
    docs = [example.reference for example in make_examples(nlp, [*SENTENCES, *wrong])]
    DocBin(docs=docs).to_disk(tmp_path / "gold.spacy")
    trained.to_disk(tmp_path / "model")
    arguments = ["report", str(tmp_path / "model"), str(tmp_path / "gold.spacy"), str(tmp_path / "out.html")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    page, faults = browser.new_page(viewport={"width": 320, "height": 600}), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda said: faults.append(said.text))
    page.on("request", lambda request: faults.append(request.url) if "out.html" not in request.url else None)
    page.goto((tmp_path / "out.html").as_uri())
    expect(page.locator("article")).to_have_count(2)
    assert EVIL in page.locator("article").nth(1).text_content()
    assert "王海 LOC → 王海 PER" in page.locator("article").first.text_content()
    page.get_by_role("button", name="all texts").click()
    expect(page.locator("article")).to_have_count(8)
    page.get_by_role("searchbox").fill("大连")
    expect(page.locator("article")).to_have_count(1)
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox").select_option("ORG")
    page.get_by_role("button", name="any error").click()
    expect(page.locator("article")).to_have_count(2)  # a bank that the gold lacks, and a name that was missed
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert faults == []
    page.close()


def test_identifiers_are_links_in_the_report(browser, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary", config={"kb_url_template": "https://shop.example/{}"}).add([("云雀", "X", "P2")])
    nlp.add_pipe("cner_dictionary", "plain").add([("石榴", "X", "javascript:alert(1)"), ("大连", "X")])
    docs = [
        example.reference for example in make_examples(spacy.blank("zh"), [("大连的云雀比石榴好。", [(0, 2, "LOC")])])
    ]
    (tmp_path / "out.html").write_text(report(nlp, docs, "a")[0], encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "out.html").as_uri())
    assert page.locator("mark .id").all_text_contents() == ["P2", "javascript:alert(1)"]
    assert page.locator("mark a").evaluate_all("all => all.map((each) => each.href)") == ["https://shop.example/P2"]
    page.close()


def test_text_from_right_to_left_leaves_marks_whole(browser, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "محمد"}])
    docs = [example.reference for example in make_examples(nlp, [("مرحبا محمد صديق", [(6, 10, "LOC")])])]
    (tmp_path / "out.html").write_text(report(nlp, docs, "a")[0], encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "out.html").as_uri())
    pieces = page.locator("mark").evaluate_all("all => all.map((each) => each.getClientRects().length)")
    assert pieces == [1, 1]
    page.close()


def test_the_page_of_an_audit_fits_the_window(browser, tmp_path):
    found = Finding("duplicate", "a.spacy", 1, 0, 9, f"王海 https://example.org/{'a' * 500}", "again in b.spacy")
    (tmp_path / "audit.html").write_text(audit_page([found], "a"), encoding="utf-8")
    page = browser.new_page(viewport={"width": 700, "height": 600})
    page.goto((tmp_path / "audit.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.close()


def test_counts_are_those_of_the_scores(trained):
    docs = [example.reference for example in make_examples(spacy.blank("zh"))]
    page, counts = report(trained, docs, "<b>")
    assert counts == {**dict.fromkeys(KINDS, 0), "correct": sum(len(entities) for _, entities in SENTENCES)}
    assert "<title>&lt;b&gt;</title>" in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page).group(1))
    assert [row["text"] for row in data["rows"]] == [text for text, _ in SENTENCES]
    with pytest.raises(InputError, match="expected documents with entity annotation, got none"):
        report(trained, [], "a")
