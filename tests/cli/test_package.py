import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import spacy
import srsly
from conftest import SENTENCES, blank_adversarial, entities, joint_examples, small_model
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from thinc.api import Config
from typer.testing import CliRunner

import spacy_cner
from spacy_cner.cli import app
from spacy_cner.cli.package import build_wheel, extras_of, keep_only, require
from spacy_cner.errors import InputError
from spacy_cner.files import write_checksums
from spacy_cner.loading import config_folder, load_pipeline, save_pipeline
from spacy_cner.pipeline.compiled import compile_pipeline
from spacy_cner.training.mixed import CORPUS_KEY

PACKAGE = Path(spacy_cner.__file__).parent
TRY = """
import json, sys
import spacy
nlp = spacy.load("zh_tiny")
doc = nlp(input())
entities = [[e.start_char, e.end_char, e.label_, e._.score] for e in doc.ents]
print(json.dumps([entities, nlp.meta["version"], sys.modules["spacy_cner"].__file__]))
"""


def run(*args):
    return CliRunner().invoke(app, ["package", *map(str, args)])


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    """`model`, trained on files of this machine, and the wheels made of it."""
    folder = tmp_path_factory.mktemp("package")
    trained.to_disk(folder / "model")
    config = Config().from_disk(folder / "model" / "config.cfg", interpolate=False)
    config["paths"] |= {"train": "/of/this/machine/train.spacy", "vectors": "/of/this/machine/vectors.npz"}
    config["components"]["cner"]["scorer"]["train"] = "${paths.train}"
    config["components"]["cner"]["model"]["tok2vec"]["embed"]["vectors"] = "${paths.vectors}"
    config.to_disk(folder / "model" / "config.cfg")
    before = build_folders()
    result = run(folder / "model", folder / "wheels", "--name", "tiny", "--version", "0.2.0")
    assert result.exit_code == 0, result.output
    assert not result.stdout and "Building the wheels" in result.stderr and "\x1b" not in result.stderr
    assert build_folders() == before, "something was left in the sources"
    return folder


def build_folders():
    return [path for path in sorted(PACKAGE.parent.iterdir()) if re.fullmatch(r"build|dist|.*\.egg-info", path.name)]


def test_the_wheels_lie_side_by_side(folder):
    names = sorted(path.name for path in (folder / "wheels").iterdir())
    plugin = f"spacy_cner-{spacy_cner.__version__}-py3-none-any.whl"
    assert names == [plugin, "zh_tiny-0.2.0-py3-none-any.whl"]


