"""`run` with real trainings, each in a process of its own, of a few steps; and `show`."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import srsly
from conftest import TINY
from spacy.util import load_config, load_config_from_str
from typer.testing import CliRunner

from papers.run.commands import app
from papers.run.job import Job
from papers.run.pool import ROOT, last_step
from spacy_cner.evaluation.calibration import SETTINGS

TABLE = {
    "title": "Tiny",
    "overrides": TINY,
    "columns": {"half": {"corpus": "mine", "ratio": 0.5}},
    "rows": {
        "Good": {
            "config": "mine.cfg",
            "paths": {"words": "mine/dev.spacy"},
            "calibrated": "Calibrated",
            "paper": {"half": {"f": 60.0}},
        },
        "Bad": {"config": "clc.cfg", "overrides": {"components.cner.model.encoder.width": "wide"}},
        "Calibrated": {"config": None},
    },
    "figures": {
        "drop": {
            "title": "Figure 1", "row": "Good", "column": "half", "parameter": "drop", "label": "dropout",
            "points": [{"x": 0.5, "row": "Good"}, {"x": 0.6, "overrides": {"training.dropout": 0.6}}],
        }
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, a corpus, and what a killed run would have left."""
    folder = tmp_path_factory.mktemp("papers")
    srsly.write_yaml(folder / "tiny.yml", TABLE)
    (folder / "mine.cfg").write_text('[overlay]\nextends = "clc.cfg"\n\n[training]\ndropout = 0.4\n')
    (folder / "data" / "mine").mkdir(parents=True)
    for part, count in (("train", 20), ("test", 2)):
        lines = "[林小燕]PER 昨天 去 了 [青岛]LOC 。\n[蓝天 银行]ORG 不 开门 。\n" * count
        (folder / "data" / "mine" / f"{part}.txt").write_text(lines, encoding="utf-8")
    recipe = {"format": "markup", "train": "train.txt", "dev_share": 0.2, "test": "test.txt"}
    srsly.write_yaml(folder / "corpora.yml", {"mine": recipe})
    killed = folder / "training" / "papers" / "tiny" / "Good-mine-0.5-0"
    (killed / "model-best").mkdir(parents=True)
    (killed / "model-best" / "meta.json").write_text("{")
    (killed / "log.txt").write_text("  0       2  1.00\n")
    (folder / "tiny.json.tmp").write_text('[\n{"row": "Good", ')
    return folder


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)


def run(*args):
    return CliRunner().invoke(app, ["run", "tiny.yml", "--recipes", "corpora.yml", "--data", "data", *args])


