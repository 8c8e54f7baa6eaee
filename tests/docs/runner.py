"""Runs the blocks of a page as its reader would: in order, in one folder, Python in one namespace. Commands are run in
this process, as to start spaCy and torch anew for each of them would take minutes."""

import contextlib
import importlib
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from docs.blocks import Block, commands_of
from thinc.api import Config

# What is shortened, and how: (pattern, replacement). All else is run as it stands.
SHORTER = [
    # A training takes two steps instead of hundreds.
    (r"(--vars\.max_steps) \d+", r"\1 2"),
    (r"(--vars\.eval_frequency) \d+", r"\1 2"),
    (r"(--training\.optimizer\.learn_rate\.total_steps) \d+", r"\1 2"),
    (r"^(python -m spacy project run (?!.*--vars\.max_steps).*)$", r"\1 --vars.max_steps 2"),
    (r"^(python -m spacy project run (?!.*--vars\.eval_frequency).*)$", r"\1 --vars.eval_frequency 2"),
    (r"^(python -m spacy train (?!.*total_steps).*)$", r"\1 --training.optimizer.learn_rate.total_steps 2"),
    (r"^(python -m spacy train (?!.*eval_frequency).*)$", r"\1 --training.eval_frequency 2"),
    (
        r"^(python -m papers run (?!.*--show).*)$",
        r"\1 --training.optimizer.learn_rate.total_steps 2 --training.eval_frequency 2",
    ),
    # A wheel is installed into a folder of the test, not into the environment that runs it.
    (r"^(python -m pip install .*\.whl)$", r"\1 --target site"),
]


class Page:
    """The reader's folder. What stands in its `site` can be imported."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.namespace: dict[str, object] = {"__name__": "__main__"}

    def run(self, block: Block) -> str:
        """RETURNS: what the block prints. Raises what its code raises, and RuntimeError for a command that fails."""
        if block.title:
            (self.folder / block.title).write_text(block.code + "\n", encoding="utf-8")
        elif block.language == "json":
            for line in block.code.splitlines():
                json.loads(line)
        elif block.language == "ini":
            Config().from_str(block.code, interpolate=False)
        elif block.language in ("python", "bash"):
            output = io.StringIO()  # of both, as a terminal shows them
            with inside(self.folder), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                if block.language == "python":
                    exec(compile(block.code, f"block at line {block.line}", "exec"), self.namespace)
                else:
                    for line in commands_of(block.code):
                        run_command(line)
            return output.getvalue()
        else:
            raise ValueError(f"expected a block of python, bash, json, ini or text, got {block.language!r}")
        return ""


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The working directory, from which and from `site` in which Python imports."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        with mock.patch.object(sys, "path", [str(folder / "site"), str(folder), *sys.path]):
            yield
    finally:
        os.chdir(before)


def shortened(line: str) -> str:
    for pattern, replacement in SHORTER:
        line = re.sub(pattern, replacement, line)
    return line


def run_command(line: str) -> None:
    """line: begins with `python -m NAME` or `python FILE`. Raises RuntimeError for another one, and if it fails."""
    python, *arguments = shlex.split(shortened(line))
    if python not in ("python", sys.executable) or not arguments:
        raise RuntimeError(f"expected a command that begins with python, got {line!r}")
    if arguments[:2] == ["-m", "pip"]:
        subprocess.run([sys.executable, *arguments], check=True)
        importlib.invalidate_caches()
        return
    if arguments[0] == "-m":
        name, *arguments = arguments[1:]
        run = runpy.run_module
    else:
        name, *arguments = arguments
        run = runpy.run_path  # type: ignore[assignment]

    def run_step(command: list[str], **_: object) -> None:
        run_command(shlex.join(["python", *command[1:]]))

    # The steps of a project would each be a process of their own.
    with mock.patch.object(sys, "argv", [name, *arguments]), mock.patch("weasel.cli.run.run_command", run_step):
        try:
            run(name, run_name="__main__")
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"expected this to succeed, it ended with {end.code}: {line}") from end
