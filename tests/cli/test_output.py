"""What all commands share: flags of one name and meaning, results on stdout, messages on stderr, and colours."""

import json
import logging
import os
import signal
import subprocess
import sys

import pytest
import spacy
import typer
from conftest import joint_examples
from spacy.tokens import DocBin
from typer.main import get_command
from typer.testing import CliRunner

from spacy_cner.cli import _app, app
from spacy_cner.loading import save_pipeline
from spacy_cner.text.progress import note, progress

COMMANDS = get_command(app).commands
RUN_A_PIPELINE = {"calibrate", "compare", "entities", "evaluate", "mine-rules", "segment", "teach"}
PRINT_FIGURES = {"audit", "average", "calibrate", "classes", "compare", "entities", "evaluate", "mine-rules", "stats"}
ESCAPE = "\x1b["


def flags(name):
    """The options of a command: their names by their longest one."""
    options = [each for each in COMMANDS[name].params if each.param_type_name == "option"]
    return {max(each.opts, key=len): each.opts for each in options}


def test_flags_are_the_same_everywhere():
    having = {flag: {name for name in COMMANDS if flag in flags(name)} for flag in ("--quiet", "--json", "--gpu-id")}
    assert having["--quiet"] == set(COMMANDS)
    assert having["--json"] == PRINT_FIGURES
    assert having["--gpu-id"] == RUN_A_PIPELINE | {"annotate", "explain", "pretrain", "pretrain-transformer", "report"}
    assert {name for name in COMMANDS if "--batch-size" in flags(name)} == RUN_A_PIPELINE | {"report"}
    # A result that is not the command's own file can be written to one.
    assert {"annotate", "audit", "average", "classes", "compare", "evaluate", "explain", "init", "stats"} == {
        name for name in COMMANDS if "--output" in flags(name)
    }


def test_a_letter_means_one_thing():
    meanings = {}
    for name in COMMANDS:
        for flag, names in flags(name).items():
            for letter in (each for each in names if not each.startswith("--")):
                assert meanings.setdefault(letter, flag) == flag, (name, letter)
    assert meanings["-o"] == "--output" and meanings["-g"] == "--gpu-id" and meanings["-q"] == "--quiet"


@pytest.fixture(scope="module")
def inputs(trained, trained_joint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("output")
    save_pipeline(trained_joint, folder / "joint")
    save_pipeline(trained, folder / "model")
    DocBin(docs=[example.reference for example in joint_examples(spacy.blank("zh"))]).to_disk(folder / "docs.spacy")
    (folder / "text.txt").write_text("王海在蓝天银行工作了许多年。\n" * 3, encoding="utf-8")
    (folder / "tagged.bio").write_text("王 B-PER\n海 I-PER\n。 O\n\n" * 10, encoding="utf-8")
    return folder


@pytest.fixture
def run(inputs, tmp_path, monkeypatch):
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)

    def invoke(line, *before, **settings):
        result = CliRunner().invoke(app, [*before, *line.split()], **settings)
        assert result.exit_code == 0, result.output
        return result

    return invoke


# Each writes a file, prints messages, and shows bars.
WRITING = [
    "annotate model text.txt -o out",
    "average model model -o out",
    "convert tagged.bio out.spacy --format bio",
    "init clc -o out.cfg",
    "prepare tagged.bio out --format bio",
    "pseudo docs.spacy out.spacy",
    "sample docs.spacy out.spacy --fraction 0.5",
    "segment joint docs.spacy out.spacy --overwrite --batch-size 2",
    "split docs.spacy --train out.spacy --dev dev.spacy",
    "teach model out.spacy text.txt --batch-size 2",
    "vectors out.npz text.txt --min-count 1 --order 1 --width 4 --rows 9",
]
# Each prints figures.
SHOWING = [
    "audit docs.spacy --json",
    "average model model -o out --dev docs.spacy --json",
    "calibrate model docs.spacy out --json --batch-size 2",
    "compare model model docs.spacy --json --batch-size 2",
    "entities model 王海在青岛 --json --batch-size 2",
    "evaluate model docs.spacy --json --batch-size 2",
    "mine-rules model docs.spacy out.rules --json",
    "stats docs.spacy --json",
]


@pytest.mark.parametrize("line", WRITING)
def test_messages_go_to_stderr(run, line):
    if line.startswith("vectors"):
        pytest.importorskip("gensim")
    result = run(line)
    assert not result.stdout and "out" in result.stderr
    for quiet in (run(f"{line.replace('out', 'out2')} --quiet"), run(line.replace("out", "out3"), "--quiet")):
        assert (quiet.stdout, quiet.stderr) == ("", "")


