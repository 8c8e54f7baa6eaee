import json

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.cli.compare import runs_of

NAMES = ["林小燕", "王海", "陈东", "周明"]


def gold_docs(nlp, count=60):
    docs = []
    for i in range(count):
        name = NAMES[i % 4]
        doc = nlp.make_doc(f"{name}去了青岛。")
        doc.ents = [doc.char_span(0, len(name), "PER"), doc.char_span(len(name) + 2, len(name) + 4, "LOC")]
        docs.append(doc)
    return docs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """`good` finds all, `bad` one name less; `runs` holds predictions of both."""
    monkeypatch.chdir(tmp_path)
    for name, known in (("good", NAMES), ("bad", NAMES[:3])):
        nlp = spacy.blank("zh")
        patterns = [{"label": "PER", "pattern": each} for each in known] + [{"label": "LOC", "pattern": "青岛"}]
        nlp.add_pipe("entity_ruler").add_patterns(patterns)
        nlp.to_disk(name)
    DocBin(docs=gold_docs(nlp)).to_disk("gold.spacy")
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["compare", *args])


def test_a_worse_pipeline_ends_with_4(folder):
    result = run("good", "bad", "gold.spacy", "--examples", "1", "--differences", "d.jsonl", "-o", "figures.json")
    assert result.exit_code == 4, result.output
    assert "B is worse: -6.67 points of F1" in result.stderr
    assert ["100.00", "93.33", "-6.67"] in [line.split()[:3] for line in result.stdout.splitlines()]
    assert "4: 周明去了青岛。\n  gold: 周明 PER, 青岛 LOC\n  A alone: 周明 PER\n  B alone: nothing" in result.stdout
    found = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert (found["verdict"], found["loss"], found["differing"]) == ("B is worse", True, 15)
    lines = (folder / "d.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 15 and json.loads(lines[0])["better"] == "A"


@pytest.mark.parametrize("args", [("bad", "good"), ("good", "good"), ("good", "bad", "--margin", "20")])
def test_else_with_0(folder, args):
    result = run(*args[:2], "gold.spacy", *args[2:], "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["loss"] is False


def test_kept_predictions_and_seeds(folder):
    for name in ("good", "bad"):
        (folder / f"{name}-runs").mkdir()
        for seed in "01":
            CliRunner().invoke(app, ["evaluate", name, "gold.spacy", "--save", f"{name}-runs/{seed}.spacy"])
    direct, kept, runs = (
        json.loads(run(a, b, "gold.spacy", "--json").stdout)
        for a, b in (("good", "bad"), ("good-runs/0.spacy", "bad"), ("good-runs", "bad-runs"))
    )
    assert direct == kept
    assert len(runs["a"]["of_runs"]) == 2 and runs["difference"] == pytest.approx(direct["difference"])


@pytest.mark.filterwarnings("ignore:.*without entity annotation")
def test_documents_with_words_alone_do_not_count(folder):
    nlp = spacy.blank("zh")
    words = Doc(nlp.vocab, words=list("王海来了"), spaces=[False] * 4)
    words.spans["words"] = [words[:2], words[2:]]
    DocBin(docs=[*gold_docs(nlp), words], store_user_data=True).to_disk("both.spacy")
    for name in ("good", "bad"):
        kept = CliRunner().invoke(app, ["evaluate", name, "both.spacy", "--words", "--save", f"{name}.spacy"])
        assert kept.exit_code == 0, kept.output
    direct, kept = (json.loads(run(f"good{end}", f"bad{end}", "both.spacy", "--json").stdout) for end in ("", ".spacy"))
    assert direct == kept and direct["documents"] == 60


def test_predictions_of_a_whole_file_of_which_a_part_is_annotated(folder, caplog):
    nlp = spacy.blank("zh")
    bare = nlp.make_doc("没有标注")
    DocBin(docs=[bare, *gold_docs(nlp)]).to_disk("part.spacy")
    for name in ("good", "bad"):
        DocBin(docs=spacy.load(name).pipe([bare.text, *(doc.text for doc in gold_docs(nlp))])).to_disk(f"{name}.spacy")
    results = [run(f"good{end}", f"bad{end}", "part.spacy", "--json") for end in ("", ".spacy")]
    assert [result.exit_code for result in results] == [4, 4], results[1].output
    assert results[0].stdout == results[1].stdout and json.loads(results[1].stdout)["documents"] == 60
    assert caplog.messages == ["1 of 61 documents without entity annotation are left out"] * 2


def test_the_best_and_the_last_of_a_training_are_not_two_seeds(folder, capsys):
    training = folder / "training"
    training.mkdir()
    for name, model in (("model-best", "good"), ("model-last", "bad"), ("other", "bad")):
        spacy.load(model).to_disk(training / name)
    assert runs_of(str(training)) == [str(training / "model-best"), str(training / "other")]
    assert f"{training / 'model-last'} is left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args, message",
    [
        (["good", "none", "gold.spacy"], "none: expected a pipeline that loads"),
        (["good", "bare.spacy", "gold.spacy"], "bare.spacy: expected predictions for 60 documents, got 1"),
        (
            ["good", "bad", "bare.spacy"],
            "bare.spacy: expected documents with entity annotation, got none in 1 documents",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*W090")
def test_bad_input(folder, args, message):
    DocBin(docs=[Doc(spacy.blank("zh").vocab, words=["没有"], spaces=[False])]).to_disk("bare.spacy")
    result = run(*args)
    assert result.exit_code == 1 and message in " ".join(result.output.split())
