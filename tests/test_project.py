"""The whole project, run as a user runs it, in a copy of its files; only `try` is left out, which would install a
package (tests/cli/test_package.py does that elsewhere)."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import spacy
import srsly

import spacy_cner
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.vectors import NgramVectors

ROOT = Path(__file__).parents[1]
PARTS = ("train", "dev", "test")
SHORT = {"max_steps": 12, "eval_frequency": 6}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "configs", folder / "configs")
    shutil.copytree(ROOT / "assets" / "embedded", folder / "assets" / "embedded")
    shutil.copy(ROOT / "assets" / "vectors.npz", folder / "assets")
    settings = srsly.read_yaml(ROOT / "project.yml")
    steps, mine = settings["workflows"]["all"], settings["workflows"]["mine"]
    assert (steps[0], mine[0], steps[-1]) == ("convert", "convert-mine", "try")
    assert steps[1:] == mine[1:]
    # What the two share need not be tested twice.
    settings["workflows"] = {"all": steps[:-1], "mine": mine[: mine.index("train") + 1]}
    srsly.write_yaml(folder / "project.yml", settings)
    return folder


def run(folder, workflow, settings):
    command = [sys.executable, "-m", "spacy", "project", "run", workflow, "."]
    command += [part for name, value in settings.items() for part in (f"--vars.{name}", str(value))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(project):
    return run(project, "all", SHORT)


def test_all_gives_metrics_and_wheels(project, ran):
    metrics = srsly.read_json(project / "metrics" / "cner_clc.json")
    assert {"ents_p", "ents_r", "ents_f", "ents_per_type", "ents_r_oov", "speed"} <= metrics.keys()
    assert metrics["ents_r_oov"] is not None
    assert metrics["speed"] > 0
    wheels = {path.name for path in (project / "packages").iterdir()}
    assert wheels == {"zh_cner_clc-0.1.0-py3-none-any.whl", f"spacy_cner-{spacy_cner.__version__}-py3-none-any.whl"}


def test_what_was_trained_is_the_config(project, ran):
    nlp = spacy.load(project / "training" / "cner_clc" / "model-best")
    assert nlp.pipe_names == ["cner"]
    assert nlp.get_pipe("cner").labels == ("LOC", "ORG", "PER")
    assert nlp.meta["performance"].keys() >= {"ents_f", "ents_r_oov", "cner_loss"}
    doc = nlp("王小明从杭州阿里辞职后，去西藏阿里拍了一年的雪山。")
    assert doc.has_annotation("ENT_IOB")


def test_the_embedded_corpus_comes_whole(project, ran):
    count = {part: len(list(read_docs(project / "corpus" / "embedded" / f"{part}.spacy"))) for part in PARTS}
    for part in PARTS:
        lines = (project / "assets" / "embedded" / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        assert count[part] == sum(bool(line.strip()) and not line.startswith("# ") for line in lines)
    assert sum(count.values()) >= 600


def test_nothing_runs_again_that_has_its_outputs(project, ran):
    outputs = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}
    again = run(project, "all", SHORT)
    assert all(f"Skipping '{step}': nothing changed" in again for step in ("convert", "train", "evaluate", "package"))
    assert {path: path.stat().st_mtime_ns for path in outputs} == outputs


def test_mine_goes_from_an_annotated_file_to_a_pipeline(project):
    line = {"text": "王海去了青岛。", "label": [[0, 2, "人"], [4, 6, "地"]]}
    (project / "mine.jsonl").write_text(f"{json.dumps(line, ensure_ascii=False)}\n" * 40, encoding="utf-8")
    grams = {1: ["王", "海", "青"], 2: ["青岛"]}
    vectors = {order: numpy.eye(len(grams[order]), width) for order, width in ((1, 100), (2, 50))}
    NgramVectors(grams, vectors).save(project / "mine.npz")
    run(project, "mine", {"file": "mine.jsonl", "corpus": "mine", "name": "mine", "vectors": "mine.npz", **SHORT})
    counts = [len(list(read_docs(project / "corpus" / "mine" / f"{part}.spacy"))) for part in PARTS]
    assert counts == [32, 4, 4]
    assert spacy.load(project / "training" / "mine" / "model-best").get_pipe("cner").labels == ("人", "地")
