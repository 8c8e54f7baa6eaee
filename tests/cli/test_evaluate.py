import json
import os
import subprocess
import sys

import pytest
import spacy
from conftest import make_examples
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.document import AnnotatedText

DETAILS = "support documents interval macro_f macro_interval types semeval groups errors probabilities"
PATTERNS = [{"label": "PER", "pattern": "小周"}, {"label": "人名", "pattern": "老吴"}]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with `model`, `gold.spacy`, `train.spacy`, and bad files, as the current one."""
    monkeypatch.chdir(tmp_path)
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    nlp.to_disk("model")
    blank = spacy.blank("zh")
    gold, train, bare = (blank.make_doc(text) for text in ("小周去找小吴和老吴", "小吴走了", "没有标注"))
    gold.ents = [gold.char_span(0, 2, "PER"), gold.char_span(4, 6, "PER"), gold.char_span(7, 9, "人名")]
    train.ents = [train.char_span(0, 2, "PER")]
    DocBin(docs=[gold]).to_disk("gold.spacy")
    DocBin(docs=[train]).to_disk("train.spacy")
    DocBin(docs=[bare]).to_disk("bare.spacy")
    words = AnnotatedText("小周找老吴", None, [(0, 2), (2, 3), (3, 5)]).to_doc(blank.vocab)
    DocBin(docs=[words]).to_disk("words.spacy")
    (tmp_path / "words.utf8").write_text("小周\n找\n", encoding="utf-8")
    spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}}).to_disk("words_model")
    (tmp_path / "bad.spacy").write_text("not a DocBin")
    (tmp_path / "dir").mkdir()
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["evaluate", *args])


def test_json_is_all_that_is_printed():
    result = run("model", "gold.spacy", "--train", "train.spacy", "--json", "--batch-size", "2")
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    spacy_s = {"ents_p", "ents_r", "ents_f", "ents_per_type"}
    details = {f"ents_{name}" for name in DETAILS.split()}
    assert set(scores) == spacy_s | details | {"ents_r_oov", "ents_none", "speed"}
    assert scores["ents_types"]["PER"]["support"] == 2 and scores["ents_errors"]["missed"] == 1
    assert (scores["ents_p"], scores["ents_r"], scores["ents_r_oov"]) == pytest.approx((1.0, 2 / 3, 1.0))
    assert set(scores["ents_per_type"]) == {"PER", "人名"}


def test_recall_on_unseen_is_null_without_training_set():
    assert json.loads(run("model", "gold.spacy", "--json").stdout)["ents_r_oov"] is None


def test_table_and_file(folder):
    result = run("model", "gold.spacy", "--train", "train.spacy", "--output", "metrics/scores.json")
    assert result.exit_code == 0, result.output
    assert ["100.00", "66.67", "80.00", "80.0–80.0", "3", "all"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    text = (folder / "metrics" / "scores.json").read_text(encoding="utf-8")
    assert json.loads(text)["ents_f"] == pytest.approx(0.8)
    assert "人名" in text


def test_words_of_tokens():
    result = run("words_model", "words.spacy", "--words", "--json")
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    assert set(scores) == {f"words_{key}" for key in ("p", "r", "f", "r_iv", "r_oov", "oov_rate")} | {"speed"}
    assert scores["words_oov_rate"] is None


def test_errors_with_their_text(folder):
    result = run("model", "gold.spacy", "--examples", "1", "--errors", "errors.jsonl")
    assert (
        "missed (nothing was found there): 1\n  1: …小周去找[小吴]和老吴…  gold 小吴 PER; found nothing"
        in result.stdout
    )
    (line,) = (folder / "errors.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["gold"][0]["text"] == "小吴"


def test_kept_predictions_have_the_same_scores():
    first = json.loads(run("model", "gold.spacy", "--json", "--save", "found.spacy").stdout)
    second = run("found.spacy", "gold.spacy", "--json")
    del first["speed"]
    assert second.exit_code == 0 and json.loads(second.stdout) == first


def test_equal_input_gives_equal_json(folder):
    run("model", "gold.spacy", "--save", "found.spacy")
    printed = set()
    for seed in "12":
        command = [sys.executable, "-m", "spacy_cner", "evaluate", "found.spacy", "gold.spacy", "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        printed.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(printed) == 1


def test_a_picture_needs_probabilities(trained, folder):
    pytest.importorskip("matplotlib")
    result = run("model", "gold.spacy", "--picture", "reliability.png", "--save", "found.spacy", "-o", "scores.json")
    assert result.exit_code == 1
    assert "gold.spacy: expected entities with probabilities to draw, found none" in result.stderr
    assert "mean of the types" in result.stdout and (folder / "found.spacy").exists()  # nothing else is lost
    assert json.loads((folder / "scores.json").read_text(encoding="utf-8"))["ents_support"] == 3
    trained.to_disk("network")
    DocBin(docs=[example.reference for example in make_examples(trained)]).to_disk("known.spacy")
    result = run("network", "known.spacy", "--picture", "reliability.png", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["ents_probabilities"]["ece"] < 0.5
    assert (folder / "reliability.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("train, rate", [("words.utf8", 1 / 3), ("words.spacy", 0.0)])
def test_unseen_words(train, rate):
    result = run("words_model", "words.spacy", "--words-train", train, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["words_oov_rate"] == pytest.approx(rate)
    assert f"({rate:.2%}".rstrip("%") in run("words_model", "words.spacy", "--words-train", train).stdout


@pytest.mark.parametrize(
    "args, message",
    [
        (["model", "none.spacy"], "none.spacy: expected a .spacy file, got No such file"),
        (["model", "bad.spacy"], "bad.spacy: expected a .spacy file"),
        (["model", "bare.spacy"], "bare.spacy: expected documents with entity annotation, got none in 1 documents"),
        (["model", "dir"], "dir: expected a folder with .spacy files, found none"),
        (["zh_no_such_model", "gold.spacy"], "zh_no_such_model: expected a pipeline that loads"),
        (["pytest", "gold.spacy"], "pytest: expected a pipeline that loads, got module 'pytest' has no attribute"),
        (["dir", "gold.spacy"], "dir: expected a pipeline that loads"),
        (["model", "gold.spacy", "--train", "none.spacy"], "none.spacy: expected a .spacy file, got No such file"),
        (["model", "gold.spacy", "--train", "bare.spacy"], "bare.spacy: expected a training set with entities"),
        (["model", "gold.spacy", "--words"], "gold.spacy: expected documents with words, got none in 1 documents"),
        (["model", "words.spacy"], "got none in 1 documents; --words scores the tokens of a pipeline as its words"),
        (["model", "words.spacy", "--words-train", "no.utf8"], "no.utf8: expected a readable file, got No such file"),
        (["model", "words.spacy", "--words-train", "train.spacy"], "train.spacy: expected a training set with words"),
        (
            ["train.spacy", "gold.spacy"],
            "train.spacy: expected predictions for the same texts in the same order, got '小吴",
        ),
        (["none.spacy", "gold.spacy"], "none.spacy: expected a .spacy file, got No such file"),
        (["model", "gold.spacy", "--save", "x.json"], "x.json: expected the name of a .spacy file to write"),
        (["model", "gold.spacy", "--output", "bad.spacy/x.json"], "bad.spacy: expected a folder, got a file"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*W090")
def test_bad_input(args, message):
    result = run(*args)
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())


def test_predictions_of_a_whole_file_of_which_a_part_is_annotated(folder):
    nlp = spacy.load("model")
    (gold,), (bare,) = (DocBin().from_disk(f"{name}.spacy").get_docs(nlp.vocab) for name in ("gold", "bare"))
    DocBin(docs=[bare, gold]).to_disk("part.spacy")
    DocBin(docs=nlp.pipe([bare.text, gold.text])).to_disk("found.spacy")
    direct, kept = (json.loads(run(system, "part.spacy", "--json").stdout) for system in ("model", "found.spacy"))
    assert kept == {key: value for key, value in direct.items() if key != "speed"} and kept["ents_support"] == 3
