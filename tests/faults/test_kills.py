"""Each long command is killed at random moments, again and again, and then left alone: what it has made is what an
undisturbed run makes. CNER_KILLS is the number of kills of each command.

Commands run in forks of this process, which has imported everything: the kills hit what they do, not its start."""

import json
import os
import random
import shutil
import signal
import time
import zipfile

import pytest
import spacy
from conftest import SENTENCES, TINY, make_examples
from pretraining.conftest import CONFIG as PRETRAINING
from pretraining.conftest import sentences, write_vectors
from scale.conftest import write_lines
from spacy.tokens import DocBin
from thinc.api import Config

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.loading import save_pipeline
from spacy_cner.pretraining.characters import loop
from spacy_cner.pretraining.characters.tokens import write_tokens

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")]
KILLS = int(os.environ.get("CNER_KILLS", 20))
# Of what is recorded: when and how fast.
CHANGING = ("train_s", "characters_per_second", "seconds", "cpu_seconds", "revision")
UNLIKE = ("checkpoint.bin", "checkpoint.pt", "_manifest.json")  # files with times in them
TABLE = {
    "title": "Tiny",
    "overrides": TINY,
    "columns": {"half": {"corpus": "mine", "ratio": 0.5}},
    "rows": {"Tiny": {"config": "clc.cfg", "paper": {"half": {"f": 60.0}}}},
}
COMMANDS = {
    "convert": "convert {}/corpus.bio out/corpus.spacy --format bio",
    "prepare": "prepare {}/corpus.bio out --format bio",
    "teach": "teach {}/features out/taught.spacy {}/text.txt",
    "teach to a folder": "teach {}/ruler out/taught {}/text.txt",
    "pretrain": "pretrain {}/pretrain.cfg out/encoder",
    "pretrain-tokens": "pretrain-tokens out/work {}/text.txt --min-count 1",
    "pretrain a transformer": "pretrain-transformer out/work --steps 40 --width 64 --layers 1 --batch 2 --warm-up 2",
    "average": "average {}/model {}/model -o out/average",
    "calibrate": "calibrate {}/model {}/dev.spacy out/calibrated",
    "annotate": "annotate {}/ruler {}/in.jsonl -o out/annotated -f jsonl",
    "package": "package {}/model out/wheels --name tiny",
    "compile": "compile {}/model out/compiled",
    "reproduce": "run {}/tiny.yml --recipes {}/corpora.yml --data {} --corpus-dir out --models out --results out",
}


@pytest.fixture(scope="module")
def inputs(trained, tmp_path_factory):
    """What the commands read."""
    folder = tmp_path_factory.mktemp("inputs")
    features, ruler = spacy.blank("zh"), spacy.blank("zh")
    features.add_pipe("cner_features")
    features.initialize(lambda: make_examples(features))
    ruler.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "王海"}])
    for name, nlp in {"model": trained, "features": features, "ruler": ruler}.items():
        save_pipeline(nlp, folder / name)
    rows = [f"第{i}次：{text}" for i in range(4000) for text, _ in SENTENCES]
    (folder / "text.txt").write_text("\n".join(rows), encoding="utf-8")
    write_lines(folder / "in.jsonl", [{"id": i, "text": text} for i, text in enumerate(rows[:12_000])])
    (folder / "corpus.bio").write_text("王\tB-PER\n海\tI-PER\n去\tO\n\n" * 10_000, encoding="utf-8")
    (folder / "raw.txt").write_text("\n".join(sentences(200)), encoding="utf-8")
    write_tokens([folder / "raw.txt"], folder / "work", min_count=1)
    DocBin(docs=[each.reference for each in make_examples(trained, SENTENCES * 20)]).to_disk(folder / "dev.spacy")
    config = Config().from_str(PRETRAINING, interpolate=False)
    config["paths"] = {"raw_text": str(folder / "raw.txt"), "vectors": str(write_vectors(folder / "vectors.npz"))}
    config["pretraining_loop"]["max_steps"] = 30
    config.to_disk(folder / "pretrain.cfg")
    (folder / "tiny.yml").write_text(json.dumps(TABLE), encoding="utf-8")
    (folder / "mine").mkdir()
    for part, count in (("train", 20), ("test", 2)):
        lines = "[林小燕]PER 昨天 去 了 [青岛]LOC 。\n[蓝天 银行]ORG 不 开门 。\n" * count
        (folder / "mine" / f"{part}.txt").write_text(lines, encoding="utf-8")
    recipe = {"mine": {"format": "markup", "train": "train.txt", "dev_share": 0.2, "test": "test.txt"}}
    (folder / "corpora.yml").write_text(json.dumps(recipe), encoding="utf-8")
    return folder


