import errno

import pytest
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.docbin import read_docs, save


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "all.txt"
    source.write_text("\n".join("零一二三四五六七八九"), encoding="utf-8")
    save(convert(source, "segmented")[0], tmp_path / "all.spacy")

    def run(command):
        result = CliRunner().invoke(app, command.split())
        return result, {p.stem: "".join(d.text for d in read_docs(p)) for p in tmp_path.glob("out/*")}

    return run


def test_order(run):
    command = "split all.spacy --train out/a.spacy --dev out/b.spacy --test out/c.spacy --ratio 6:3:1 --by order"
    result, files = run(command)
    assert result.exit_code == 0, result.output
    assert files == {"a": "零一二三四五", "b": "六七八", "c": "九"}


def test_random_by_default(run):
    _, files = run("split all.spacy --train out/a.spacy --dev out/b.spacy --test out/c.spacy --seed 4")
    assert {name: len(text) for name, text in files.items()} == {"a": 8, "b": 1, "c": 1}
    _, again = run("split all.spacy --train out/a.spacy --dev out/b.spacy --test out/c.spacy --by random --seed 4")
    assert again == files


def test_without_test_set(run):
    _, files = run("split all.spacy --train out/a.spacy --dev out/b.spacy")
    assert sorted(map(len, files.values())) == [1, 9]


def test_sample(run):
    result, files = run("sample all.spacy out/a.spacy --fraction 0.3 --by stratified")
    assert result.exit_code == 0 and "3 documents" in result.stderr
    assert len(files["a"]) == 3 and files["a"] == "".join(sorted(files["a"], key="零一二三四五六七八九".index))


def test_a_file_that_cannot_be_written_leaves_the_others_as_they_were(run, tmp_path, monkeypatch):
    command = "split all.spacy --train out/a.spacy --dev out/b.spacy --test out/c.spacy"
    _, before = run(f"{command} --seed 1")
    write, calls = DocBin.to_bytes, []

    def fail(docs):
        calls.append(docs)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "no space left")
        return write(docs)

    monkeypatch.setattr(DocBin, "to_bytes", fail)
    result, after = run(f"{command} --seed 2")
    assert result.exit_code == 1 and "no space left" in result.stderr
    assert after == before and len(before) == 3


@pytest.mark.parametrize(
    "command, message",
    [
        ("split all.spacy --train out/a.spacy --dev out/b.spacy --ratio 8:1:1", "each of the 2 files in the ratio"),
        ("split all.spacy --train out/a.spacy --dev out/b.spacy --ratio 8-2", "expected a ratio as in 8:1:1"),
        ("split all.spacy --train out/a.spacy --dev out/a.spacy", "expected different files"),
        ("split none.spacy --train out/a.spacy --dev out/b.spacy", "none.spacy: expected a .spacy file"),
        ("split all.spacy --train out/a.spacy --dev out/b.spacy --by size", "got 'size'"),
        ("sample all.spacy out/a.spacy --fraction 5", "expected a fraction between 0 and 1"),
        ("sample all.spacy out/a.spacy --fraction 0.01", "expected enough documents"),
        ("sample all.spacy out/a.spacy --fraction 0.99", "a ratio of 0.99:0.01, got 10"),
        ("split all.spacy --train out/a.spacy --dev out/b.spacy --ratio 99:1", "a ratio of 99:1, got 10"),
    ],
)
def test_what_cannot_be_split(run, command, message):
    result, files = run(command)
    assert result.exit_code == 1 and message in result.stderr and not files
