import json

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.document import AnnotatedText

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
    assert set(scores) == {"ents_p", "ents_r", "ents_f", "ents_per_type", "ents_r_oov", "ents_none", "speed"}
    assert (scores["ents_p"], scores["ents_r"], scores["ents_r_oov"]) == pytest.approx((1.0, 2 / 3, 1.0))
    assert set(scores["ents_per_type"]) == {"PER", "人名"}


def test_recall_on_unseen_is_null_without_training_set():
    assert json.loads(run("model", "gold.spacy", "--json").stdout)["ents_r_oov"] is None


def test_table_and_file(folder):
    result = run("model", "gold.spacy", "--train", "train.spacy", "--output", "metrics/scores.json")
    assert result.exit_code == 0, result.output
    assert ["100.00", "66.67", "80.00", "all"] in [line.split() for line in result.stdout.splitlines()]
    text = (folder / "metrics" / "scores.json").read_text(encoding="utf-8")
    assert json.loads(text)["ents_f"] == pytest.approx(0.8)
    assert "人名" in text


def test_words_of_tokens():
    result = run("words_model", "words.spacy", "--words", "--json")
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    assert set(scores) == {f"words_{key}" for key in ("p", "r", "f", "r_iv", "r_oov", "oov_rate")} | {"speed"}
    assert scores["words_oov_rate"] is None


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
        (["model", "gold.spacy", "--output", "bad.spacy/x.json"], "bad.spacy: expected a folder, got a file"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*W090")
def test_bad_input(args, message):
    result = run(*args)
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())
