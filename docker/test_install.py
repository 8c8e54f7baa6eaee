"""`make image`: what the image installs, in an environment, and a server from that. It needs a package index."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from serve.running import RunningServer
from typer.testing import CliRunner

from spacy_cner.cli import app

DOCKER = Path(__file__).parent
ROOT = DOCKER.parent


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder as the image is made of: the plugin's wheel and that of a pipeline."""
    folder = tmp_path_factory.mktemp("image")
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "青岛"}])
    nlp.to_disk(folder / "model")
    result = CliRunner().invoke(
        app, ["package", str(folder / "model"), str(folder / "packages"), "--name", "cner_ruler"]
    )
    assert result.exit_code == 0, result.output
    shutil.copy(ROOT / "constraints.txt", folder)
    return folder


def test_the_steps_of_the_image_give_a_server_without_torch(packages):
    environment = {**os.environ, "PYTHON": sys.executable}
    command = ["sh", str(DOCKER / "install.sh"), "venv", "zh_cner_ruler"]
    done = subprocess.run(command, cwd=packages, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    python = packages / "venv" / "bin" / "python"
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 1
    with RunningServer("zh_cner_ruler", python=python) as server:
        assert server.post({"texts": ["去青岛"]})[2]["documents"][0]["entities"][0]["label"] == "LOC"
        assert server.get("/")[2].startswith(b"<!doctype html>")