@pytest.fixture(scope="module")
def first(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        rows = ("--row", "Good", "--row", "Bad")
        return run(*rows, "--jobs", "2", "--output", "out/tiny.md", "--training.patience", "9")


def test_a_run_that_ends_well_is_recorded(first):
    records = json.loads(Path("tiny.json").read_text(encoding="utf-8"))
    assert [(r["row"], r["corpus"], r["ratio"], r["seed"], r["split"]) for r in records] == [
        (row, "mine", 0.5, 0, split) for row in ("Good", "Calibrated") for split in ("dev", "test")
    ]
    assert all(0 <= record[key] <= 100 for record in records for key in "prf")
    assert records[0]["config"] == "mine.cfg"
    assert records[0]["overrides"] == {"paths.words": "mine/dev.spacy", **TABLE["overrides"], "training.patience": 9}
    assert {"r_oov", "subset", "revision", "train_s", "device"} <= records[0].keys()


def test_a_run_that_fails_is_reported_with_its_log_and_others_go_on(first):
    assert first.exit_code == 1
    assert "Good, mine 0.5, seed 0: dev F " in first.stderr
    assert "Bad, mine 0.5, seed 0: failed with exit code 1; the end of " in first.stderr
    assert "encoder -> width" in first.stderr
    assert "1 runs failed" in first.stderr


def test_only_logs_are_kept(first):
    kept = Path("training/papers/tiny/Good-mine-0.5-0")
    assert not list(kept.glob("model-*"))
    assert last_step(kept / "log.txt") == 2
    config = load_config(kept / "config.cfg", interpolate=True)
    assert [config["training"][key] for key in ("dropout", "max_steps", "patience")] == [0.4, 3, 9]
    assert config["paths"]["train"] == "corpus/mine-0.5/train.spacy"
    assert sorted(path.name for path in Path("corpus").iterdir()) == ["mine", "mine-0.5"]


def test_report_is_printed_and_written(first):
    text = Path("out/tiny.md").read_text(encoding="utf-8")
    assert text.strip() in first.stdout
    row = next(line for line in text.splitlines() if line.startswith("| Good"))
    assert [cell.strip() for cell in row.strip("|").split("|")][-2:] == ["1", "60.00"]


def test_the_calibrated_pipeline_has_records_of_its_own(first):
    records = json.loads(Path("tiny.json").read_text(encoding="utf-8"))
    plain, calibrated = ([r for r in records if r["row"] == row] for row in ("Good", "Calibrated"))
    assert [(r["split"], r["subset"], r["train_s"]) for r in calibrated] == [
        (r["split"], r["subset"], r["train_s"]) for r in plain
    ]
    for record in calibrated:
        # The development data have few entities: the most probable tags stay.
        chosen = [record["overrides"][f"components.cner.{setting}"] for setting in SETTINGS]
        assert chosen == ["path", 0.0, 1.0]


def test_what_is_recorded_is_not_run_again(first):
    before = Path("tiny.json").read_bytes()
    log = Path("training/papers/tiny/Good-mine-0.5-0/log.txt").stat().st_mtime_ns
    result = run("--row", "Good", "--training.patience", "9")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("tiny.json").read_bytes() == before
    assert Path("training/papers/tiny/Good-mine-0.5-0/log.txt").stat().st_mtime_ns == log


def test_other_settings_than_recorded_are_said(first):
    result = run("--row", "Good")
    assert result.exit_code == 0
    assert "Good, mine 0.5, seed 0: recorded with mine.cfg" in result.stderr


def test_show_draws_figures_and_runs_nothing(first):
    pytest.importorskip("matplotlib")
    result = run("--show")
    assert result.exit_code == 0, result.output
    assert Path("tiny-drop.png").read_bytes().startswith(b"\x89PNG")
    assert "![Figure 1](tiny-drop.png)" in result.stdout
    assert not Path("training/papers/tiny/Good_drop=0.6-mine-0.5-0").exists()


def test_a_run_ends_when_its_parent_does(folder):
    common = {"row": "Good", "corpus": "mine", "ratio": 0.5, "seed": 1}
    job = Job(common, "mine.cfg", {}, "", corpus=".", output="orphan", results="orphan.json")
    command = [sys.executable, "-m", "papers.run.job", json.dumps(asdict(job))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert not Path("orphan.json").exists()


@pytest.mark.parametrize(
    "args, message",
    [
        (["--row", "Best"], "expected a row out of Good, Bad, Calibrated, got 'Best'"),
        (
            ["--row", "Good", "--seed", "5", "--corpora.trein.path", "x"],
            "seed 5: corpora.trein.path: expected a setting",
        ),
        (["--row", "Good", "--seed", "5", "--training.dropout", "${a.b}"], "Good, mine 0.5, seed 5: expected a config"),
        (["--colum", "half"], "expected an option, or a setting of the config as in --training.patience 10, got"),
        (["--row", "Good", "--seed", "5", "--corpus-dir", "none", "--data", "x"], "x/mine: expected the corpus 'mine'"),
    ],
)
def test_bad_arguments_say_what_is_expected(args, message):
    result = run(*args)
    assert result.exit_code == 1
    assert message in result.stderr


# The config of a row


def show(*args):
    result = CliRunner().invoke(app, ["show", *args])
    return result.exit_code, result.stdout, result.stderr


def test_show_prints_a_config_that_trains(tmp_path, first):
    code, text, error = show("tiny.yml", "--row", "Good", "--training.logger.progress_bar", "null")
    assert (code, error) == (0, "")
    config = load_config_from_str(text)
    assert config["training"]["dropout"] == 0.4
    assert config["paths"]["train"] == "corpus/mine-0.5/train.spacy"
    (tmp_path / "good.cfg").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "spacy", "train", str(tmp_path / "good.cfg"), "--output", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "model-last" / "config.cfg").exists()


def test_show_takes_the_column_and_the_seed():
    code, text, _ = show("wu-2019", "--row", "CLC+Joint", "--column", "25%", "--seed", "2", "--corpus-dir", "here")
    config = load_config_from_str(text, interpolate=True)
    assert code == 0
    assert config["system"]["seed"] == 2
    assert config["paths"]["train"] == "here/msra-0.25/train-words-training_cws_model-best.spacy"
    assert config["training"]["max_steps"] == 5000


def test_show_prints_an_overlay():
    code, text, _ = show(str(ROOT / "papers" / "peng-dredze-2016" / "segmenter.cfg"), "--paths.train", "pfr.spacy")
    config = load_config_from_str(text)
    assert code == 0
    assert "overlay" not in config
    assert (config["nlp"]["pipeline"], config["paths"]["train"]) == (["tok2vec", "cws"], "pfr.spacy")


@pytest.mark.parametrize(
    "args, message",
    [
        (["tiny.yml"], "tiny.yml: expected --row with one of Good, Bad, Calibrated"),
        (["tiny.yml", "--row", "Best"], "expected a row out of Good, Bad, Calibrated, got 'Best'"),
        (["tiny.yml", "--row", "Calibrated"], "tiny.yml: expected a row with a config of its own, got 'Calibrated'"),
        (["tiny.yml", "--row", "Good", "--column", "whole"], "expected a column out of half, got 'whole'"),
        (["none.cfg"], "none.cfg: expected a config, got"),
    ],
)
def test_what_cannot_be_shown_is_said(args, message):
    code, _, error = show(*args)
    assert code == 1
    assert message in error