def test_the_plugin_is_whole(folder):
    wheel = zipfile.ZipFile(next((folder / "wheels").glob("spacy_cner-*.whl")))
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = [
        *PACKAGE.rglob("*.py"),
        PACKAGE / "py.typed",
        *PACKAGE.glob("assets/*/*.txt"),
        *PACKAGE.glob("serve/*page/*"),
    ]
    configs = {
        f"spacy_cner/configs/{path.relative_to(config_folder())}"
        for path in config_folder().rglob("*")
        if path.is_file()
    }
    assert packed == {path.relative_to(PACKAGE.parent).as_posix() for path in files} | configs
    read = {Path(name).name: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    assert "cner = spacy_cner.pipeline.cner:make_cner" in read["entry_points.txt"]
    assert 'Requires-Dist: torch>=2.6; extra == "train"' in read["METADATA"]
    assert "MIT License" in read["LICENSE"]


def test_nothing_of_this_machine_is_packed(folder):
    wheel = zipfile.ZipFile(next((folder / "wheels").glob("zh_tiny-*.whl")))
    for name in wheel.namelist():
        assert b"/of/this/machine" not in wheel.read(name), name
    config = Config().from_str(wheel.read("zh_tiny/zh_tiny-0.2.0/config.cfg").decode())
    assert config["paths"].keys() >= {"train", "vectors"}
    assert not any(config["paths"].values())
    assert config["components"]["cner"]["scorer"]["train"] is None
    # The model it was made of is as it was.
    assert "/of/this/machine" in (folder / "model" / "config.cfg").read_text()


def test_needs_this_version_of_the_plugin(folder):
    wheel = zipfile.ZipFile(next((folder / "wheels").glob("zh_tiny-*.whl")))
    metadata = wheel.read("zh_tiny-0.2.0.dist-info/METADATA").decode()
    needed = [Requirement(line.split(": ")[1]) for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert [canonicalize_name(each.name) for each in needed] == ["spacy-cner", "spacy"]
    assert needed[0].specifier == SpecifierSet(f">={spacy_cner.__version__},<0.2.0") and needed[0].extras == {"train"}
    plugin = zipfile.ZipFile(next((folder / "wheels").glob("spacy_cner-*.whl")))
    metadata = next(plugin.read(name).decode() for name in plugin.namelist() if name.endswith("/METADATA"))
    for each in needed[1:]:  # as the plugin needs it
        (own,) = re.findall(rf"Requires-Dist: {each.name}([<>=].*)", metadata)
        assert each.specifier == SpecifierSet(own)


def with_embed(**settings):
    """A `cner` whose characters are embedded so."""
    model = small_model()
    model["tok2vec"]["embed"] = settings
    return "cner", {"model": model}


def with_templates(*templates):
    """A `cner` with these sparse features."""
    features = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": list(templates)}
    return "cner", {"model": small_model(features=features)}


@pytest.mark.parametrize(
    "component, extras",
    [
        (("jieba_words", {}), ["words"]),
        (("cner_features", {"templates": ["c[0]", "c[0]word[-1]"]}), ["words"]),
        (("cner_features", {"templates": ["c[0]", "pos[0]"]}), ["words"]),
        (("cner_features", {"templates": ["c[0]", "tag[0]"]}), []),
        (("cws_features", {"templates": ["c[0]"]}), []),
        (with_templates("c[0]", "c[0]word[-1]"), ["train", "words"]),
        (with_templates("c[0]", "pos[1]"), ["train", "words"]),
        (with_templates("c[0]", "surname[0]"), ["train"]),
        (with_embed(**{"@architectures": "spacy_cner.CharNgramEmbed.v1", "positions": 4}), ["train", "words"]),
        (with_embed(**{"@architectures": "spacy_cner.CharNgramEmbed.v1", "positions": 1}), ["train"]),
    ],
)
def test_extras_that_a_pipeline_needs(component, extras):
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    name, config = component
    nlp.add_pipe(name, config=config)
    assert extras_of(nlp) == extras


def test_extra_of_an_encoder_of_hugging_face(bert):
    model = small_model()
    model["tok2vec"] = {"@architectures": "spacy_cner.CharTransformer.v1", "name": bert}
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": model})
    nlp.add_pipe("jieba_words")
    assert extras_of(nlp) == ["train", "transformers", "words"]


@pytest.mark.parametrize("extras", [[], ["transformers", "words"]])
def test_the_plugin_and_what_it_takes_become_requirements(tmp_path, extras):
    srsly.write_json(tmp_path / "meta.json", {"requirements": ["other", "spacy-cner[pkuseg]>=0.0.1"]})
    require(tmp_path, extras)
    meta = srsly.read_json(tmp_path / "meta.json")
    first, *more = map(Requirement, meta["requirements"])
    assert str(first) == "other"
    assert [canonicalize_name(each.name) for each in more] == ["spacy-cner", "spacy"]
    assert sorted(more[0].extras) == extras
    assert spacy_cner.__version__ in more[0].specifier and "0.0.1" not in more[0].specifier
    assert meta["spacy_version"] == ">=3.8.11,<3.9" == meta["requirements"][2].removeprefix("spacy")


def test_installs_without_network_and_finds_entities(folder, trained):
    site = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site]
    subprocess.run([*install, *(folder / "wheels").glob("*.whl")], check=True)
    text, gold = SENTENCES[0]
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", TRY], input=text, cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    found, version, file = json.loads(done.stdout)
    assert (version, file) == ("0.2.0", str(site / "spacy_cner" / "__init__.py"))
    assert [tuple(entity[:3]) for entity in found] == gold == entities(trained(text))
    assert all(entity[3] > 0.5 for entity in found)
    # The files of an installed pipeline have their checksums, meta.json included, which spaCy writes anew.
    path = site / "zh_tiny" / "zh_tiny-0.2.0" / "config.cfg"
    path.write_bytes(path.read_bytes().replace(b"threshold = 0.0", b"threshold = 0.1"))
    done = subprocess.run(
        [sys.executable, "-c", TRY], input=text, cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 1 and "config.cfg: expected the file that was saved" in done.stderr


@pytest.fixture
def packed(trained_joint, tmp_path, monkeypatch):
    """`model`, a pipeline with word segmentation beside the entities; instead of wheels, what they would be made of."""
    save_pipeline(trained_joint, tmp_path / "model")
    module = sys.modules["spacy_cner.cli.package"]
    monkeypatch.setattr(module, "build_wheel", lambda source, output: shutil.copytree(source, output / source.name))
    return tmp_path


def test_only_what_is_kept_is_packed(packed):
    result = run(packed / "model", packed / "wheels", "--name", "tiny", "--only", "cner")
    assert result.exit_code == 0, result.output
    pipeline = packed / "wheels" / "zh_tiny-0.1.0" / "zh_tiny" / "zh_tiny-0.1.0"
    assert {path.name for path in pipeline.iterdir() if path.is_dir()} == {"cner", "tokenizer", "vocab"}
    nlp = spacy.load(pipeline)
    assert nlp.pipe_names == ["cner"]
    assert [entities(nlp(text)) for text, _ in SENTENCES] == [gold for _, gold in SENTENCES]
    assert json.loads((pipeline.parents[1] / "meta.json").read_text())["pipeline"] == ["cner"]
    assert not any(nlp.config["paths"].values())
    # The pipeline it was made of is whole.
    assert spacy.load(packed / "model").pipe_names == ["tok2vec", "cws", "cner"]


def test_a_part_of_a_compiled_pipeline_is_packed(packed):
    save_pipeline(compile_pipeline(spacy.load(packed / "model")), packed / "compiled")
    result = run(packed / "compiled", packed / "wheels", "--name", "tiny", "--only", "cner")
    assert result.exit_code == 0, result.output
    nlp = spacy.load(packed / "wheels" / "zh_tiny-0.1.0" / "zh_tiny" / "zh_tiny-0.1.0")
    assert nlp.pipe_names == ["cner"]
    assert [entities(nlp(text)) for text, _ in SENTENCES] == [gold for _, gold in SENTENCES]


def test_several_components_are_kept_in_their_order(packed):
    result = run(packed / "model", packed / "wheels", "--name", "tiny", "--only", "cner", "--only", "cws")
    assert result.exit_code == 0, result.output
    nlp = spacy.load(packed / "wheels" / "zh_tiny-0.1.0" / "zh_tiny" / "zh_tiny-0.1.0")
    assert nlp.pipe_names == ["cws", "cner"]


def test_what_annotates_nothing_is_not_packed(packed):
    nlp = blank_adversarial()
    examples = joint_examples(nlp)
    for i, example in enumerate(examples):
        example.reference.user_data[CORPUS_KEY] = "ab"[i % 2]
    nlp.initialize(lambda: examples)
    nlp.to_disk(packed / "adversarial")
    for name, only in (("most", []), ("one", ["--only", "cner"]), ("all", ["--only", "task_discriminator"])):
        result = run(packed / "adversarial", packed / name, "--name", "tiny", *only)
        assert result.exit_code == 0, result.output
    names = [spacy.load(packed / each / "zh_tiny-0.1.0" / "zh_tiny" / "zh_tiny-0.1.0").pipe_names for each in (
        "most", "one", "all"
    )]  # fmt: skip
    assert names == [["tok2vec", "cws", "cner"], ["cner"], ["task_discriminator"]]
    expected = [entities(nlp(text)) for text, _ in SENTENCES]
    for each in ("most", "one"):
        found = spacy.load(packed / each / "zh_tiny-0.1.0" / "zh_tiny" / "zh_tiny-0.1.0")
        assert [entities(found(text)) for text, _ in SENTENCES] == expected


@pytest.mark.parametrize("kept", [["cner"], ["tok2vec", "cws", "cner"]])
def test_references_to_what_is_dropped_become_values(tmp_path, kept):
    nlp = blank_adversarial()
    examples = joint_examples(nlp)
    for i, example in enumerate(examples):
        example.reference.user_data[CORPUS_KEY] = "ab"[i % 2]
    nlp.initialize(lambda: examples)
    nlp.to_disk(tmp_path / "whole")
    config = Config().from_disk(tmp_path / "whole" / "config.cfg", interpolate=False)
    components = config["components"]
    width = "${components.task_discriminator.model.tok2vec.width}"
    heads = "${components.tok2vec.model.encode.heads}"
    for name in ("cws", "cner"):
        components[name]["model"]["tok2vec"]["width"] = width
        components[name]["model"]["encoder"]["private"]["heads"] = heads
        components[name]["scorer"]["train"] = "${paths.train}"
    config["paths"]["train"] = None
    config.to_disk(tmp_path / "whole" / "config.cfg")
    keep_only(spacy.load(tmp_path / "whole"), kept).to_disk(tmp_path / "part")
    nlp = spacy.load(tmp_path / "part")
    cner = Config().from_disk(tmp_path / "part" / "config.cfg", interpolate=False)["components"]["cner"]
    assert nlp.pipe_names == kept
    assert cner["model"]["encoder"]["private"]["heads"] == (heads if "tok2vec" in kept else 2)
    assert cner["model"]["tok2vec"].get("width", 40) == 40
    assert cner["scorer"]["train"] == "${paths.train}"


def test_what_a_command_saved_is_packed_with_checksums_of_its_own(packed):
    config = Config().from_disk(packed / "model" / "config.cfg", interpolate=False)
    config["paths"]["train"] = "/of/this/machine/train.spacy"
    config.to_disk(packed / "model" / "config.cfg")
    write_checksums(packed / "model")
    result = run(packed / "model", packed / "wheels", "--name", "tiny")
    assert result.exit_code == 0, result.output
    (data,) = packed.glob("wheels/zh_tiny-0.1.0/zh_tiny/zh_tiny-0.1.0")
    assert (data / "config.cfg").read_bytes() != (packed / "model" / "config.cfg").read_bytes()
    assert load_pipeline(str(data)).pipe_names == ["tok2vec", "cws", "cner"]
    (data / "vocab" / "strings.json").unlink()
    with pytest.raises(InputError, match="strings.json: expected the file that was saved"):
        load_pipeline(str(data))


def test_a_component_that_is_not_there(packed):
    result = run(packed / "model", packed / "wheels", "--name", "tiny", "--only", "ner")
    assert result.exit_code == 1
    assert "expected a component out of tok2vec, cws, cner, got 'ner'" in result.output
    assert not list((packed / "wheels").iterdir())


@pytest.mark.parametrize("name", ["none", "empty"])
def test_no_pipeline_in_the_folder(tmp_path, name):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / name, tmp_path / "wheels", "--name", "tiny")
    assert result.exit_code == 1
    assert f"{name}: expected the folder of a trained pipeline (with meta.json), found none" in result.output
    assert not (tmp_path / "wheels").exists()


@pytest.mark.parametrize("found", [None, "65.5.0"])
def test_an_environment_that_cannot_build(tmp_path, monkeypatch, found):
    def version_of(name):
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(sys.modules["spacy_cner.cli.package"], "version_of", version_of)
    result = run(tmp_path, tmp_path / "wheels", "--name", "tiny")
    assert result.exit_code == 1
    expected = f'expected setuptools 77 or later, got {found or "none"}; pip install "spacy_cner[package]" gets it'
    assert expected in " ".join(result.stderr.split())


def test_what_does_not_build_says_why(tmp_path):
    with pytest.raises(InputError, match="expected a package that builds, got\n(.|\n)*Neither 'setup.py' nor"):
        build_wheel(tmp_path, tmp_path)


@pytest.mark.parametrize(
    "options, message",
    [
        (
            ["--name", "zh_my"],
            "expected a name of small letters, digits and _ without the language, as cner_clc, got 'zh_my'",
        ),
        (["--name", ""], "as cner_clc, got ''"),
        (["--name", "my-ner"], "as cner_clc, got 'my-ner'"),
        (["--name", "my", "--version", "新版"], "expected a version such as 0.1.0, got '新版'"),
        (["--name", "my", "--version", "../x"], "expected a version such as 0.1.0, got '../x'"),
    ],
)
def test_names_and_versions_that_cannot_be(tmp_path, options, message):
    result = CliRunner().invoke(app, ["package", str(tmp_path), str(tmp_path / "out"), *options])
    assert result.exit_code == 1 and message in " ".join(result.output.split())
