"""The whole project, run as a user runs it, in a copy of its files; only `try` is left out, which would install a
package (tests/cli/test_package.py does that elsewhere). The workflows with word segmentation run on a tiny corpus in
this process, and without their wheels."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import spacy
import srsly
import typer
from conftest import SEGMENTED, SENTENCES, words
from spacy.cli._util import app as spacy_app
from spacy.cli._util import parse_config_overrides
from thinc.api import Config
from typer.testing import CliRunner
from weasel.util.config import load_project_config

import spacy_cner
from spacy_cner import workflow as checks
from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.corpus.prepare import read_recipe
from spacy_cner.loading import config_folder
from spacy_cner.training.taught import KEY
from spacy_cner.vectors.ngrams import NgramVectors
from spacy_cner.vectors.words import WordVectors

ROOT = Path(__file__).parents[1]
PARTS = ("train", "dev", "test")
SHORT = {"max_steps": 12, "eval_frequency": 6}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "configs", folder / "configs")
    shutil.copytree(ROOT / "assets" / "embedded", folder / "assets" / "embedded")
    for name in ("vectors.npz", "words.npz", "encoder.bin", "recogniser.bin", "lg.bin"):
        shutil.copy(ROOT / "assets" / name, folder / "assets")
    settings = srsly.read_yaml(ROOT / "project.yml")
    steps, mine = settings["workflows"]["all"], settings["workflows"]["mine"]
    assert (steps[0], mine[0], steps[-1]) == ("convert", "convert-mine", "try")
    assert steps[1:] == mine[1:]
    # What the two share need not be tested twice.
    settings["workflows"] = {"all": steps[:-1], "mine": mine[: mine.index("train") + 1]}
    srsly.write_yaml(folder / "project.yml", settings)
    return folder


def run(folder, workflow, settings):
    command = [sys.executable, "-m", "spacy", "project", "run", workflow, "."]
    command += [part for name, value in settings.items() for part in (f"--vars.{name}", str(value))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(project):
    return run(project, "all", SHORT)


def test_all_gives_metrics_and_wheels(project, ran):
    metrics = srsly.read_json(project / "metrics" / "cner_clc.json")
    assert {"ents_p", "ents_r", "ents_f", "ents_per_type", "ents_r_oov", "speed"} <= metrics.keys()
    assert metrics["ents_r_oov"] is not None
    assert metrics["speed"] > 0
    wheels = {path.name for path in (project / "packages").iterdir()}
    assert wheels == {"zh_cner_clc-0.1.0-py3-none-any.whl", f"spacy_cner-{spacy_cner.__version__}-py3-none-any.whl"}


def test_what_was_trained_is_the_config(project, ran):
    nlp = spacy.load(project / "training" / "cner_clc" / "model-best")
    assert nlp.pipe_names == ["cner"]
    assert nlp.get_pipe("cner").labels == ("LOC", "ORG", "PER")
    assert nlp.meta["performance"].keys() >= {"ents_f", "ents_r_oov", "cner_loss"}
    doc = nlp("王小明从杭州阿里辞职后，去西藏阿里拍了一年的雪山。")
    assert doc.has_annotation("ENT_IOB")


def test_the_embedded_corpus_comes_whole(project, ran):
    count = {part: len(list(read_docs(project / "corpus" / "embedded" / f"{part}.spacy"))) for part in PARTS}
    for part in PARTS:
        lines = (project / "assets" / "embedded" / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        assert count[part] == sum(bool(line.strip()) and not line.startswith("# ") for line in lines)
    assert sum(count.values()) >= 600


def test_nothing_runs_again_that_has_its_outputs(project, ran):
    outputs = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}
    again = run(project, "all", SHORT)
    steps = ("convert", "train", "calibrate", "compile", "evaluate", "package")
    assert all(f"Skipping '{step}': nothing changed" in again for step in steps)
    assert {path: path.stat().st_mtime_ns for path in outputs} == outputs


def test_mine_goes_from_an_annotated_file_to_a_pipeline(project):
    line = {"text": "王海去了青岛。", "label": [[0, 2, "人"], [4, 6, "地"]]}
    (project / "my file.jsonl").write_text(f"{json.dumps(line, ensure_ascii=False)}\n" * 40, encoding="utf-8")
    grams = {1: ["王", "海", "青"], 2: ["青岛"]}
    vectors = {order: numpy.eye(len(grams[order]), width) for order, width in ((1, 100), (2, 50))}
    NgramVectors(grams, vectors).save(project / "my vectors.npz")
    run(
        project,
        "mine",
        {
            "file": "my file.jsonl",
            "corpus": "mine",
            "name": "mine",
            "vectors": "my vectors.npz",
            "config": "clc_jieba",
            "recogniser": "null",
            "partner": "null",
            **SHORT,
        },
    )
    counts = [len(list(read_docs(project / "corpus" / "mine" / f"{part}.spacy"))) for part in PARTS]
    assert counts == [32, 4, 4]
    assert spacy.load(project / "training" / "mine" / "model-best").get_pipe("cner").labels == ("人", "地")


# The workflows with word segmentation

SEGMENTATION = ("joint", "segmenter")


def settings_of(folder=ROOT, **variables):
    """project.yml, with variables in their places."""
    return load_project_config(folder, overrides={f"vars.{name}": value for name, value in variables.items()})


def lines_of(settings, step):
    """The commands of a step: the module that is run, and its arguments."""
    (command,) = [command for command in settings["commands"] if command["name"] == step]
    for line in command["script"]:
        python, flag, module, *arguments = shlex.split(line)
        assert (python, flag) == ("python", "-m")
        yield module, arguments


def parse(module, arguments):
    """Raises an error for a command or an option that does not exist, or arguments that are missing."""
    if module == "spacy_cner.workflow":
        return checks.main(arguments)
    group = typer.main.get_command({"spacy_cner": app, "spacy": spacy_app}[module])
    name, *rest = arguments
    return group.commands[name].make_context(name, rest)


def test_commands_exist_and_have_their_options(monkeypatch):
    monkeypatch.chdir(ROOT)  # some arguments must be files that exist
    settings = settings_of(file="assets/vectors.npz", raw_text="README.md", corpus="mine", name="my_ner", suffix="_md")
    workflows = settings["workflows"]
    paths = {key for path in config_folder().glob("*.cfg") for key in Config().from_disk(path)["paths"]}
    assert {step for steps in workflows.values() for step in steps} == {
        command["name"] for command in settings["commands"]
    }
    for command in settings["commands"]:
        for module, arguments in lines_of(settings, command["name"]):
            if module == "pip":
                continue
            context = parse(module, arguments)
            if context is None:
                continue
            if arguments[0] in ("train", "pretrain"):
                config = Config().from_disk(ROOT / arguments[1])
                for key in parse_config_overrides(list(context.args), env_var=None):
                    if key.startswith("paths."):  # a system has those that it needs
                        assert key.removeprefix("paths.") in paths, f"no config has {key}"
                        continue
                    block = config
                    for part in key.split("."):
                        assert part in block, f"{arguments[1]} has no {key}"
                        block = block[part]


PUBLIC = ("weibo", "weibo-v1", "resume", "msra", "uner", "uner-simplified", "youku", "cluener")


@pytest.mark.parametrize("corpus", PUBLIC)
def test_each_file_of_a_public_corpus_is_an_asset(corpus):
    assets = {asset["dest"]: asset for asset in settings_of()["assets"]}
    recipe = read_recipe(config_folder() / "corpora.yml", corpus)
    for part in PARTS:
        if part in recipe:
            asset = assets[f"assets/{recipe.get('folder', corpus)}/{recipe[part]}"]
            assert len(asset["checksum"]) == 32
            assert asset.get("url", recipe[part]).endswith(recipe[part])


WORKFLOWS = ("all", "mine", "joint-mine", "fast", "student", "models", "free", "pretrain", "encoder", *SEGMENTATION)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_each_step_has_what_it_needs(workflow):
    suffix, made = "", set()
    if workflow in ("fast", "student"):  # they distill a pipeline that is there
        suffix, made = (
            f"_{workflow}",
            {path for command in settings_of()["commands"] for path in command.get("outputs", [])},
        )
    settings = settings_of(file="README.md", raw_text="README.md", suffix=suffix)
    commands = {command["name"]: command for command in settings["commands"]}
    for step in settings["workflows"][workflow]:
        for needed in commands[step]["deps"]:
            assert needed in made or (ROOT / needed).exists(), f"{step} needs {needed}"
        made.update(commands[step].get("outputs", []))


def test_a_training_begins_again_where_a_file_that_it_reads_is_another():
    for command in srsly.read_yaml(ROOT / "project.yml")["commands"]:
        script = " ".join(command["script"])
        if "python -m spacy train" in script:
            read = {name for name in ("${vars.vectors}", "${vars.lexicon}") if name in script}
            read |= set(re.findall(r"configs/[\w.${}]+\.cfg", script))
            assert read <= set(command["deps"]), command["name"]


def write_lexicon(path):
    vectors = numpy.random.default_rng(0).normal(size=(3, 50)).astype("float32")
    WordVectors(["青岛", "王海", "银行"], numpy.array([3, 2, 1]), vectors).save(path)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The project with a corpus of a few sentences, `tiny` with entities and `words` with words, and short training."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "configs", "configs")
    shutil.copy(ROOT / "project.yml", tmp_path)
    marked = []
    for text, entities in SENTENCES:
        for start, end, label in reversed(entities):
            text = f"{text[:start]}[{text[start:end]}]{label}{text[end:]}"
        marked.append(text + "\n")
    corpora = {"tiny": (marked, "markup"), "words": ([line + "\n" for line in SEGMENTED], "segmented")}
    for name, (lines, _) in corpora.items():
        Path("assets", name).mkdir(parents=True)
        for part in PARTS:
            Path("assets", name, f"{part}.txt").write_text("".join(lines), encoding="utf-8")
    recipes = {name: {"format": kind, **{part: f"{part}.txt" for part in PARTS}} for name, (_, kind) in corpora.items()}
    srsly.write_yaml("configs/corpora.yml", recipes)
    grams = {1: ["王", "海", "青"], 2: ["青岛"]}
    vectors = {order: numpy.eye(len(grams[order]), width) for order, width in ((1, 100), (2, 50))}
    NgramVectors(grams, vectors).save(tmp_path / "assets" / "vectors.npz")
    config = Config().from_disk("configs/cws.cfg", interpolate=False)
    config["training"]["eval_frequency"] = config["training"]["optimizer"]["learn_rate"]["total_steps"] = 2
    config.to_disk("configs/cws.cfg")
    return tmp_path


def run_here(folder, workflow, without, **variables):
    settings = settings_of(folder, **variables)
    for step in settings["workflows"][workflow]:
        for module, arguments in lines_of(settings, step) if step not in without else ():
            if arguments[0] in without:
                continue
            if module == "spacy_cner.workflow":
                checks.main(arguments)
                continue
            result = CliRunner().invoke({"spacy_cner": app, "spacy": spacy_app}[module], arguments)
            assert result.exit_code == 0, result.output
        commands = {command["name"]: command for command in settings["commands"]}
        outputs = [path for path in commands[step].get("outputs", []) if not path.endswith(".whl")]
        assert step in without or all((folder / path).exists() for path in outputs)


def test_joint(tiny):
    run_here(tiny, "joint", ("package-entities", "try"), corpus="tiny", name="both", max_steps=2, eval_frequency=2)
    (doc, *_) = docs = list(read_docs(tiny / "corpus" / "tiny" / "train-words.spacy"))
    assert "".join(words(doc)) == doc.text
    assert [len(doc.ents) for doc in docs] == [len(entities) for _, entities in SENTENCES]
    nlp = spacy.load(tiny / "training" / "both" / "calibrated")
    assert nlp.pipe_names == ["tok2vec", "cws", "cner"]
    assert nlp.meta["performance"].keys() >= {"ents_f", "decoding", "threshold"}
    assert {"ents_f", "ents_r_oov"} <= srsly.read_json(tiny / "metrics" / "both.json").keys()


def test_bert(tiny, bert, monkeypatch):
    config = Config().from_disk("configs/bert_attention.cfg", interpolate=False)
    config["training"]["optimizer"]["learn_rate"]["warmup_steps"] = 1
    config.to_disk("configs/bert_attention.cfg")
    settings = {"corpus": "tiny", "name": "with_bert", "max_steps": 2, "eval_frequency": 2, "encoder": bert}
    settings["config"] = "bert_attention"
    run_here(tiny, "all", ("package", "try"), **settings)
    # Instead of wheels, what they would be made of.
    module = sys.modules["spacy_cner.cli.package"]
    monkeypatch.setattr(module, "build_wheel", lambda source, output: shutil.copytree(source, output / source.name))
    ((module_name, arguments),) = lines_of(settings_of(tiny, **settings), "package")
    assert (module_name, CliRunner().invoke(app, arguments).exit_code) == ("spacy_cner", 0)
    packed = tiny / "packages" / "zh_with_bert-0.1.0"
    requirements = srsly.read_json(packed / "meta.json")["requirements"]
    (requirement,) = [name for name in requirements if name.replace("-", "_").startswith("spacy_cner")]
    assert requirement.replace("-", "_").startswith("spacy_cner[train,transformers]")
    assert f">={spacy_cner.__version__}" in requirement and "<" in requirement
    pipeline = packed / "zh_with_bert" / "zh_with_bert-0.1.0"
    assert bert not in (pipeline / "config.cfg").read_text(encoding="utf-8")
    nlp, trained = spacy.load(pipeline), spacy.load(tiny / "training" / "with_bert" / "calibrated")
    (doc,), (other,) = (each.pipe([SENTENCES[0][0]]) for each in (nlp, trained))
    assert [(ent.text, ent._.score) for ent in doc.ents] == [(ent.text, ent._.score) for ent in other.ents]
    result = CliRunner().invoke(app, ["classes", str(pipeline)])
    assert "cner, alpha = 0.5" in result.output


def test_encoder(tiny):
    """From a corpus with parts of speech; a training begins with it afterwards."""
    tags = {"青岛": "ns", "大连": "ns"}
    lines = [" ".join(f"{word}/{tags.get(word, 'n')}" for word in line.split()) for line in SEGMENTED]
    for part in PARTS:
        Path("assets", "words", f"{part}.txt").write_text("\n".join(lines), encoding="utf-8")
    recipes = srsly.read_yaml("configs/corpora.yml")
    recipes["words"]["format"] = "tagged"
    srsly.write_yaml("configs/corpora.yml", recipes)
    write_lexicon(tiny / "assets" / "words.npz")
    config = Config().from_disk("configs/clc_jieba.cfg", interpolate=False)
    config["components"]["cner"]["model"]["features"]["clusters"] = {"coarse": 2, "fine": 3}
    config.to_disk("configs/clc_jieba.cfg")
    run_here(tiny, "encoder", (), corpus="words", encoder_steps=2)
    assert spacy.load(tiny / "training" / "encoder" / "model-best").get_pipe("cws").labels == ("n", "ns")
    kept = "training/encoder/encoder.bin"
    assert "words_f" in srsly.read_json((tiny / kept).with_suffix(".json"))["dev"]
    run_here(
        tiny,
        "all",
        ("package", "try"),
        corpus="tiny",
        name="begun",
        config="clc_jieba",
        init_tok2vec=kept,
        recogniser="null",
        partner="null",
        **SHORT,
    )
    assert spacy.load(tiny / "training" / "begun" / "model-best").pipe_names == ["cner"]


def test_free(tiny):
    """A recogniser from a part of the everyday corpus, and from nothing else."""
    Path("assets/everyday").mkdir()
    for part in PARTS:
        lines = (ROOT / "assets" / "everyday" / f"{part}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
        Path("assets/everyday", f"{part}.txt").write_text("".join(lines[:200]), encoding="utf-8")
    shutil.copy(ROOT / "configs" / "corpora.yml", "configs")
    run_here(tiny, "free", ("package",))
    assert srsly.read_json("metrics/free.json")["ents_f"] > 0
    assert spacy.load("training/free/compiled").pipe_names == ["cner_features"]


def test_fast(tiny, trained):
    """What a pipeline finds in raw text is learned together with the corpus; the pipeline itself stays as it was."""
    Path("training/distilled").mkdir(parents=True)
    trained.to_disk("training/distilled/model-best")
    text = SENTENCES[3][0] + SENTENCES[1][0]
    Path("raw.txt").write_text(f"{text}\n", encoding="utf-8")
    settings = {"corpus": "tiny", "name": "distilled", "raw_text": "raw.txt"}
    run_here(tiny, "all", ("train", "package", "try"), **settings)
    before = Path("training/distilled/calibrated/config.cfg").read_bytes()
    run_here(tiny, "fast", ("package", "try"), suffix="_fast", **settings)
    assert Path("training/distilled/calibrated/config.cfg").read_bytes() == before
    assert [doc.text for doc in read_docs(tiny / "corpus" / "tiny" / "silver.spacy")] == [text]
    nlp = spacy.load(tiny / "training" / "distilled_fast" / "calibrated")
    assert nlp.pipe_names == ["cner_features"]
    assert [ent.label_ for ent in nlp(text).ents] == ["ORG", "LOC"]
    assert {"ents_f", "ents_r_oov"} <= srsly.read_json(tiny / "metrics" / "distilled_fast.json").keys()


def test_student(tiny, trained):
    """A small network learns from the probabilities of a pipeline, and becomes one that needs no torch."""
    write_lexicon(tiny / "assets" / "words.npz")
    Path("training/taught").mkdir(parents=True)
    trained.to_disk("training/taught/model-best")
    Path("raw.txt").write_text(f"{SENTENCES[3][0] + SENTENCES[1][0]}\n", encoding="utf-8")
    settings = {"corpus": "tiny", "name": "taught", "raw_text": "raw.txt"}
    run_here(tiny, "all", ("train", "package", "try"), **settings)
    steps = {"max_steps": 80, "eval_frequency": 80}
    run_here(tiny, "student", ("package", "try"), suffix="_md", **settings, **steps)
    (doc,) = read_docs(tiny / "corpus" / "tiny" / "taught.spacy")
    assert list(doc.user_data[KEY]["tags"]) == trained.get_pipe("cner").tags
    nlp = spacy.load(tiny / "training" / "taught_md" / "compiled")
    assert nlp.get_pipe("cner").model.name == "onnx_tagger"
    assert srsly.read_json(tiny / "metrics" / "taught_md.json")["ents_f"] > 0.5


def test_segmenter(tiny):
    run_here(tiny, "segmenter", ("package",), corpus="words")
    nlp = spacy.load(tiny / "training" / "cws" / "model-best")
    assert nlp.pipe_names == ["cws"]
    assert "words_f" in nlp.meta["performance"]
    metrics = srsly.read_json(tiny / "metrics" / "cws.json")
    assert metrics["words_r_iv"] is not None
    assert metrics["words_oov_rate"] == 0.0
