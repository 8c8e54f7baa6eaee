"""What a command is to write is looked at before it reads or computes anything."""

import pytest
from typer.testing import CliRunner

from spacy_cner.cli import app

# The pipeline is not there, and what is read is broken: an error about either would come first.
LINES = [
    "audit broken.spacy --output OUT",
    "audit broken.spacy --html OUT",
    "average model model --output OUT",
    "calibrate model broken.spacy OUT",
    "compare model model broken.spacy --output OUT",
    "compare model model broken.spacy --differences OUT",
    "compile model OUT",
    "convert broken.spacy OUT.spacy --format bio",
    "dictionary model OUT broken.spacy",
    "evaluate model broken.spacy --errors OUT",
    "evaluate model broken.spacy --output OUT",
    "evaluate model broken.spacy --picture OUT.png",
    "evaluate model broken.spacy --save OUT.spacy",
    "mine-rules model broken.spacy OUT",
    "pseudo broken.spacy OUT.spacy",
    "report model broken.spacy OUT.html",
    "sample broken.spacy OUT.spacy --fraction 0.5",
    "segment model broken.spacy OUT.spacy",
    "split broken.spacy --train train.spacy --dev OUT.spacy",
    "vectors OUT.npz broken.spacy",
    "words OUT.npz broken.spacy",
]


@pytest.mark.parametrize("line", LINES)
def test_what_cannot_be_written(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.spacy").write_bytes(b"\xff\xfe")
    (tmp_path / "file").write_text("a file is no folder")
    result = CliRunner().invoke(app, line.replace("OUT", "file/new").split())
    assert result.exit_code == 1
    assert result.stderr.startswith((f"{tmp_path / 'file'}: expected", "file/new: expected"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.spacy", "file"]


@pytest.mark.parametrize("name", ["new", "new.spacy"])
def test_what_cannot_be_taught_to(name, tmp_path, trained):
    trained.to_disk(tmp_path / "model")
    (tmp_path / "file").write_text("a file is no folder")
    (tmp_path / "texts.txt").write_bytes(b"\xff\xfe")
    line = ["teach", *(str(tmp_path / each) for each in ("model", f"file/{name}", "texts.txt"))]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path / 'file'}")
