"""Every command with every kind of bad input: a line that says what was expected, and no traceback."""

import random
import shutil

import pytest
import spacy
from conftest import SENTENCES, joint_examples, make_examples, small_model
from spacy.tokens import DocBin
from thinc.api import Config
from typer.main import get_command
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.pretraining.characters.tokens import write_tokens

COMMANDS = get_command(app).commands
# Command lines of each, with the kinds of what they name in capitals.
LINES = {
    "annotate": ["MODEL DATA --output NEW", "MODEL text.txt --output new --workers NUMBER"],
    "audit": ["DOCS --output NEW --html NEW", "DOCS docs.spacy"],
    "average": ["MODEL MODEL --output NEW --dev DOCS"],
    "calibrate": ["MODEL DOCS NEW"],
    "classes": ["MODEL"],
    "compare": ["MODEL MODEL DOCS --output NEW --differences NEW", "model model docs.spacy --resamples NUMBER"],
    "compile": ["MODEL NEW"],
    "convert": ["TAGGED NEW.spacy --format bio"],
    "curve": ["NEW.png LOG --score ents_f"],
    "dictionary": ["MODEL NEW NAMES", "MODEL NEW names.txt --never TEXT"],
    "entities": ["MODEL 王海在青岛"],
    "evaluate": [
        "MODEL DOCS --train DOCS --words-train DOCS --output NEW",
        "model docs.spacy --batch-size NUMBER",
        "model docs.spacy --resamples NUMBER",
        "model docs.spacy --errors NEW --save NEW.spacy --picture NEW.png",
    ],
    "explain": ["MODEL 王海在青岛", "attentive 王海在青岛 --output NEW.png"],
    "export-encoder": ["FOLDER NEW --about text"],
    "export-recogniser": ["FOLDER NEW --about text"],
    "init": ["clc --out NEW"],
    "jieba-tagger": ["NEW"],
    "mine-rules": ["MODEL DOCS NEW --list names=LIST", "model docs.spacy new --min-fixes NUMBER"],
    "package": ["FOLDER NEW --name tiny"],
    "prepare": ["TAGGED NEW --format bio", "tagged.bio new --format bio --fraction NUMBER"],
    "pretrain": ["CONFIG NEW"],
    "pretrain-tokens": ["NEW TEXT --min-count 1", "new text.txt --min-count NUMBER"],
    "pretrain-transformer": ["WORK --steps 1", "work --steps NUMBER", "work --steps 1 --piece NUMBER"],
    "pseudo": ["DOCS NEW.spacy --gazetteer NAMES", "docs.spacy new.spacy --amount SHARE"],
    "report": ["MODEL DOCS NEW.html"],
    "sample": ["DOCS NEW.spacy --fraction 0.5", "docs.spacy new.spacy --fraction NUMBER"],
    "segment": ["MODEL DOCS NEW.spacy"],
    "serve": [
        "MODEL --port 0",
        "model --workers NUMBER",
        "model --batch-characters NUMBER",
        "model --api-keys empty.x",
    ],
    "split": [
        "DOCS --train NEW.spacy --dev b.spacy --ratio 4:2",
        "docs.spacy --train a.spacy --dev b.spacy --ratio NUMBER:2",
    ],
    "stats": ["DOCS --against DOCS"],
    "teach": ["MODEL NEW.spacy TEXT", "MODEL new.spacy TEXT --min-length NUMBER"],
    "vectors": ["NEW TEXT --min-count 1 --order 1 --width 4 --rows 9", "new text.txt --min-count NUMBER"],
    "words": ["NEW TEXT --min-count 1 --width 4", "new text.txt --min-count NUMBER"],
}
FILES = ["none/there.x", "folder", "empty.x", "rubbish.x"]
PIPELINES = ["broken", "cut", "no_config"]
BAD = {
    "MODEL": ["no_such_package", "json", *FILES, *PIPELINES],
    "FOLDER": [*FILES, *PIPELINES],
    "WORK": FILES,
    "DOCS": [*FILES, "cut.spacy", "strange.spacy"],
    "DATA": FILES,
    "TEXT": ["none/there.x", "folder", "empty.x"],  # a byte that cannot be decoded stops no long run
    **dict.fromkeys(["CONFIG", "LIST", "LOG", "NAMES", "TAGGED"], FILES),
    "NEW": ["empty.x/new", "folder"],
    "NUMBER": ["many", "-3", "0"],
    "SHARE": ["many", "-3"],
}
GOOD = {
    "MODEL": "model",
    "FOLDER": "model",
    "DOCS": "docs.spacy",
    "DATA": "text.txt",
    "TEXT": "text.txt",
    "CONFIG": "config.cfg",
    "LIST": "names.txt",
    "LOG": "log.txt",
    "NAMES": "names.txt",
    "TAGGED": "tagged.bio",
    "NEW": "new",
    "WORK": "work",
    "NUMBER": "1",
    "SHARE": "1",
}
# A folder is what these write.
FOLDER_COMMANDS = {
    *("annotate", "average", "calibrate", "compile", "dictionary", "jieba-tagger", "package", "prepare", "pretrain"),
    "pretrain-tokens",
}


