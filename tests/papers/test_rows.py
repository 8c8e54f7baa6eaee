"""Every row of every table: its whole config is one that spaCy takes."""

import pytest
from spacy.language import DEFAULT_CONFIG
from spacy.schemas import ConfigSchemaInit, ConfigSchemaTraining
from spacy.util import load_model_from_config, registry
from thinc.api import Config

from papers.run.commands import check_config, merged_config
from papers.run.corpora import Corpora
from papers.run.plan import plan, select
from papers.run.table import PAPERS, read_table, table_name, table_path

TABLES = sorted(table_name(path) for path in PAPERS.glob("*/*.yml"))


def runs_of(name, tmp_path):
    """All runs of a table, with their configs, interpolated."""
    path = table_path(name)
    table = read_table(path)
    for run in plan(table, select(table, [], list(table.columns), list(table.figures)), [0]):
        config = merged_config(run, path.parent, Corpora(tmp_path, tmp_path, tmp_path))
        yield run, check_config(str(run), config)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_a_pipeline(name, tmp_path):
    built = set()
    for run, config in runs_of(name, tmp_path):
        assert config["training"]["max_steps"] > 0
        assert {setting.split(".")[0] for setting in config} <= {
            "paths", "system", "nlp", "components", "corpora", "training", "initialize"
        }  # fmt: skip
        config = Config(DEFAULT_CONFIG).merge(config).interpolate()
        # What a trained pipeline would bring.
        sourced = [pipe for pipe, block in config["components"].items() if "source" in block]
        config["nlp"]["pipeline"] = [pipe for pipe in config["nlp"]["pipeline"] if pipe not in sourced]
        for pipe in sourced:
            del config["components"][pipe]
        assert config["nlp"]["pipeline"]
        if run.row not in built:  # columns differ in training alone
            built.add(run.row)
            nlp = load_model_from_config(config, auto_fill=True)
            assert nlp.pipe_names == config["nlp"]["pipeline"]
            config = nlp.config.interpolate()
            registry.resolve(config["initialize"], schema=ConfigSchemaInit)
        registry.resolve(config["training"], schema=ConfigSchemaTraining)
    assert built


@pytest.mark.parametrize("name", TABLES)
def test_overlays_say_how_they_differ(name):
    for path in table_path(name).parent.glob("*.cfg"):
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        assert first.startswith("# ")
        assert "[overlay]" in lines[:3]
        assert len(lines) < 100
