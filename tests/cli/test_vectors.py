import gzip

import pytest
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.vectors.ngrams import NgramVectors


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "".join(f"林小燕在青岛看海。{i}\n王海 在青岛工作。{i}\n" for i in range(20))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "raw" / "b.txt.gz").write_bytes(gzip.compress("大连也靠海。".encode()))
    (tmp_path / "empty").mkdir()
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["vectors", *map(str, args)])


def learn(path, *args):
    orders = ["--order", 1, "--order", 2, "--width", 6, "--width", 4, "--rows", 12, "--rows", 9]
    return run(path, "raw", *orders, "--min-count", 2, *args)


def test_learns_each_order(folder):
    result = learn("out/vectors.npz")
    assert result.exit_code == 0, result.output
    learned = NgramVectors.load(folder / "out" / "vectors.npz")
    assert {order: len(grams) for order, grams in learned.grams.items()} == {1: 12, 2: 9}
    assert {order: table.shape for order, table in learned.vectors.items()} == {1: (12, 6), 2: (9, 4)}
    assert {"青", "岛", "在"} < set(learned.grams[1])
    assert "青岛" in learned.grams[2]
    assert learned.recipe["min_count"] == 2
    ones, twos = (learned.recipe["ngrams_read"][order] for order in "12")
    assert ones - twos == 41  # one fewer in each line


def test_the_same_with_one_worker(folder):
    for name in ("a.npz", "b.npz"):
        assert learn(name).exit_code == 0
    assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes()
    assert learn("c.npz", "--seed", 1).exit_code == 0
    assert (folder / "a.npz").read_bytes() != (folder / "c.npz").read_bytes()


def test_a_name_without_ending(folder):
    result = learn("vectors")
    assert result.exit_code == 0, result.output
    assert NgramVectors.load(folder / "vectors").grams


@pytest.mark.parametrize(
    "args, code, message",
    [
        (["raw", "--order", 1], 2, "expected as many --width and --rows as --order (1), got 2 and 2"),
        (["none"], 1, "none: expected a text file or a folder, found nothing there"),
        (["empty"], 1, "empty: expected a folder with .txt files"),
        (["raw", "--min-count", 1000], 1, "expected 1-grams that occur at least 1000 times, got none"),
        (["raw", "--order", 4, "--width", 4, "--rows", 4], 1, "expected an order from 1 to 3, got 4"),
        (["none", "--order", 1, "--order", 4], 1, "expected an order from 1 to 3, got 4"),
        (["none", "--order", 1, "--order", 1], 1, "expected each --order once, got 1, 1"),
        ([], 2, "Missing argument"),
        (["raw", "--seed", -1], 2, "Invalid value for '--seed'"),
    ],
)
def test_bad_input(args, code, message):
    result = run("out.npz", *args)
    assert result.exit_code == code
    assert message in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("command", ["vectors", "words"])
def test_a_file_that_cannot_be_written_is_refused_before_it_is_learned(folder, command):
    (folder / "mine.json").write_text("{}")
    for name, message in (
        ("a.json", "expected another ending than .json"),
        ("mine.npz", "expected nothing there"),
        ("empty", "empty: expected a file, got a folder"),
    ):
        result = CliRunner().invoke(app, [command, name, "none"])
        assert result.exit_code == 1 and message in result.output
