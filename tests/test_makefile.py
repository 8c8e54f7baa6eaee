"""What `make` would run. It is asked, and runs nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(*arguments):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", "-n", *arguments], cwd=ROOT, env=own, capture_output=True, encoding="utf-8")


def test_an_environment_in_a_folder_with_blanks_is_refused():
    for name in ("my venv", ""):
        done = make("setup", f"VENV={name}")
        assert done.returncode != 0 and f'expected a VENV without blanks, got "{name}"' in done.stderr
        assert "-m venv" not in done.stdout


def test_corpora_in_a_folder_with_blanks():
    done = make("all", "CORPUS=weibo", "CNER_DATA=/my data")
    assert done.returncode == 0, done.stderr
    assert '--vars.data "/my data" --vars.name cner_weibo' in done.stdout
