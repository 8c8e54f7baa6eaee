"""What spaCy finds of an installed spacy_cner without an import of it."""

import ast
import importlib
import json
import os
import pkgutil
import runpy
import subprocess
import sys
from pathlib import Path

import catalogue
import pytest
from spacy.language import Language

import spacy_cner

SETUP = Path(spacy_cner.__file__).parents[1] / "setup.py"
COMMANDS = {
    "annotate", "audit", "average", "classes", "compare", "compile", "convert", "curve", "dictionary", "entities",
    "evaluate", "explain", "export-encoder",
    "export-recogniser", "init", "mine-rules", "package",
    "prepare", "pretrain", "pretrain-tokens", "pretrain-transformer",
    "pseudo", "report", "sample", "segment", "serve", "split", "stats", "teach", "vectors",
    "words",
}  # fmt: skip
COMMAND_GROUPS = ("spacy_cli", "console_scripts")
# One process for all, as each takes seconds to start.
FRESH = """
import json, runpy, sys
arguments = json.loads(sys.argv[1])
import spacy
assert "spacy_cner" not in sys.modules
sys.argv = ["spacy", "cner", "--help"]
try:
    runpy.run_module("spacy", run_name="__main__")
except SystemExit:
    print("END OF HELP")
nlp = spacy.blank("zh")
pipe = nlp.add_pipe("cner")
found = {}
for group, names in arguments.items():
    if group in ("spacy_cli", "console_scripts"):
        continue
    registry = getattr(spacy.registry, group.split("_")[1])
    for name in names:
        loaded = registry.get(name)
        found[name] = f"{loaded.__module__}:{loaded.__qualname__}"
print(json.dumps([type(pipe).__name__, found]))
"""


def entry_points():
    """group -> name -> object, from setup.py."""
    tree = ast.parse(SETUP.read_text(encoding="utf-8"))
    keywords = {word.arg: word.value for call in ast.walk(tree) if isinstance(call, ast.Call) for word in call.keywords}
    lists = ast.literal_eval(keywords["entry_points"])
    return {group: dict(line.split(" = ") for line in lines) for group, lines in lists.items()}


GROUPS = entry_points()
EACH = [(group, name, target) for group, names in GROUPS.items() for name, target in names.items()]


@pytest.fixture(scope="module")
def fresh():
    """What a process prints that imports spaCy only: the help of `python -m spacy cner`, and what spaCy has found."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}
    command = [sys.executable, "-c", FRESH, json.dumps(GROUPS)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout.split("END OF HELP\n")


def test_all_is_found_with_spacy_alone(fresh):
    component, found = json.loads(fresh[1])
    assert component == "ChineseEntityRecognizer"
    assert found == {name: target for group, name, target in EACH if group not in COMMAND_GROUPS}


@pytest.mark.parametrize("group, name, target", EACH)
def test_each_is_the_object_registered_under_its_name(group, name, target):
    module, attribute = target.split(":")
    loaded = getattr(importlib.import_module(module), attribute)
    if group == "spacy_factories":
        assert Language.has_factory(name)
        assert Language.get_factory_meta(name).factory == name
    elif group in COMMAND_GROUPS:
        assert loaded.info.name in name
    else:
        assert catalogue._get((*group.split("_"), name)) is loaded


def test_all_that_is_registered_has_an_entry_point():
    for module in pkgutil.walk_packages(spacy_cner.__path__, "spacy_cner."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    registered = {key[-1] for key in catalogue.REGISTRY if key[-1].startswith("spacy_cner.")}
    assert registered == {name for _, name, _ in EACH if name.startswith("spacy_cner.")}


def commands(help_):
    return {line.strip("│ ").split()[0] for line in help_.splitlines() if line.strip("│ ")} & COMMANDS


def test_commands_of_spacy(fresh):
    assert "spacy cner [OPTIONS] COMMAND" in fresh[0]
    assert commands(fresh[0]) == COMMANDS


def test_commands_of_the_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["spacy_cner", "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("spacy_cner", run_name="__main__")
    assert end.value.code == 0
    output = capsys.readouterr().out
    assert "python -m spacy_cner [OPTIONS] COMMAND" in output
    assert commands(output) == COMMANDS
