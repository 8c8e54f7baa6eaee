"""Servers and pipelines that the tests of the service share."""

import json
from pathlib import Path

import pytest
import spacy
from serve.running import RunningServer

import spacy_cner

ROOT = Path(spacy_cner.__file__).parents[1]
CONTRACT = json.loads((ROOT / "docs" / "offsets.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def models(trained_joint, tmp_path_factory):
    """`joint` finds words and entities with probabilities, `contract` what docs/offsets.json says, and an entity that
    is a tag of HTML."""
    folder = tmp_path_factory.mktemp("served")
    trained_joint.to_disk(folder / "joint")
    nlp = spacy.blank("zh")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(CONTRACT["patterns"])
    ruler.add_patterns([{"label": "XSS", "pattern": "<script>alert(1)</script>"}])
    nlp.to_disk(folder / "contract")
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary")
    nlp.to_disk(folder / "known")
    return folder


@pytest.fixture(scope="session")
def server(models):
    with RunningServer(models / "joint", models / "contract", models / "known") as running:
        yield running
