import sys

import pytest
import spacy
from conftest import SENTENCES
from typer.testing import CliRunner

from spacy_cner import nn
from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs, save
from spacy_cner.corpus.silver import silver_docs
from spacy_cner.errors import InputError

TEXTS = [text for text, _ in SENTENCES]


@pytest.fixture(autouse=True)
def folder(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained.to_disk("model")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("\n".join([*TEXTS, TEXTS[0], "青岛"]), encoding="utf-8")
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["teach", *args])


def test_a_file_to_train_on(folder):
    result = run("model", "new/silver.spacy", "texts", "--empty", "0")
    assert result.exit_code == 0, result.output
    assert (
        "new/silver.spacy: 5 of 6 texts, 9 entities; left out: 0 with an entity under 0, 1 without entities, "
        "1 repeated, 1 too short" in result.output
    )
    silver = {doc.text: [(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in read_docs(folder / "new")}
    assert silver == {text: entities for text, entities in SENTENCES if entities}


def test_a_folder_gets_a_file_as_soon_as_it_is_full(folder, monkeypatch):
    module = sys.modules["spacy_cner.cli.teach"]
    monkeypatch.setattr(module, "SHARD", 2)
    seen = []

    def spy(*args, **kwargs):
        for doc in silver_docs(*args, **kwargs):
            seen.append(len(list(folder.glob("silver/*.spacy"))))
            yield doc

    monkeypatch.setattr(module, "silver_docs", spy)
    assert run("model", "silver", "texts", "--empty", "0").exit_code == 0
    assert seen == [0, 0, 1, 1, 2]
    assert [doc.text for doc in read_docs(folder / "silver")] == [text for text, ents in SENTENCES if ents]
    again = run("model", "silver", "texts")
    assert again.exit_code == 1 and "silver: expected the same empty as before, 0.0, got 0.3" in again.output
    (folder / "silver" / "teach.json").unlink()
    again = run("model", "silver", "texts")
    assert again.exit_code == 1 and "silver: expected a .spacy file or a new folder to write" in again.output


@pytest.mark.parametrize("until", range(5))
def test_a_folder_is_gone_on_with(folder, monkeypatch, until):
    module = sys.modules["spacy_cner.cli.teach"]
    monkeypatch.setattr(module, "SHARD", 2)
    options = ["--empty", "0.5", "--seed", "3"]
    whole = run("model", "whole", "texts", *options)

    def stop(*args, **kwargs):
        for i, doc in enumerate(silver_docs(*args, **kwargs)):
            if i == until:
                raise InputError("stopped")
            yield doc

    with monkeypatch.context() as patch:
        patch.setattr(module, "silver_docs", stop)
        assert run("model", "silver", "texts", *options).exit_code == 1
    assert len(list(folder.glob("silver/*.spacy"))) == until // 2
    again = run("model", "silver", "texts", *options)
    assert again.exit_code == 0 and ("goes on after them" in again.output) == (until >= 2)
    assert again.output.splitlines()[-1] == whole.output.splitlines()[-1].replace("whole", "silver")
    for path in (folder / "whole").glob("*.spacy"):
        assert docs_of(folder / "silver" / path.name) == docs_of(path)
    third = run("model", "silver", "texts", *options)
    assert third.exit_code == 0 and len(list(folder.glob("silver/*.spacy"))) == len(list(folder.glob("whole/*.spacy")))


def test_a_folder_with_the_rest_of_a_killed_start(folder):
    (folder / "silver" / "teach.json.abc.part").mkdir(parents=True)
    result = run("model", "silver", "texts", "--empty", "0.5")
    assert result.exit_code == 0, result.output
    assert not list(folder.glob("silver/*.part"))


def docs_of(path):
    return [(doc.text, [(e.start_char, e.end_char, e.label_) for e in doc.ents]) for doc in read_docs(path)]


@pytest.mark.parametrize("precision, expected", [((), "auto"), (("--precision", "float32"), "float32")])
def test_precision_while_it_annotates(monkeypatch, precision, expected):
    module, seen = sys.modules["spacy_cner.cli.teach"], []

    def spy(*args, **kwargs):
        for doc in silver_docs(*args, **kwargs):
            seen.append(nn.precision._of_prediction)
            yield doc

    monkeypatch.setattr(module, "silver_docs", spy)
    assert run("model", "out.spacy", "texts", *precision).exit_code == 0
    assert set(seen) == {expected}
    assert nn.precision._of_prediction == "float32"


def test_limit_and_lengths(folder):
    total = len(TEXTS[0]) + len(TEXTS[1])
    result = run("model", "a.spacy", "texts", "--limit", str(total))
    assert result.exit_code == 0 and "there is more text than --limit" in result.output
    assert [doc.text for doc in read_docs(folder / "a.spacy")] == TEXTS[:2]
    assert run("model", "b.spacy", "texts", "--min-length", "2", "--max-length", "2").exit_code == 0
    assert {len(doc.text) for doc in read_docs(folder / "b.spacy")} == {2}


@pytest.mark.parametrize(
    "args, message",
    [
        (["model", "out.spacy", "none.txt"], "none.txt: expected a text file or a folder, found nothing there"),
        (["blank", "out.spacy", "texts"], "blank: expected a pipeline that finds entities, got sentencizer"),
        (["model", "out.spacy", "texts", "--limit", "5"], "texts: expected texts to read, got none"),
        (["model", "out.spacy", "texts", "--max-length", "5"], "expected --min-length up to --max-length, got 8 and 5"),
        (["no_such_model", "out.spacy", "texts"], "no_such_model: expected a pipeline that loads"),
    ],
)
def test_bad_input(folder, args, message):
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    nlp.to_disk("blank")
    result = run(*args)
    assert result.exit_code == 1
    assert message in result.output
    assert not (folder / "out.spacy").exists()


def test_a_folder_that_a_kill_left_at_its_first_file_is_gone_on_with(folder, monkeypatch):
    module = sys.modules["spacy_cner.cli._silver_folder"]

    def killed(docs, path):
        save(docs, path)
        raise InputError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(module, "save", killed)
        assert run("model", "silver", "texts").exit_code == 1
    assert run("model", "silver", "texts").exit_code == 0
    assert run("model", "whole", "texts").exit_code == 0
    for path in (folder / "whole").glob("*.spacy"):
        assert docs_of(folder / "silver" / path.name) == docs_of(path)