@pytest.mark.parametrize("line", SHOWING)
def test_results_are_json_and_nothing_else(run, line):
    for each in (line, f"{line.replace('out', 'out2')} --quiet"):
        json.loads(run(each).stdout)
    assert not run(f"{line.replace('out', 'out3')} -q").stderr


@pytest.mark.parametrize("name, line", [("evaluate", "evaluate model docs.spacy"), ("stats", "stats docs.spacy")])
def test_json_to_a_file(run, tmp_path, name, line):
    printed = run(f"{line} -o new/{name}.json").stdout
    assert not printed.startswith("{")
    saved = json.loads((tmp_path / "new" / f"{name}.json").read_text(encoding="utf-8"))
    shown = json.loads(run(f"{line} --json").stdout)
    assert {**saved, "speed": 0} == {**shown, "speed": 0}


def test_entities_as_json(run):
    lines = run("entities model --json", input="王海在青岛\n\n今天\n").stdout.splitlines()
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    assert first["text"] == "王海在青岛" and last == {"text": "今天", "entities": []}
    assert first["entities"][0].keys() == {"start", "end", "label", "score", "text"}
    assert [each["text"] for each in first["entities"]] == ["王海", "青岛"]


# Colours


@pytest.mark.parametrize("line", WRITING[1:3])
def test_colours_for_a_terminal_alone(run, line):
    assert ESCAPE not in run(line).output
    # As if it were a terminal.
    assert ESCAPE in run(line.replace("out", "out2"), color=True).output
    assert ESCAPE not in run(line.replace("out", "out3"), color=True, env={"NO_COLOR": "1"}).output


@pytest.mark.parametrize("env, wanted", [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_warnings_and_errors(env, wanted, tmp_path):
    bad = tmp_path / "bad.bio"
    bad.write_text("王 B-PER\n海\n\n林 O\n", encoding="utf-8")
    out = str(tmp_path / "out.spacy")
    for line in (["convert", str(bad), out, "--format", "bio"], ["convert", str(bad), out, "-f", "bio", "--lenient"]):
        result = CliRunner().invoke(app, [*line, "--quiet"], color=True, env=env)
        assert "bad.bio:2" in result.stderr and not result.stdout
        assert (ESCAPE in result.stderr) is wanted


@pytest.mark.parametrize(
    "is_terminal, env, wanted", [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False)]
)
def test_what_spacy_prints_obeys_too(monkeypatch, is_terminal, env, wanted):
    from wasabi import Printer

    monkeypatch.delenv("ANSI_COLORS_DISABLED", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(_app, "app", typer.Typer())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    _app._set_up_output(quiet=False)
    monkeypatch.setenv("ANSI_COLORS_DISABLED", os.environ.get("ANSI_COLORS_DISABLED", ""))  # undone at the end
    assert (ESCAPE in Printer(no_print=True).good("done")) is wanted


# Bars


class Terminal:
    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.mark.parametrize("level, shown", [(logging.INFO, True), (logging.WARNING, False)])
def test_a_bar_where_messages_are_wanted(monkeypatch, level, shown):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("spacy_cner.text.progress.DELAY", 0)
    monkeypatch.setattr(logging.getLogger("spacy_cner"), "level", level)
    logging.getLogger("spacy_cner").manager._clear_cache()
    assert list(progress([1, 2], unit="doc", file=sys.stderr)) == [1, 2]
    note("a line")
    assert ("2/2" in sys.stderr.text) is shown and ("a line" in sys.stderr.text) is shown
    logging.getLogger("spacy_cner").manager._clear_cache()


# Kills

SLOW = """
import sys
from spacy_cner import files
from spacy_cner.cli import app

flush = files.to_disk

def slow(file):
    print("writing", flush=True)
    sys.stdin.read()
    flush(file)

files.to_disk = slow
app(sys.argv[1:])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")
@pytest.mark.parametrize("line", ["convert tagged.bio out.spacy --format bio", "prepare tagged.bio out --format bio"])
def test_a_command_that_is_killed_while_it_writes(run, tmp_path, line):
    run(line.replace("out", "whole"))
    pipe = subprocess.PIPE
    killed = subprocess.Popen([sys.executable, "-c", SLOW, *line.split()], stdin=pipe, stdout=pipe)
    assert killed.stdout.readline() == b"writing\n"
    killed.kill()
    killed.communicate()
    assert not [path for path in tmp_path.rglob("*.spacy") if "out" in str(path)]
    run(line)
    assert not list(tmp_path.rglob("*.part"))
    made = [path for path in tmp_path.rglob("*") if "whole" in str(path.relative_to(tmp_path)) and path.is_file()]
    assert made
    for path in made:
        again = tmp_path / str(path.relative_to(tmp_path)).replace("whole", "out")
        assert again.read_bytes() == path.read_bytes()
