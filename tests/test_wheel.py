"""The plugin's wheel in an environment without the repository: from an annotated file to a pipeline that loads.

The environment has the dependencies of the one that runs the tests, but not its spacy_cner."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import SENTENCES

from spacy_cner.cli.package import build_wheel, copy_plugin
from spacy_cner.loading import config_folder

SMALL = {
    "components.cner.model.encoder.width": 16,
    "components.cner.model.tok2vec.encode.filters": 16,
    "training.optimizer.learn_rate.total_steps": 4,
    "training.eval_frequency": 2,
    "paths.train": "train.spacy",
    "paths.dev": "train.spacy",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build_wheel(copy_plugin(folder / "source"), folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def run(wheel, tmp_path_factory):
    """Runs the Python of a new environment in an empty folder. RETURNS: what it prints to standard output."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "venv"], cwd=folder, check=True)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(dependencies), encoding="utf-8")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    environment.pop("PYTHONPATH", None)

    def run(*arguments):
        command = [str(folder / "venv" / "bin" / "python"), *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.folder = folder
    return run


def test_the_wheel_has_the_configs_and_nothing_else_from_outside_the_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    configs = {Path(name).name for name in names if name.startswith("spacy_cner/configs/")}
    assert configs == {path.name for path in config_folder().rglob("*") if path.is_file()}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"spacy_cner"}


def test_from_an_annotated_file_to_a_pipeline(run):
    folder = run.folder
    run("-m", "spacy_cner", "init", "clc", "--out", "clc.cfg")
    lines = [json.dumps({"text": text, "label": entities}) for text, entities in SENTENCES]
    (folder / "mine.jsonl").write_text("\n".join(lines), encoding="utf-8")
    run("-m", "spacy_cner", "convert", "mine.jsonl", "train.spacy", "--format", "doccano")
    settings = [part for key, value in SMALL.items() for part in (f"--{key}", value)]
    run("-m", "spacy", "train", "clc.cfg", "--output", "training", *settings)
    run("-m", "spacy_cner", "package", "training/model-best", "packages", "--name", "tiny")
    (package,) = (folder / "packages").glob("*.whl")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder / "installed")
    load = "import sys; sys.path.insert(0, 'installed'); import zh_tiny, spacy_cner; print(spacy_cner.__file__)"
    place, pipeline = run("-c", f"{load}; print(zh_tiny.load().pipe_names)").splitlines()
    assert Path(place).is_relative_to(folder)
    assert pipeline == "['cner']"
