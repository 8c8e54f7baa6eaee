"""The model card: what a pipeline's wheel says of it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import spacy
import srsly
from conftest import small_model
from typer.testing import CliRunner

import spacy_cner
from spacy_cner.cli import app
from spacy_cner.cli._card import Card, read_card, scores_of, stated_card
from spacy_cner.cli._licenses import OURS, foreign_layers, mit, notices
from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder
from spacy_cner.models.jieba_network import build_jieba_network
from spacy_cner.pipeline.compiled import compile_pipeline
from spacy_cner.pipeline.jieba_tagger import jieba_tagger

ROOT = Path(spacy_cner.__file__).parents[1]
CARD = {
    "description": "Finds names in notes of a harbour.",
    "good_for": "Notes about people and places by the sea.",
    "not_for": "Weather reports.",
    "labels": {"PER": "persons"},
    "training_data": [
        {"name": "six sentences", "license": "CC0 1.0", "about": "written by hand", "url": "https://example.org/six"},
        {"name": "an old map", "license": "for research"},
    ],
    "author": "Lin Xiaoyan",
    "email": "lin@example.org",
    "url": "https://example.org",
    "license": "MIT",
    "citation": "Lin: names of a harbour.",
}
DEV = {"ents_p": 0.5, "ents_r": 1.0, "ents_f": 0.6667, "ents_per_type": {"PER": {"p": 0.5, "r": 1.0, "f": 0.6667}}}


def run(*args):
    return CliRunner().invoke(app, [*map(str, args)])


def card_file(folder, **changes):
    """CARD with changes; None leaves a key out."""
    values = {key: value for key, value in {**CARD, **changes}.items() if value is not None}
    srsly.write_yaml(folder / "card.yml", values)
    return folder / "card.yml"


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    """A pipeline with scores of its development set, and the wheel that was built of it with a card."""
    folder = tmp_path_factory.mktemp("card")
    trained.to_disk(folder / "model")
    meta = srsly.read_json(folder / "model" / "meta.json")
    meta["performance"] = {**DEV, "decoding": "spans", "threshold": 0.25, "cner_loss": 112.5}
    srsly.write_json(folder / "model" / "meta.json", meta)
    srsly.write_json(folder / "metrics.json", {**DEV, "ents_f": 0.5432, "speed": 1000.0})
    card = card_file(folder)
    result = run("package", folder / "model", folder / "wheels", "--name", "tiny", "--card", card,
                 "--metrics", folder / "metrics.json")  # fmt: skip
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def wheel(folder):
    """The files of the wheel, by their names."""
    archive = zipfile.ZipFile(next((folder / "wheels").glob("zh_tiny-*.whl")))
    return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def test_the_card_is_in_the_wheel(wheel):
    text = wheel["zh_tiny/zh_tiny-0.1.0/MODEL_CARD.md"]
    assert text.startswith(f"# zh_tiny 0.1.0\n\n{CARD['description']}\n")
    for said in (
        "- Author: Lin Xiaoyan, lin@example.org, https://example.org\n- Licence: MIT\n",
        "- `cner`: `LOC`, `ORG`, `PER` (persons)\n",
        "Good for: Notes about people and places by the sea.\n\nNot for: Weather reports.\n",
        "On its development set, by which its threshold 0.25 was chosen, in percent:",
        " 50.00   100.00    66.67   all\n",
        "On its test set, in percent:",
        " 50.00   100.00    54.32   all\n",
        "- six sentences: CC0 1.0; written by hand; https://example.org/six\n- an old map: for research\n",
        "spacy_cner.CharCNN.v1, spacy.Tok2Vec.v2, spacy_cner.BiLSTM.v1, spacy_cner.CrfTagger.v1",
        "Lin: names of a harbour.\n",
    ):
        assert said in text
    assert text == wheel["zh_tiny/zh_tiny-0.1.0/README.md"]
    (metadata,) = [content for name, content in wheel.items() if name.endswith("/METADATA")]
    assert metadata.endswith(text)
    assert "LAC" not in text


def test_the_meta_of_the_wheel(wheel):
    meta = json.loads(wheel["zh_tiny/meta.json"])
    assert meta == json.loads(wheel["zh_tiny/zh_tiny-0.1.0/meta.json"])
    assert {key: meta[key] for key in ("description", "author", "email", "url", "license")} == {
        key: CARD[key] for key in ("description", "author", "email", "url", "license")
    }
    assert meta["sources"] == CARD["training_data"]
    assert meta["performance"] == {**DEV, "decoding": "spans", "threshold": 0.25}
    assert "F1 on its development set: 66.7\nF1 on its test set: 54.3\n" in meta["notes"]


def test_the_licences_of_the_wheel(wheel):
    for name in ("LICENSE", "LICENSES_SOURCES"):
        (copy,) = [content for path, content in wheel.items() if ".dist-info" in path and path.endswith(f"/{name}")]
        assert wheel[f"zh_tiny/zh_tiny-0.1.0/{name}"] == copy
    assert wheel["zh_tiny/zh_tiny-0.1.0/LICENSE"] == mit("Copyright (c) Lin Xiaoyan")
    sources = wheel["zh_tiny/zh_tiny-0.1.0/LICENSES_SOURCES"]
    assert mit(OURS) in sources and "Apache" not in sources and "Sun Junyi" not in sources


def test_spacy_info_shows_it(folder):
    site = folder / "site"
    zipfile.ZipFile(next((folder / "wheels").glob("zh_tiny-*.whl"))).extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "spacy", "info", "zh_tiny"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    for said in (
        "`LOC`, `ORG`, `PER` (persons)",
        CARD["description"],
        "author Lin Xiaoyan",
        "license MIT",
        "an old map",
        "Not for: Weather reports.",
        "test set: 54.3",
        "Cite as: Lin",
        "spacy_cner[train]>=",
    ):
        assert said in shown


@pytest.fixture
def built(monkeypatch):
    """The texts at the top of each pipeline's folder of which a wheel would be built, by their names."""
    folders = []

    def keep(source, output):
        files = [path for path in source.glob("zh_tiny/zh_tiny-*/*") if path.is_file() and path.suffix != ".cfg"]
        folders.append({path.name: path.read_text(encoding="utf-8") for path in files})

    monkeypatch.setattr(sys.modules["spacy_cner.cli.package"], "build_wheel", keep)
    return folders


