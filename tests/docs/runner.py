"""Runs the blocks of a page as its reader would: in order, in one folder, Python in one namespace. A command is run in this
process, as starting spaCy and torch anew for each of them would take minutes."""

import contextlib
import io
import os
import re
import runpy
import shlex
import sys
from pathlib import Path
from unittest import mock

from blocks import Block, commands_of

# What is shortened, and how: (pattern, replacement). Otherwise a command is run as it stands.
SHORTER = [
    # A training takes two steps instead of hundreds.
    (r"(--vars\.max_steps) \d+", r"\1 2"),
    (r"(--vars\.eval_frequency) \d+", r"\1 2"),
    (r"(--training\.optimizer\.learn_rate\.total_steps) \d+", r"\1 2"),
    (r"^(python -m spacy project run (?!.*--vars\.max_steps).*)$", r"\1 --vars.max_steps 2"),
    (r"^(python -m spacy project run (?!.*--vars\.eval_frequency).*)$", r"\1 --vars.eval_frequency 2"),
    (r"^(python -m spacy train (?!.*total_steps).*)$", r"\1 --training.optimizer.learn_rate.total_steps 2"),
    (r"^(python -m spacy train (?!.*eval_frequency).*)$", r"\1 --training.eval_frequency 2"),
    # A wheel is installed into a folder of the test, not into the environment that runs it.
    (r"^(python -m pip install .*\.whl)$", r"\1 --target site"),
]


class Page:
    """The reader's folder and what has been run in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.namespace: dict[str, object] = {"__name__": "__main__"}

    def run(self, block: Block) -> str:
        """RETURNS: what the block prints. Raises what it raises; a command that fails raises RuntimeError."""
        if block.title:
            (self.folder / block.title).write_text(block.code + "\n", encoding="utf-8")
            return ""
        output = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(output):
            if block.language == "python":
                exec(compile(block.code, f"block at line {block.line}", "exec"), self.namespace)
            else:
                for line in commands_of(block.code):
                    self.command(line)
        return output.getvalue()

    def command(self, line: str) -> None:
        for pattern, replacement in SHORTER:
            line = re.sub(pattern, replacement, line)
        name, *arguments = shlex.split(line)
        if name == "cd":
            return
        if name in ("python", "python3", sys.executable) and arguments[:1] == ["-m"]:
            self.module(arguments[1], arguments[2:])
        else:
            raise RuntimeError(f"expected a command that begins with `python -m`, got {line!r}")

    def module(self, name: str, arguments: list[str]) -> None:
        """As `python -m NAME ARGUMENTS`, and so are the commands that a project starts."""
        if name == "pip":
            return self.pip(arguments)
        with (
            mock.patch.object(sys, "argv", [name, *arguments]),
            mock.patch.object(sys, "path", [str(self.folder), *sys.path]),
            mock.patch("weasel.cli.run.run_command", lambda command, **_: self.command(shlex.join(command))),
        ):
            try:
                runpy.run_module(name, run_name="__main__", alter_sys=False)
            except SystemExit as end:
                if end.code:
                    raise RuntimeError(f"expected {name} {arguments} to succeed, it ended with {end.code}") from end

    def pip(self, arguments: list[str]) -> None:
        ...
