"""`average` with development data."""

import json

import pytest
import spacy
from conftest import SENTENCES, make_examples, train
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app


@pytest.fixture
def folder(trained, tmp_path, monkeypatch):
    """Two trainings from one start, the second far less good, and gold documents."""
    monkeypatch.chdir(tmp_path)
    trained.to_disk("good")
    nlp = spacy.load("good")
    nothing = make_examples(nlp, [(text, []) for text, _ in SENTENCES])
    train(nlp, nothing, steps=30, rate=0.01)
    nlp.to_disk("bad")
    DocBin(docs=[example.reference for example in make_examples(nlp)]).to_disk("dev.spacy")
    return tmp_path


def run(line, code=0):
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == code, result.output
    return result


def test_figures_are_those_of_evaluate_and_the_average_has_its_own(folder):
    figures = json.loads(run("average good bad -o out --dev dev.spacy --json").stdout)
    for name, f in {**figures["parts"], "out": figures["average"]}.items():
        assert json.loads(run(f"evaluate {name} dev.spacy --json").stdout)["ents_f"] == f
    assert figures["parts"]["good"] == 1 > figures["parts"]["bad"]
    assert spacy.load("out").meta["performance"]["ents_f"] == pytest.approx(figures["average"])


def test_an_average_that_is_worse_than_a_part_is_said(folder):
    result = run("average good bad -o out --dev dev.spacy")
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["good", "bad", "average"]
    assert "out: the average is worse on dev.spacy than good" in result.stderr
    assert "worse" not in run("average good good -o same --dev dev.spacy").stderr


def test_documents_without_entities_are_refused(folder):
    DocBin(docs=[spacy.blank("zh").make_doc("王海在青岛。")]).to_disk("plain.spacy")
    result = run("average good good -o out --dev plain.spacy", code=1)
    assert "plain.spacy: expected" in result.stderr and not (folder / "out").exists()