def test_without_a_card_it_says_what_the_pipeline_tells(trained, tmp_path, built):
    trained.to_disk(tmp_path / "model")
    meta = srsly.read_json(tmp_path / "model" / "meta.json")
    srsly.write_json(tmp_path / "model" / "meta.json", {**meta, "author": "Wang Hai", "license": "CC BY 4.0"})
    (tmp_path / "model" / "README.md").write_text("My own.", encoding="utf-8")
    result = run("package", tmp_path / "model", tmp_path / "out", "--name", "tiny", "--card", "", "--metrics", "")
    assert result.exit_code == 0, result.output
    text = built[0]["MODEL_CARD.md"]
    for said in (
        "Pipeline of spacy_cner: cner\n",
        "Author: Wang Hai\n- Licence: CC BY 4.0\n",
        "Good for: not stated",
        "It was not scored.",
        "- Annotated texts: not stated",
        "`cner`: `LOC`, `ORG`, `PER`",
    ):
        assert said in text
    assert built[0]["README.md"] == "My own."
    assert "LICENSE" not in built[0] and "LICENSES_SOURCES" in built[0]


def test_a_pipeline_with_the_network_of_jieba_brings_its_licences():
    pytest.importorskip("jieba")
    nlp = spacy.blank("zh")
    tok2vec = {"@architectures": "spacy_cner.JiebaNetwork.v1"}
    nlp.add_pipe("cner", config={"model": {**small_model(), "tok2vec": tok2vec}})
    assert foreign_layers(nlp) == [build_jieba_network().name]
    text = notices(foreign_layers(nlp))
    for said in ("Copyright (c) 2013 Sun Junyi", "Baidu", "PaddlePaddle Authors", "Apache License", "were changed"):
        assert said in text
    assert text.count("Permission is hereby granted, free of charge") == 2


def test_a_compiled_network_of_jieba_brings_its_licences_too(tmp_path):
    pytest.importorskip("jieba")
    compile_pipeline(jieba_tagger()).to_disk(tmp_path / "compiled")
    assert foreign_layers(spacy.load(tmp_path / "compiled")) == [build_jieba_network().name]


