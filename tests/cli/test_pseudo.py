import pytest
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import chinese_vocab, read_docs, save
from spacy_cner.corpus.document import AnnotatedText

SENTENCES = [
    AnnotatedText("王海去青岛。", [(0, 2, "PER"), (3, 5, "LOC")], [(0, 2), (2, 3), (3, 5), (5, 6)]),
    AnnotatedText("今天没有谁。", [], [(0, 2), (2, 4), (4, 5), (5, 6)]),
    AnnotatedText("林小燕也去。", [(0, 3, "PER")], [(0, 3), (3, 4), (4, 5), (5, 6)]),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vocab = chinese_vocab()
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[text.to_doc(vocab) for text in SENTENCES])
    save(docs, tmp_path / "train.spacy")
    (tmp_path / "names.txt").write_text("陈晨\tPER\n", encoding="utf-8")
    (tmp_path / "places.jsonl").write_text('{"label": "LOC", "pattern": "大连"}\n', encoding="utf-8")

    def run(command):
        result = CliRunner().invoke(app, ["pseudo", *command.split()])
        output = tmp_path / "out.spacy"
        return result, [AnnotatedText.from_doc(doc) for doc in read_docs(output)] if output.exists() else None

    return run


def test_originals_and_pseudo_samples(run):
    result, texts = run("train.spacy out.spacy")
    assert result.exit_code == 0, result.output
    assert "out.spacy: 5 documents, 2 of them pseudo samples of 3 originals" in result.stderr
    assert [text.text for text in texts] == [
        "王海去青岛。",
        "林小燕去青岛。",
        "今天没有谁。",
        "林小燕也去。",
        "王海也去。",
    ]
    assert [texts[0], texts[2], texts[3]] == SENTENCES
    assert texts[1].words == [(0, 3), (3, 4), (4, 6), (6, 7)]
    assert texts[1].entities == [(0, 3, "PER"), (4, 6, "LOC")]


def test_all_options(run):
    command = "train.spacy out.spacy --amount 20 --types PER --types LOC --only-pseudo"
    command += " --gazetteer names.txt --gazetteer places.jsonl"
    result, texts = run(command)
    assert result.exit_code == 0 and "40 documents, 40 of them pseudo samples" in result.stderr, result.output
    assert {text.text for text in texts} == {"林小燕去大连。", "陈晨去大连。", "王海也去。", "陈晨也去。"}
    assert run(command)[1] == texts
    assert run(f"{command} --seed 1")[1] != texts


@pytest.mark.parametrize(
    "command, message",
    [
        ("none.spacy out.spacy", "none.spacy: expected a .spacy file"),
        ("train.spacy out.spacy --amount -1", "expected an amount of pseudo samples"),
        ("train.spacy out.spacy --types ORG", "expected names of ORG in train.spacy, found only PER, LOC"),
        ("train.spacy out.spacy --gazetteer none.txt", "none.txt: expected a readable file"),
        ("train.spacy out.spacy --gazetteer places.jsonl --gazetteer train.spacy", "train.spacy"),
    ],
)
def test_what_cannot_be_made(run, command, message):
    result, texts = run(command)
    assert result.exit_code == 1 and message in result.stderr and texts is None
