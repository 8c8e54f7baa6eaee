"""Pipelines without a network and compiled ones, in a process that has no torch and nothing else of training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from conftest import SENTENCES, entities, make_examples

from spacy_cner.pipeline.compiled import compile_pipeline

HIDDEN = ["torch", "transformers", "spacy_transformers", "matplotlib", "jieba", "rjieba", "onnx", "gensim"]
# Hides packages as if they were not installed: neither imports nor entry points find them.
HIDE = f"""
import importlib.abc, importlib.metadata, sys
HIDDEN = {HIDDEN}
class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name.split(".")[0])
every = importlib.metadata.distributions
def name_of(distribution):
    return (distribution.metadata["Name"] or "").lower().replace("-", "_")
importlib.metadata.distributions = lambda **given: (each for each in every(**given) if name_of(each) not in HIDDEN)
sys.meta_path.insert(0, Hide())
"""
USE = (
    HIDE
    + """
import json, spacy
before = set(sys.modules)
nlp = spacy.load(sys.argv[1])
found = [[[e.start_char, e.end_char, e.label_] for e in doc.ents] for doc in nlp.pipe(json.loads(sys.argv[2]))]
print(json.dumps([found, sorted(set(sys.modules) - before)]))
"""
)
RUN = HIDE + "from spacy_cner.cli import app\napp(sys.argv[1:])"
TEXTS = [text for text, _ in SENTENCES]


def python(code, *arguments):
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory) -> Path:
    """A pipeline with a network, the same compiled, and one of sparse features."""
    folder = tmp_path_factory.mktemp("light")
    trained.to_disk(folder / "network")
    for name, int8 in (("compiled", False), ("int8", True)):
        compile_pipeline(spacy.load(folder / "network"), int8=int8).to_disk(folder / name)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features", config={"min_count": 1, "max_iterations": 30})
    nlp.initialize(lambda: make_examples(nlp))
    nlp.to_disk(folder / "features")
    return folder


@pytest.mark.parametrize("name", ["compiled", "int8", "features"])
def test_a_pipeline_is_used_without_torch(folder, name):
    done = python(USE, folder / name, json.dumps(TEXTS))
    assert done.returncode == 0, done.stderr
    found, modules = json.loads(done.stdout)
    expected = [entities(doc) for doc in spacy.load(folder / name).pipe(TEXTS)]
    assert sum(map(len, expected)) == 9
    assert [[tuple(each) for each in row] for row in found] == expected
    packages = {module.split(".")[0] for module in modules}
    assert "spacy_cner" in packages and ("onnxruntime" in packages) == (name != "features")
    own = {module for module in modules if module.startswith("spacy_cner.")}
    unwanted = ("spacy_cner.nn.", "spacy_cner.plots.", "spacy_cner.cli.")
    assert not {module for module in own if module.startswith(unwanted)}


@pytest.mark.parametrize("arguments, expected", [
    (["entities", "network", "王海"], "network: expected torch, which is not installed; pip install spacy_cner[train]"),
    (["compile", "compiled", "new"], "compile: expected torch, which is not installed; pip install spacy_cner[train]"),
    (["jieba-tagger", "new"], "jieba-tagger: expected torch"),
    (["curve", "new.png", "log.txt"], "pip install spacy_cner[plots]"),
])  # fmt: skip
def test_a_command_says_what_it_needs(folder, monkeypatch, arguments, expected):
    monkeypatch.chdir(folder)
    (folder / "log.txt").write_text("E    #       LOSS CNER  ENTS_F\n  0       0       1.0    10.0\n", encoding="utf-8")
    done = python(RUN, *arguments)
    assert done.returncode == 1 and expected in done.stderr and "Traceback" not in done.stderr


def test_sparse_features_are_made_small_without_torch(folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = python(RUN, "compile", "features", "small", "--int8")
    assert done.returncode == 0 and "small: cner_features" in done.stderr, done.stderr


def test_commands_for_compiled_pipelines_need_no_torch(folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = python(RUN, "entities", "compiled", TEXTS[0])
    assert done.returncode == 0 and "PER" in done.stdout, done.stderr
