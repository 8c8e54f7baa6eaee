import pytest
import srsly
from conftest import TINY


@pytest.fixture
def description():
    """A small table, as YAML has it."""
    return {
        "title": "Tiny",
        "source": "Nobody 2024, Table 1",
        "seeds": [0, 1],
        "overrides": TINY,
        "columns": {
            "half": {"corpus": "mine", "ratio": 0.5, "overrides": {"training.dropout": 0.1}},
            "half, dev": {"corpus": "mine", "ratio": 0.5, "split": "dev", "overrides": {"training.dropout": 0.1}},
            "secret": {"corpus": "secret", "optional": True},
        },
        "rows": {
            "A": {
                "config": "clc.cfg",
                "paper": {"half": {"p": 60.5, "r": 59.5, "f": 60.0, "r_oov": 40.0}, "secret": {"f": 1.0}},
            },
            "A+B": {"config": "clc.cfg", "overrides": {"training.dropout": 0.2}},
        },
        "figures": {
            "rate": {
                "title": "Figure 1",
                "row": "A",
                "column": "half",
                "parameter": "rate",
                "label": "dropout",
                "points": [
                    {"x": 0.1, "row": "A"},
                    {"x": 0.2, "row": "A+B"},
                    {"x": 0.4, "overrides": {"training.dropout": 0.4}},
                ],
            }
        },
    }


@pytest.fixture
def write(tmp_path):
    """Writes a description to tiny.yml and gives its path."""

    def write_description(description):
        srsly.write_yaml(tmp_path / "tiny.yml", description)
        return tmp_path / "tiny.yml"

    return write_description


def make_record(row="A", seed=0, f=50.0, **other):
    record = {"row": row, "corpus": "mine", "ratio": 0.5, "seed": seed, "split": "test", "subset": "all"}
    scores = {"p": f + 1, "r": f - 1, "f": f, "r_oov": None}
    return {**record, **scores, "config": "x.cfg", "overrides": {}, **other}


@pytest.fixture
def record():
    return make_record
