import json

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.docbin import save


@pytest.fixture
def files(tmp_path):
    for name, text in {"train": "[王海]PER 去 [大连]LOC\n", "test": "[王海]PER\n[海]PER 去 [青岛]LOC\n"}.items():
        path = tmp_path / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
        save(convert(path, "markup")[0], tmp_path / f"{name}.spacy")
    return str(tmp_path / "train.spacy"), str(tmp_path / "test.spacy")


def run(*arguments):
    return CliRunner().invoke(app, ["stats", *arguments])


def test_json(files):
    train, test = files
    expected = {"sentences": 2, "characters": 6, "entities": 3, "types": {"PER": 2, "LOC": 1}, "oov_rate": None}
    assert json.loads(run(test, "--json").stdout) == expected
    assert json.loads(run(test, "--against", train, "--json").stdout) == {**expected, "oov_rate": pytest.approx(2 / 3)}


def test_table(files):
    train, test = files
    lines = [line.split() for line in run(test, "--against", train).stdout.splitlines()]
    expected = ["Sentences 2", "Characters 6", "Entities 3", "PER 2", "Not in training 66.67%"]
    assert all(row.split() in lines for row in expected)


def test_not_a_spacy_file(tmp_path):
    (tmp_path / "a.spacy").write_text("王 O")
    result = run(str(tmp_path / "a.spacy"), "--json")
    assert result.exit_code == 1 and "a.spacy: expected a .spacy file" in result.stderr and not result.stdout


def test_a_training_set_without_entities_is_none(files, tmp_path):
    bare = tmp_path / "bare.spacy"
    DocBin(docs=[spacy.blank("zh").make_doc("没有标注")]).to_disk(bare)
    result = run(files[1], "--against", str(bare))
    assert result.exit_code == 1 and "bare.spacy: expected a training set with entities, got none" in result.stderr
