"""What `spacy train` leaves with our callback: pipelines with checksums of all files, whole or not there."""

import signal
import subprocess
import sys

import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from thinc.api import Config

from spacy_cner.errors import InputError
from spacy_cner.files import CHECKSUMS


@pytest.fixture
def config(tmp_path):
    """A config that trains on SENTENCES in three checkpoints."""
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    DocBin(docs=[example.reference for example in make_examples(nlp, SENTENCES)]).to_disk(tmp_path / "train.spacy")
    made = Config(nlp.config)
    for name in ("train", "dev"):
        made["corpora"][name] = {"@readers": "spacy.Corpus.v1", "path": str(tmp_path / "train.spacy")}
    made["training"] |= {"max_steps": 3, "eval_frequency": 1, "seed": 0}
    made["training"]["before_to_disk"] = {"@callbacks": "spacy_cner.save_whole.v1"}
    return made


def test_each_file_of_both_pipelines_is_known(config, tmp_path):
    nlp, _ = train(init_nlp(config), tmp_path / "out")
    text = SENTENCES[0][0]
    for name in ("model-best", "model-last"):
        folder = tmp_path / "out" / name
        spacy.load(folder)
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS]
        assert {path.name for path in files} >= {"config.cfg", "meta.json", "strings.json", "model"}
        for path in files:
            whole = path.read_bytes()
            for broken in (whole[: len(whole) // 2], None):
                path.unlink() if broken is None else path.write_bytes(broken)
                with pytest.raises((InputError, OSError, ValueError)):
                    spacy.load(folder)
            path.write_bytes(whole)
    assert entities(spacy.load(tmp_path / "out" / "model-last")(text)) == entities(nlp(text))
    # The pipeline itself saves as ever.
    nlp.to_disk(tmp_path / "by spaCy")
    assert not (tmp_path / "by spaCy" / CHECKSUMS).exists()


SLOW = """
import sys
from pathlib import Path
from spacy.cli._util import app
from spacy_cner import files

flush, folder = files.to_disk, Path(sys.argv[2])

def slow(file):
    if (folder / "model-last").exists():
        print("writing", flush=True)
        sys.stdin.read()
    flush(file)

files.to_disk = slow
app(["train", sys.argv[1], "--output", sys.argv[2]])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")
def test_a_kill_while_the_second_checkpoint_is_written_leaves_the_first(config, tmp_path):
    config.to_disk(tmp_path / "config.cfg")
    command = [sys.executable, "-c", SLOW, str(tmp_path / "config.cfg"), str(tmp_path / "out")]
    killed = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while (line := killed.stdout.readline()) != b"writing\n":
        assert line, "expected a second checkpoint"
    killed.kill()
    killed.communicate()
    assert list((tmp_path / "out").glob("model-last.*.part"))
    for name in ("model-best", "model-last"):
        spacy.load(tmp_path / "out" / name)
    # The next run begins anew, and removes what the killed one has left.
    train(init_nlp(config), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["model-best", "model-last"]
