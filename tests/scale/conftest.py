"""A pipeline that finds the names of docs/offsets.json, and fails at one text: small, and fast to load."""

import json
from pathlib import Path

import pytest
import spacy

import spacy_cner
from spacy_cner.loading import save_pipeline

CONTRACT = json.loads((Path(spacy_cner.__file__).parents[1] / "docs" / "offsets.json").read_text(encoding="utf-8"))
POISON = "毒" * 1_000_001  # longer than `nlp.max_length`: spaCy refuses it


@pytest.fixture(scope="session")
def ruler(tmp_path_factory):
    """The path of the pipeline."""
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns(CONTRACT["patterns"])
    nlp.meta.update(name="ruler", version="1.2.3")
    path = tmp_path_factory.mktemp("scale") / "ruler"
    save_pipeline(nlp, path)
    return str(path)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder of a test, which is the present one, too."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_lines(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text(lines, encoding="utf-8")
    return path


def contract_rows(unit="codepoint"):
    """The texts of the contract, and their entities as (start, end, label, text)."""
    return [
        (case["text"], [(*ent[unit], ent["label"], ent["text"]) for ent in case["entities"]])
        for case in CONTRACT["cases"]
    ]


def shown(rows):
    return [[(ent["start"], ent["end"], ent["label"], ent["text"]) for ent in row["ents"]] for row in rows]
