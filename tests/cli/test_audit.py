import json

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app


def save(path, *texts):
    nlp, docs = spacy.blank("zh"), []
    for text in texts:
        doc = nlp.make_doc(text)
        place = text.find("王海")
        doc.ents = [doc.char_span(place, place + 2, "PER")] if place >= 0 else []
        docs.append(doc)
    DocBin(docs=docs).to_disk(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("train.spacy", "王海去了青岛，又去了<大连>。", "今天没有谁出门。", "今天没有谁出门。")
    save("test.spacy", "王海去了青岛，又去了<大连>。", "王海说：坏\ufffd")
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["audit", *args])


def test_table_json_and_page(folder):
    result = run("train.spacy", "test.spacy", "--html", "audit.html", "-o", "audit.json")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "1 in two files the same text or sentence in two files" in lines
    assert "test, document 1: 王海去了青岛，又去了<大连>。 as document 1 of train" in lines
    found = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    assert found["counts"] == {"duplicate": 1, "in two files": 1, "encoding": 1}
    assert found["findings"][2]["text"] == "王海说：坏[\ufffd]"
    page = (folder / "audit.html").read_text(encoding="utf-8")
    assert "又去了&lt;大连&gt;" in page and "<mark>\ufffd</mark>" in page


def test_nothing_to_find(folder):
    save("clean.spacy", "王海去了青岛。", "王海又去了大连。")
    assert "nothing is suspicious" in run("clean.spacy").stdout
    assert json.loads(run("clean.spacy", "--json").stdout) == {"counts": {}, "findings": []}


def test_missing_annotation_is_not_suspicious(folder):
    save("train.spacy", *(f"王海第{i}次来" for i in range(6)), "今天王海也来")
    docs = list(DocBin().from_disk("train.spacy").get_docs(spacy.blank("zh").vocab))
    docs[-1].set_ents([], missing=[docs[-1][2:6]], default="outside")
    DocBin(docs=docs).to_disk("train.spacy")
    assert "nothing is suspicious" in run("train.spacy").stdout
    docs[-1].set_ents([], default="outside")
    DocBin(docs=docs).to_disk("train.spacy")
    assert "今天[王海]也来  no entity; elsewhere PER" in run("train.spacy").stdout


def test_likely_errors_need_enough_to_learn_from(folder):
    result = run("train.spacy", "--folds", "9")
    assert result.exit_code == 1 and "expected at least 9 different texts" in result.stderr


def test_prepare_says_what_is_suspicious(folder):
    lines = [json.dumps({"text": f"王海第{i}次来", "label": [[0, 2, "PER"]]}) for i in range(20)]
    bad = json.dumps({"text": "王海，走了", "label": [[0, 3, "PER"]]})
    (folder / "mine.jsonl").write_text("\n".join([*lines, bad]), encoding="utf-8")
    result = CliRunner().invoke(app, ["prepare", "mine.jsonl", "corpus", "--format", "doccano"])
    assert result.exit_code == 0, result.output
    assert "suspicious: 1 border; python -m spacy_cner audit corpus/train.spacy" in result.stderr