def test_the_licence_of_the_project_is_the_one_in_its_wheel():
    assert mit(OURS) == (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"description": None}, "expected in a model card the keys description, .*, found no description"),
        ({"training_data": None}, "found no training_data"),
        ({"licence": "MIT"}, "\\(labels, email, .* may be there\\), got 'licence'"),
        ({"author": ""}, "expected a text as author, got ''"),
        ({"license": 4.0}, "expected a text as license, got 4.0"),
        ({"training_data": []}, "expected a list as training_data, got \\[\\]"),
        ({"training_data": ["MSRA"]}, "expected in an item of training_data the keys name, license .*, got 'MSRA'"),
        ({"training_data": [{"name": "MSRA"}]}, "found no license"),
        ({"training_data": [{"name": "MSRA", "license": ""}]}, "expected a text as license of training_data"),
        ({"labels": {"GPE": "places"}}, "expected labels out of LOC, ORG, PER, got 'GPE'"),
        ({"labels": {1: "a", "GPE": "places"}}, "expected labels out of LOC, ORG, PER, got 1"),
        ({"labels": ["PER"]}, "expected texts by their keys as labels"),
        ({"license_file": "none.txt"}, "expected a license_file next to it, found no none.txt"),
    ],
)
def test_cards_that_lack_or_add_something(trained, tmp_path, changes, message):
    with pytest.raises(InputError, match=f"card.yml: .*{message}"):
        read_card(card_file(tmp_path, **changes), trained)


@pytest.mark.parametrize("text", ["", "- one\n", "a: [1\nb"])
def test_no_card_at_all(trained, tmp_path, text):
    (tmp_path / "card.yml").write_text(text)
    with pytest.raises(InputError, match="card.yml: expected"):
        read_card(tmp_path / "card.yml", trained)


def test_the_command_names_the_file(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    card = card_file(tmp_path, author=None)
    for options, said in (
        (["--card", card], "card.yml: expected in a model card"),
        (["--card", tmp_path / "none.yml"], "none.yml: expected a YAML file"),
        (["--metrics", card], "card.yml: expected the JSON that evaluate --output writes"),
    ):
        result = run("package", tmp_path / "model", tmp_path / "out", "--name", "tiny", *options)
        assert result.exit_code == 1 and said in result.stderr
        assert not (tmp_path / "out").exists()


def test_a_licence_of_ones_own(trained, tmp_path, built):
    trained.to_disk(tmp_path / "model")
    (tmp_path / "terms.txt").write_text("Ask me.", encoding="utf-8")
    card = card_file(tmp_path, license="proprietary", license_file="terms.txt")
    assert run("package", tmp_path / "model", tmp_path / "out", "--name", "tiny", "--card", card).exit_code == 0
    assert built[0]["LICENSE"] == "Ask me."


def test_scores_of_words_belong_to_components_that_find_words(trained, trained_joint):
    scores = {"ents_f": 0.5, "words_f": 0.9, "words_r_oov": None, "cws_loss": 1.0}
    assert scores_of(trained, scores) == {"ents_f": 0.5}
    assert scores_of(trained_joint, scores) == {"ents_f": 0.5, "words_f": 0.9, "words_r_oov": None}


def test_a_pipeline_packed_again_keeps_what_it_says(trained):
    nlp = spacy.blank("zh")
    nlp.meta.update(author="Wang Hai", sources=[{"name": "six sentences"}, "more"])
    assert stated_card(nlp) == Card(author="Wang Hai", training_data=[{"name": "six sentences"}])


def test_the_card_of_the_default_pipeline(trained):
    card = read_card(config_folder() / "cards" / "clc_transformer.yml", trained)
    assert card.license == "MIT" and set(card.labels) == {"PER", "LOC", "ORG"}


def test_the_template_has_all_keys_and_must_be_filled_in(trained, tmp_path):
    result = run("init", "--card", "--out", tmp_path / "card.yml")
    assert result.exit_code == 0, result.output
    template = (tmp_path / "card.yml").read_text(encoding="utf-8")
    assert all(f"\n{key}:" in template or f"\n# {key}:" in template for key in Card.__dataclass_fields__)
    with pytest.raises(InputError, match="card.yml: expected a text as description, got ''"):
        read_card(tmp_path / "card.yml", trained)
    both = run("init", "clc", "--card")
    assert both.exit_code == 1 and "expected --card or a config, got both" in both.stderr
