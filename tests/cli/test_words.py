import pytest
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.vectors.words import WordVectors


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    lines = [f"林小燕在青岛看海。{i}" for i in range(20)]
    (tmp_path / "raw" / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["words", *map(str, args)])


def test_learns_a_lexicon(folder):
    result = run("out/words.npz", "raw", "--width", 4, "--rows", 3, "--min-count", 5)
    assert result.exit_code == 0, result.output
    learned = WordVectors.load(folder / "out" / "words.npz")
    assert len(learned.words) == 3
    assert learned.vectors.shape == (3, 4)
    assert learned.recipe["min_count"] == 5
    assert learned.recipe["words_read"] >= 100


def test_bad_input_is_named(folder):
    result = run("out/words.npz", "none")
    assert result.exit_code != 0
    assert "none" in result.output
