import pytest
from thinc.api import Config
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.loading import config_folder

NAMES = sorted(path.stem for path in config_folder().glob("*.cfg"))


def run(*arguments):
    return CliRunner().invoke(app, ["init", *map(str, arguments)])


def test_to_standard_output():
    result = run("clc")
    assert result.exit_code == 0
    assert result.stdout == (config_folder() / "clc.cfg").read_text(encoding="utf-8")


def test_to_a_file_that_is_not_replaced_without_force(tmp_path):
    out = tmp_path / "new" / "mine.cfg"
    assert run("clc", "--out", out).exit_code == 0
    assert Config().from_disk(out, interpolate=False)["nlp"]["pipeline"] == ["cner"]
    result = run("cws", "--out", out)
    assert (result.exit_code, "or --force to replace it" in result.stderr) == (1, True)
    assert Config().from_disk(out, interpolate=False)["nlp"]["pipeline"] == ["cner"]
    assert run("cws", "--out", out, "--force").exit_code == 0
    assert Config().from_disk(out, interpolate=False)["nlp"]["pipeline"] == ["cws"]


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    result = run("clc", "--out", tmp_path / "file" / "mine.cfg")
    assert result.exit_code == 1 and "expected a folder, got a file" in result.stderr


@pytest.mark.parametrize("arguments", [["no_such"], []])
def test_a_name_that_does_not_exist(arguments):
    result = run(*arguments)
    assert result.exit_code == 1 and f"expected a config out of {', '.join(NAMES)}, got" in result.stderr


def test_list_says_in_a_line_what_each_is_for():
    lines = run("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    for line in lines:
        name, purpose = line.split(maxsplit=1)
        assert purpose.endswith("."), "expected a whole sentence"
        assert (config_folder() / f"{name}.cfg").read_text(encoding="utf-8").startswith(f"# {purpose}\n")
        assert ("The default" in purpose) == (name == "clc_transformer")