def start(name, inputs, folder):
    """Runs the command in a fork, in this folder. RETURNS: its process."""
    line = COMMANDS[name].replace("{}", str(inputs)).split()
    if child := os.fork():
        return child
    code = 1
    try:
        folder.mkdir(exist_ok=True)
        if name == "pretrain a transformer" and not (folder / "out").exists():
            shutil.copytree(inputs / "work" / "tokens", folder / "out" / "work" / "tokens")
        os.chdir(folder)
        shown = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(shown, stream)
        command = app
        if name == "reproduce":
            from papers.run.commands import app as command
        code = command(line, standalone_mode=False) or 0
    except BaseException as error:
        os.write(2, repr(error).encode())
    finally:
        os._exit(code)


def has_ended(process):
    """Whether a process has ended, for which it must have succeeded."""
    ended, status = os.waitpid(process, os.WNOHANG)
    assert not ended or status == 0, status
    return bool(ended)


def finish(name, inputs, folder):
    process = start(name, inputs, folder)
    _, status = os.waitpid(process, 0)
    assert status == 0, (folder / "log").read_text(encoding="utf-8")[-2000:]


def made(folder):
    """What is in the files of a run that has ended, without what says when and how fast it ran."""
    found = {}
    for path in sorted((folder / "out").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.suffix in (".lock", ".txt") or path.name in UNLIKE:
            continue
        if path.suffix == ".spacy":
            docs = DocBin().from_disk(path).get_docs(chinese_vocab())
            found[name] = [(doc.text, [(e.start, e.end, e.label_) for e in doc.ents]) for doc in docs]
        elif path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                found[name] = {each: wheel.read(each) for each in wheel.namelist()}
        elif path.name in ("log.jsonl", "tiny.json", "run.json") or path.parent.name == "_parts":
            text = path.read_text(encoding="utf-8")
            rows = json.loads(text) if path.suffix == ".json" else list(map(json.loads, text.splitlines()))
            rows = [rows] if isinstance(rows, dict) else rows
            found[name] = [{key: row[key] for key in row if key not in CHANGING} for row in rows]
        else:
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_kills_at_random_moments(name, inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY", 0)  # of `pretrain-transformer`, else a minute
    begun = time.monotonic()
    finish(name, inputs, tmp_path / "undisturbed")
    duration = time.monotonic() - begun
    draw, killed = random.Random(name), 0
    for _ in range(KILLS):
        process = start(name, inputs, tmp_path / "killed")
        until = time.monotonic() + draw.random() * duration
        while time.monotonic() < until:
            if has_ended(process):
                break
            time.sleep(0.005)
        else:
            os.kill(process, signal.SIGKILL)
            killed += os.WIFSIGNALED(os.waitpid(process, 0)[1])
    finish(name, inputs, tmp_path / "killed")
    print(f"{name}: {killed} of {KILLS} runs were killed, within {duration:.1f} s")
    assert killed
    expected, found = made(tmp_path / "undisturbed"), made(tmp_path / "killed")
    assert expected and sorted(found) == sorted(expected)
    for file, contents in expected.items():
        assert found[file] == contents, file
    assert not list((tmp_path / "killed").rglob("*.part"))