def cases():
    for name in LINES.keys() & COMMANDS:
        for words in map(str.split, LINES[name]):
            for i, word in enumerate(words):
                for kind in BAD.keys() & {
                    word.replace("names=", "")
                    .removesuffix(".png")
                    .removesuffix(".html")
                    .removesuffix(":2")
                    .removesuffix(".spacy")
                }:
                    for bad in BAD[kind]:
                        if (kind, bad) == ("NEW", "folder") and name in FOLDER_COMMANDS:
                            continue
                        args = [name, *map(fill, words)]
                        args[i + 1] = word.replace(kind, bad)
                        if kind in ("NUMBER", "SHARE"):
                            shown = words[i - 1].removeprefix("--")
                        else:
                            no_text = (kind, bad) == ("TEXT", "empty.x") and name != "dictionary"
                            shown = "got none" if no_text else bad.split("/")[0]
                        yield pytest.param(args, shown, id=" ".join(args))


def fill(word):
    for kind, good in GOOD.items():
        word = word.replace(kind, good)
    return word


@pytest.fixture(scope="module")
def inputs(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    trained.to_disk(folder / "model")
    with_encoder(folder / "model" / "config.cfg")
    attentive = spacy.blank("zh")
    encoder = {"@architectures": "spacy_cner.SelfAttention.v1", "heads": 2, "encoder": small_model()["encoder"]}
    attentive.add_pipe("cner", config={"model": small_model() | {"encoder": encoder}})
    attentive.initialize(lambda: make_examples(attentive))
    attentive.to_disk(folder / "attentive")
    for name in ("broken", "cut", "no_config"):
        shutil.copytree(folder / "model", folder / name)
    (folder / "broken" / "meta.json").write_text('{"lang": "zh", ', encoding="utf-8")
    weights = folder / "cut" / "cner" / "model"
    weights.write_bytes(weights.read_bytes()[:1000])
    (folder / "no_config" / "config.cfg").unlink()
    (folder / "folder").mkdir()
    (folder / "folder.png").mkdir()
    (folder / "folder.spacy").mkdir()
    (folder / "folder.html").mkdir()
    (folder / "empty.x").touch()
    (folder / "rubbish.x").write_bytes(b"\xff\x00\xfe" + random.Random(0).randbytes(2000))
    docs = DocBin(docs=[example.reference for example in joint_examples(spacy.blank("zh"))])
    docs.to_disk(folder / "docs.spacy")
    (folder / "cut.spacy").write_bytes(docs.to_bytes()[:200])
    docs.strings = set()
    docs.to_disk(folder / "strange.spacy")
    (folder / "text.txt").write_text("\n".join(text for text, _ in SENTENCES), encoding="utf-8")
    write_tokens([folder / "text.txt"], folder / "work", min_count=1)
    (folder / "names.txt").write_text("林小海\tPER\n", encoding="utf-8")
    (folder / "tagged.bio").write_text("王 B-PER\n海 I-PER\n。 O\n\n" * 10, encoding="utf-8")
    (folder / "log.txt").write_text("E    #       ENTS_F\n---  ------  ------\n  0       0    5.00\n", encoding="utf-8")
    (folder / "config.cfg").write_text("[nlp]\nlang = null\n", encoding="utf-8")
    return folder


def with_encoder(path):
    """The config then says which layer is the encoder."""
    config = Config().from_disk(path, interpolate=False)
    config["pretraining"] = {"component": "cner", "layer": "tok2vec"}
    config.to_disk(path)


@pytest.fixture
def folder(inputs, tmp_path, monkeypatch):
    copy = shutil.copytree(inputs, tmp_path / "here")
    monkeypatch.chdir(copy)
    return copy


def test_every_command_is_tried():
    assert set(COMMANDS) <= set(LINES)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("args, shown", sorted(cases(), key=lambda case: case.id))
def test_bad_input_is_explained(folder, args, shown):
    result = CliRunner().invoke(app, args)
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert "expected" in result.stderr or result.exit_code == 2
    assert shown in result.stderr


@pytest.mark.parametrize(
    "command", ["average", "calibrate", "compare", "entities", "evaluate", "explain", "mine-rules", "segment", "teach"]
)
def test_a_pipeline_that_was_never_trained(folder, command):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    nlp.to_disk("untrained")
    line = LINES[command][0].split()
    result = CliRunner().invoke(app, [command, "untrained", *map(fill, line[1:])])
    assert result.exit_code == 1
    assert "untrained: expected a trained pipeline, got one whose 'cner' was never initialised" in result.stderr
