import json

import pytest
import spacy
from conftest import SENTENCES
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("entities") / "model"
    trained.to_disk(path)
    return str(path)


def run(*args, text=None):
    return CliRunner().invoke(app, ["entities", *args], input=text)


def test_offsets_labels_probabilities_and_text(model):
    result = run(model, SENTENCES[0][0], SENTENCES[4][0])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines() if line.strip()]
    assert lines[0] == [SENTENCES[0][0]]
    assert [line[:3] + line[4:] for line in lines[1:3]] == [["0", "3", "PER", "林小燕"], ["7", "9", "LOC", "青岛"]]
    assert all(0.5 < float(line[3]) <= 1 for line in lines[1:3])
    assert lines[3:] == [[SENTENCES[4][0]], ["no", "entities"]]


def test_identifiers_and_values(tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary", config={"kb_url_template": "https://shop.example/{}"}).add([("云雀", "X", "P2")])
    nlp.add_pipe("cner_values")
    nlp.to_disk(tmp_path / "known")
    result = run(str(tmp_path / "known"), "云雀卖1299元")
    lines = [line.split() for line in result.stdout.splitlines() if line.strip()]
    assert lines[1:] == [
        ["0", "2", "X", "云雀", "P2", "https://shop.example/P2"],
        ["3", "8", "MONEY", "1299元", "1299", "CNY"],
    ]
    first, second = json.loads(run(str(tmp_path / "known"), "云雀卖1299元", "--json").stdout)["entities"]
    assert (first["kb_id"], first["kb_url"], second["value"]) == ("P2", "https://shop.example/P2", "1299 CNY")
    assert "value" not in first and "kb_id" not in second


def test_standard_input_one_text_a_line(model):
    result = run(model, text=f"{SENTENCES[1][0]}\n\n{SENTENCES[2][0]}")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("no entities") == 1
    for text, gold in (SENTENCES[1], SENTENCES[2]):
        assert text in result.stdout
        assert all(text[start:end] in result.stdout for start, end, _ in gold)
    assert run(model, text="").stdout == ""


def test_the_texts_of_documents_without_their_annotation(model, trained, tmp_path):
    docs = [trained.make_doc(text) for text, _ in SENTENCES]
    docs[0].set_ents([docs[0][4:6]], default="outside")
    DocBin(docs=docs).to_disk(tmp_path / "test.spacy")
    result = run(model, "--docs", str(tmp_path / "test.spacy"), "--limit", "3")
    assert result.exit_code == 0, result.output
    assert result.stdout == run(model, *(text for text, _ in SENTENCES[:3])).stdout
    assert run(model, "--docs", str(tmp_path / "test.spacy")).stdout.count("no entities") == 1
    both = run(model, SENTENCES[0][0], "--docs", str(tmp_path / "test.spacy"))
    assert both.exit_code == 1 and "expected texts or --docs, got both" in both.stderr
    missing = run(model, "--docs", str(tmp_path / "none.spacy"))
    assert missing.exit_code == 1 and "none.spacy: expected a .spacy file" in missing.stderr


def test_a_limit_of_any_texts(model):
    texts = [text for text, _ in SENTENCES]
    assert run(model, *texts, "--limit", "2").stdout == run(model, *texts[:2]).stdout
    assert run(model, "--limit", "2", text="\n".join(texts)).stdout == run(model, *texts[:2]).stdout


def test_a_dash_is_standard_input(model):
    texts = [text for text, _ in SENTENCES]
    assert run(model, "-", text="\n".join(texts)).stdout == run(model, *texts).stdout


def test_entities_without_probabilities(tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "王海"}])
    nlp.to_disk(tmp_path / "rules")
    result = run(str(tmp_path / "rules"), "王海来了")
    assert result.exit_code == 0, result.output
    assert ["0", "2", "PER", "王海"] in [line.split() for line in result.stdout.splitlines()]


@pytest.mark.parametrize("name", ["zh_no_such_model", "empty", "broken"])
def test_no_such_pipeline(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    spacy.blank("zh").to_disk("broken")
    (tmp_path / "broken" / "config.cfg").write_text("[nlp]\nlang = zh\nnothing")
    result = run(name, "王海来了")
    assert result.exit_code == 1
    assert f"{name}: expected a pipeline that loads, got" in result.output


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_of_standard_input_is_recognised(model, encoding):
    text = SENTENCES[0][0]
    result = run(model, text=f"{text}\r\n".encode(encoding))
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.stdout.splitlines()][0] == [text]
    assert any(line.split()[:3] == ["0", "3", "PER"] for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    "data", [b"\xff\xff\n", "海边的公司".encode("utf-16-le"), "大阪へ行きました。".encode("euc_jp")]
)
def test_standard_input_that_is_no_text(model, data):
    result = run(model, text=data)
    assert result.exit_code == 1 and "standard input:1: expected text" in result.stderr


def test_a_text_that_the_terminal_could_not_decode(model):
    result = run(model, "\udcff海")
    assert result.exit_code == 1 and "expected a text in the terminal's encoding" in result.stderr


def test_a_text_that_is_the_name_of_a_file_is_named(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.jsonl").touch()
    result = run(model, "my.jsonl")
    assert result.exit_code == 0 and "my.jsonl: a file, whose name is read as a text here" in result.stderr


def test_long_texts_are_no_paths(model):
    result = run(model, "王海在青岛的蓝天银行工作，" * 8)
    assert result.exit_code == 0 and "王海" in result.stdout, result.output
