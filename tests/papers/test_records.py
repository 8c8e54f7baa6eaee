import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from papers.run import records
from papers.run.records import make_records, read_records, save_records
from spacy_cner.errors import InputError


def test_a_record_of_the_same_identity_is_replaced(tmp_path, record):
    path = tmp_path / "results" / "tiny.json"
    save_records(path, [record(f=1.0), record(seed=1, f=1.0)])
    save_records(path, [record(f=2.0)])
    assert [(r["seed"], r["f"]) for r in json.loads(path.read_text())] == [(0, 2.0), (1, 1.0)]


def test_a_record_of_some_sentences_is_another(tmp_path, record):
    path = tmp_path / "tiny.json"
    save_records(path, [record(), record(sentences=9, f=1.0), record(sentences=10)])
    save_records(path, [record(sentences=9, f=2.0)])
    assert [(r.get("sentences"), r["f"]) for r in read_records(path)] == [(None, 50.0), (9, 2.0), (10, 50.0)]


def test_a_temporary_file_that_was_left_half_written_does_not_matter(tmp_path, record):
    path = tmp_path / "tiny.json"
    save_records(path, [record()])
    (tmp_path / "tiny.json.tmp").write_text('[\n{"row": "A"')
    save_records(path, [record(seed=1)])
    assert [r["seed"] for r in read_records(path)] == [0, 1]


def test_records_saved_at_the_same_time_are_all_kept(tmp_path, record):
    path = tmp_path / "tiny.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: save_records(path, [record(seed=seed)]), range(40)))
    assert {r["seed"] for r in read_records(path)} == set(range(40))


@pytest.mark.parametrize("text", ["[1", "{}", '[{"row": "A"}]'])
def test_what_is_not_a_list_of_records_is_named(tmp_path, record, text):
    path = tmp_path / "tiny.json"
    path.write_text(text)
    for use in (read_records, lambda path: save_records(path, [record()])):
        with pytest.raises(InputError, match="tiny.json: expected a JSON list of records"):
            use(path)
    assert path.read_text() == text


def test_one_record_for_each_split_and_kind_of_mention():
    prf = {"ents_p": 0.5, "ents_r": 1 / 3, "ents_f": 0.4, "ents_r_oov": 0.25}
    named = {f"ents_named_{key}": 1.0 for key in "prf"}
    run = {"scores": {"dev": prf, "test": prf | named}, "config": "x.cfg", "train_s": 1.6, "device": "a card"}
    made = list(make_records({"row": "A"}, run))
    assert [(r["split"], r["subset"], r["r"], r["r_oov"]) for r in made] == [
        ("dev", "all", 33.33, 25.0),
        ("test", "all", 33.33, 25.0),
        ("test", "named", 100.0, None),
    ]
    assert (made[0]["train_s"], made[0]["device"], made[0]["overrides"]) == (2, "a card", {})


def test_labels_that_have_records_of_their_own():
    scores = {"ents_p": 0.5, "ents_r": 0.5, "ents_f": 0.5, "ents_per_type": {"PER": {"p": 1.0, "r": 0.5, "f": 0.667}}}
    run = {"scores": {"test": scores}, "config": "x.cfg", "train_s": 1.0, "device": "a card", "labels": ["PER", "LOC"]}
    made = {r["subset"]: (r["p"], r["f"]) for r in make_records({"row": "A"}, run)}
    assert made == {"all": (50.0, 50.0), "PER": (100.0, 66.7), "LOC": (0.0, 0.0)}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A Git repository with one commit; gives a function for the revision that a file there would see."""
    if shutil.which("git") is None:
        pytest.skip("no git")

    def git(*args):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        return subprocess.check_output(["git", *identity, *args], cwd=tmp_path, stderr=subprocess.DEVNULL, text=True)

    git("init")
    git("commit", "--allow-empty", "-m", "first")

    def revision(file):
        file.parent.mkdir(parents=True)
        monkeypatch.setattr(records, "__file__", str(file))
        return records.revision.__wrapped__()

    return git("rev-parse", "--short", "HEAD").strip(), revision


def test_revision_is_the_commit_of_the_checkout(checkout, tmp_path):
    commit, revision = checkout
    assert revision(tmp_path / "papers" / "run" / "records.py") == commit


def test_revision_is_unknown_for_a_package_installed_within_another_checkout(checkout, tmp_path):
    _, revision = checkout
    assert revision(tmp_path / ".venv" / "site-packages" / "papers" / "run" / "records.py") == "unknown"


def test_revision_is_unknown_without_git(checkout, tmp_path, monkeypatch):
    _, revision = checkout
    monkeypatch.setenv("PATH", "")
    assert revision(tmp_path / "papers" / "run" / "records.py") == "unknown"


def test_the_records_of_this_project_name_no_file_of_one_machine():
    files = Path(records.__file__).parents[1].glob("*/*.json")
    found = [record for path in files for record in read_records(path)]
    named = {str(value) for record in found for value in record.get("overrides", {}).values()}
    assert "assets/vectors.npz" in named
    assert not [value for value in named if Path(value).is_absolute()]
