import pytest
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs


@pytest.fixture
def run(tmp_path):
    def run(content, *options):
        path = tmp_path / "a.txt"
        path.write_text(content, encoding="utf-8")
        output = tmp_path / "new" / "a.spacy"
        result = CliRunner().invoke(app, ["convert", str(path), str(output), *options])
        return result, list(read_docs(output)) if output.exists() else None

    return run


def test_convert(run):
    result, docs = run("[王海]PER 去 [大连]LOC\n", "--format", "markup")
    assert result.exit_code == 0, result.output
    assert "a.spacy: 1 sentences, 5 characters, 2 entities, 3 words (utf-8), 0 skipped" in result.stderr
    assert [(ent.text, ent.label_) for ent in docs[0].ents] == [("王海", "PER"), ("大连", "LOC")]


def test_bad_input_leaves_no_file(run):
    result, docs = run("王 O\n海\n", "--format", "bio")
    assert result.exit_code == 1 and docs is None
    assert "a.txt:2: expected a character and a tag with a tab or a space between in '海'" in result.stderr


def test_lenient(run):
    result, docs = run("王 O\n\n海\n\n去 O\n", "--format", "bio", "--lenient")
    assert result.exit_code == 0 and [doc.text for doc in docs] == ["王", "去"]
    assert "2 sentences, 2 characters, 0 entities (utf-8), 1 skipped" in result.stderr
    assert "a.txt:3: expected a character and a tag" in result.stderr


def test_repaired_tags(run):
    content = "\n".join(["王 I-PER\n"] * 4)
    result, docs = run(content, "--format", "bio")
    assert result.exit_code == 0 and sum(len(doc.ents) for doc in docs) == 4
    assert "4 x tag sequence that bio does not allow, repaired" in result.stderr
    assert "a.txt:5, ...)" in result.stderr and "a.txt:7" not in result.stderr
    result, _ = run(content, "--format", "bio", "--strict-tags")
    assert result.exit_code == 1 and "a.txt:1: expected a legal bio sequence" in result.stderr


def test_labels(run):
    _, docs = run("王海/nr 去/v 大连/ns", "--format", "tagged", "--labels", "ns=GPE, v=VERB")
    assert [(ent.text, ent.label_) for ent in docs[0].ents] == [("去", "VERB"), ("大连", "GPE")]


@pytest.mark.parametrize(
    "options, message",
    [
        (["--format", "conllx"], "expected a format out of bio"),
        (["--format", "bio", "--offsets", "utf16"], "expected --offsets with the format cluener or doccano"),
        (["--format", "doccano", "--offsets", "utf-32"], "expected --offsets out of codepoint, utf16"),
        (["--format", "tagged", "--tag-set", "pfr"], "expected --tag-set out of pku"),
        (["--format", "tagged", "--tag-set", "pku", "--labels", "nr=PER"], "expected --labels or --tag-set, got both"),
        (["--format", "conll", "--scheme", "iob"], "expected --scheme out of bio"),
        (["--format", "tagged", "--labels", "nr=PER,nr=ORG"], "expected each tag once"),
        (["--format", "bio", "--encoding", "utf-99"], "utf-99"),
        (["--format", "bio", "--labels", "nr=PER"], "expected --labels with the format tagged"),
        (["--format", "markup", "--strict-tags"], "expected --strict-tags with the format bio"),
        (["--format", "tagged", "--labels", "nr"], "expected labels as in nr=PER,ns=LOC, got 'nr'"),
    ],
)
def test_options_that_cannot_be_used(run, options, message):
    result, docs = run("王 O\n", *options)
    assert result.exit_code == 1 and docs is None and message in result.stderr


@pytest.mark.parametrize("command", ["convert", "sample", "split", "segment", "pseudo"])
def test_other_names_than_those_of_spacy_files_are_refused(tmp_path, command):
    path, output = tmp_path / "a.txt", tmp_path / "out.jsonl"
    path.write_text("[王海]PER 去 [大连]LOC\n[林燕]PER 在 [青岛]LOC\n" * 5, encoding="utf-8")
    source = str(tmp_path / "a.spacy")
    assert CliRunner().invoke(app, ["convert", str(path), source, "--format", "markup"]).exit_code == 0
    arguments = {
        "convert": [str(path), str(output), "--format", "markup"],
        "sample": [source, str(output), "--fraction", "0.5"],
        "split": [source, "--train", str(output), "--dev", str(tmp_path / "dev.spacy")],
        "segment": ["jieba", source, str(output)],
        "pseudo": [source, str(output)],
    }
    result = CliRunner().invoke(app, [command, *arguments[command]])
    assert result.exit_code == 1 and "out.jsonl: expected the name of a .spacy file to write" in result.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.spacy", "a.txt"]
