"""What all commands share: help, version, and how they end."""

import inspect
import shlex
import subprocess
import sys

import pytest
import typer
from spacy.cli._util import app as spacy_app
from typer.main import get_command
from typer.testing import CliRunner

import spacy_cner
from spacy_cner.cli import _app, app
from spacy_cner.errors import CorpusError, InputError

COMMANDS = get_command(app).commands
WIDE = {"COLUMNS": "200", "TERMINAL_WIDTH": "200"}


def words_of(text):
    return " ".join(text.split())


@pytest.mark.parametrize("whole, prefix", [(app, []), (spacy_app, ["cner"])])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_every_word(name, whole, prefix):
    result = CliRunner().invoke(whole, [*prefix, name, "--help"], env=WIDE)
    assert result.exit_code == 0
    shown = words_of(result.output)
    assert words_of(inspect.getdoc(COMMANDS[name].callback)) in shown
    for parameter in COMMANDS[name].params:
        assert words_of(parameter.help or "") in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_a_first_sentence_fits_into_the_list(name):
    first = COMMANDS[name].get_short_help_str(54)
    assert first.endswith(".") and not first.endswith("..."), first
    assert inspect.getdoc(COMMANDS[name].callback).startswith(first.removesuffix("."))


@pytest.mark.parametrize("whole, args", [(app, ["--help"]), (app, []), (spacy_app, ["cner", "--help"])])
def test_commands_stand_under_what_they_are_for(whole, args):
    lines = CliRunner().invoke(whole, args).output.splitlines()
    starts = [lines.index(f"{title}:") for title in _app.SECTIONS]
    assert starts == sorted(starts)
    for title, start, stop in zip(_app.SECTIONS, starts, [*starts[1:], None]):
        shown = [line.split()[0] for line in lines[start + 1 : stop] if line.startswith("  ")]
        expected = [name for name in _app.SECTIONS[title] if name in COMMANDS]
        assert shown[: len(expected)] == expected


def test_every_command_has_a_place():
    placed = {name for names in _app.SECTIONS.values() for name in names}
    assert set(COMMANDS) - placed <= {"reproduce"}


@pytest.mark.parametrize(
    "line", ["teach model new.spacy ''", "compile model ''", "pseudo a.spacy b.spacy --gazetteer ''"]
)
def test_an_empty_path_is_not_this_folder(line):
    result = CliRunner().invoke(app, shlex.split(line))
    assert result.exit_code == 2 and "expected a path, got an empty one" in words_of(result.output)


def test_version():
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"spacy_cner {spacy_cner.__version__}\n")


def test_ways_to_call_it():
    for start in (["-m", "spacy_cner"], ["-c", "from spacy_cner.cli import app; app()"]):
        done = subprocess.run([sys.executable, *start, "--version"], capture_output=True, text=True)
        assert done.stdout == f"spacy_cner {spacy_cner.__version__}\n", done.stderr


@pytest.fixture
def ends():
    """Runs a command that raises an error: its exit code, stdout and stderr."""

    def run(error):
        group = typer.Typer()

        def failing():
            raise error

        _app.command(failing, group)
        result = CliRunner().invoke(group, [])
        return result.exit_code, result.stdout, result.stderr, result.exception

    return run


@pytest.mark.parametrize(
    "error, said",
    [
        (InputError("expected this, got that"), "expected this, got that"),
        (
            PermissionError(13, "Permission denied", "a.txt"),
            "a.txt: expected to read or write there, got Permission den",
        ),
        (FileNotFoundError(2, "No such file", "a.txt"), "a.txt: expected a file or folder, found nothing there"),
        (IsADirectoryError(21, "Is a directory", "a"), "a: expected a file, got a folder"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "expected text in UTF-8, got 'utf-8' codec"),
    ],
)
def test_faults_of_a_user(ends, error, said):
    code, out, err, exception = ends(error)
    assert (code, out) == (1, "")
    assert said in err and len(err.splitlines()) == 1
    assert isinstance(exception, SystemExit)


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("a bug"), RuntimeError("a bug")])
def test_bugs_keep_their_traceback(ends, error):
    assert ends(error)[3] is error


def test_about_names_a_file_once():
    with pytest.raises(InputError, match="^a.spacy: expected text$"), _app.about("a.spacy"):
        raise InputError("expected text")
    with pytest.raises(InputError, match="^b.txt: expected text$"), _app.about("a.spacy"):
        raise CorpusError("expected text", path="b.txt")
