import pytest
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs


@pytest.fixture
def run(tmp_path):
    def run(content, *options):
        path = tmp_path / "my data.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = CliRunner().invoke(app, ["prepare", str(path), str(tmp_path / "out"), *options])
        files = sorted((tmp_path / "out").glob("*.spacy"))
        return result, {file.stem: list(read_docs(file)) for file in files}

    return run


def test_notes_of_convert(run):
    result, parts = run("王 I-PER\n海 I-PER\n\n" * 20, "--format", "bio")
    assert result.exit_code == 0, result.output
    assert {part: len(docs) for part, docs in parts.items()} == {"dev": 2, "test": 2, "train": 16}
    assert "20 x tag sequence that bio does not allow, repaired" in result.stderr
    assert "20 sentences, 40 characters, 20 entities (utf-8), 0 skipped" in result.stderr


def test_options_of_convert(run):
    tagged = "林小燕/nh 在/p 大连/ns 工作/v\n" * 10
    result, parts = run(tagged.encode("utf-16-le"), "-f", "tagged", "--encoding", "utf-16-le", "--tag-set", "ltp")
    assert result.exit_code == 0, result.output
    assert {(ent.text, ent.label_) for ent in parts["dev"][0].ents} == {("林小燕", "PER"), ("大连", "LOC")}
    result, parts = run(tagged + "海\n", "-f", "tagged", "--labels", "nh=人", "--lenient")
    assert result.exit_code == 0 and [ent.label_ for ent in parts["dev"][0].ents] == ["人"]
    assert "Skipped" in result.stderr and "expected word/tag" in result.stderr
    result, _ = run('{"text": "😀王海", "label": [[2, 4, "PER"]]}\n' * 10, "-f", "doccano", "--offsets", "utf16")
    assert result.exit_code == 0 and "10 entities" in result.stderr
    result, _ = run("1\t王海\tB-PER\t-\n\n" * 10, "-f", "conll", "--column", "2", "--tag-column", "3")
    assert result.exit_code == 0 and "10 entities" in result.stderr
    result, _ = run("王 I-PER\n\n" * 10, "-f", "bio", "--strict-tags")
    assert result.exit_code == 1 and "expected a legal bio sequence" in result.stderr


def test_options_that_a_workflow_leaves_empty(run):
    options = ["--encoding", "", "--labels", "", "--tag-set", "", "--offsets", "", "--scheme", ""]
    result, _ = run("[王海]PER 来 了\n" * 10, "--format", "markup", *options)
    assert result.exit_code == 0, result.output


def test_no_entity_is_an_error_before_training(run):
    result, parts = run('{"text": "王海来了"}\n' * 20, "--format", "doccano")
    assert result.exit_code == 1 and not parts
    assert "expected annotated entities, got none in 20 sentences; 20 x object without annotation" in result.stderr


@pytest.mark.parametrize(
    "options, message",
    [
        ([], "expected --corpus NAME for a folder of corpora, or --format NAME for one file, got neither"),
        (["--format", "bio", "--offsets", "utf16"], "expected --offsets with the format cluener or doccano"),
        (["--format", "bio", "--corpus", "mine"], "expected --corpus and --recipes for a folder of corpora"),
        (["--format", "bio", "--recipes", "none.yml"], "or --format for one file, got both"),
        (["--corpus", "mine", "--encoding", "gbk"], "expected --encoding with --format alone"),
        (["--corpus", "mine", "--labels", "nr=PER"], "expected --labels with --format alone"),
        (["--corpus", "mine", "--recipes", "none.yml"], "none.yml: expected a YAML file of corpora"),
    ],
)
def test_options_that_cannot_be_used(run, options, message):
    result, parts = run("王 O\n", *options)
    assert result.exit_code == 1 and not parts and message in result.stderr


def test_a_part_of_another_corpus_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text("[王海]PER来了\n" * 10, encoding="utf-8")
    (tmp_path / "recipes.yml").write_text(
        "one: {folder: ., format: markup, train: one.txt, dev_share: 0.2, test_share: 0.2}\n"
        "two: {folder: ., format: markup, train: two.txt, dev_share: 0.2}\n",
        encoding="utf-8",
    )
    for name in ("one", "two"):
        arguments = ["prepare", ".", "out", "--corpus", name, "--recipes", "recipes.yml"]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert ("test.spacy: the corpus has no such part" in result.stderr) == (name == "two")
