"""The configs that come with the package: each is filled, built, saved and trained, as small as tests want it."""

import re
import shlex
from pathlib import Path

import numpy
import pytest
import spacy
from conftest import SENTENCES, joint_examples
from spacy.cli import debug_config, fill_config
from spacy.cli._util import app as spacy_app
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config, load_model_from_config, registry
from typer.testing import CliRunner

from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.loading import config_folder
from spacy_cner.text.char_view import set_words
from spacy_cner.text.words import WORDS_KEY
from spacy_cner.vectors.ngrams import NgramVectors
from spacy_cner.vectors.words import WordVectors

NAMES = [
    *("clc", "clc_lexicon", "clc_transfer", "clc_jieba", "clc_transformer", "clc_joint", "clc_encoder"),
    *("char_bert", "cws"),
    *("feature_crf", "feature_crf_distilled", "student", "transformer", "bert_attention", "iscas"),
]
EMBED = "spacy_cner.CharNgramEmbed.v1"
# What makes a network small, by architecture.
SMALL = {
    EMBED: {"widths": [8, 4], "buckets": [20, 20], "vectors": None},
    "spacy_cner.CharCNN.v1": {"filters": 8},
    "spacy_cner.DilatedCNN.v1": {"width": 8},
    "spacy_cner.BiLSTM.v1": {"width": 8},
    "spacy_cner.Transformer.v1": {"layers": 1, "width": 12, "heads": 2},
    "spacy_cner.Shortcut.v1": {"width": 12},
    "spacy_cner.CharBert.v1": {"layers": 1, "width": 8, "heads": 2},
    "spacy.Tok2VecListener.v1": {"width": 8},
    "spacy_cner.SparseFeatures.v1": {"clusters": {"coarse": 2, "fine": 3}},
}


def read(name):
    return load_config(config_folder() / f"{name}.cfg", interpolate=False)


def blocks(config):
    """All blocks of a config, from outside to inside."""
    yield config
    for value in config.values():
        if isinstance(value, dict):
            yield from blocks(value)


@pytest.fixture(scope="module")
def files(tmp_path_factory, bert):
    """What configs name in [paths]: a corpus with words and parts of speech, vectors, a lexicon, and a BERT."""
    folder = tmp_path_factory.mktemp("configs")

    class Pipeline(Language):
        lang = "zh"

    nlp = Pipeline(vocab=chinese_vocab())
    docs = [example.reference for example in joint_examples(nlp)]
    for doc in docs:
        set_words(doc, [(word.start, word.end, "n" if len(word) > 1 else "v") for word in doc.spans[WORDS_KEY]])
    DocBin(docs=docs).to_disk(folder / "train.spacy")
    characters = sorted({char for text, _ in SENTENCES for char in text})
    NgramVectors({1: characters}, {1: numpy.eye(len(characters), 6, dtype="f")}).save(folder / "vectors.npz")
    vectors = numpy.random.default_rng(0).normal(size=(4, 50)).astype("float32")
    WordVectors(["银行", "今天", "昨天", "海"], numpy.array([4, 3, 2, 1]), vectors).save(folder / "words.npz")
    corpus = dict.fromkeys(("train", "dev", "silver", "taught"), str(folder / "train.spacy"))
    return {
        **corpus,
        "vectors": str(folder / "vectors.npz"),
        "lexicon": str(folder / "words.npz"),
        "encoder": bert,
    }


def small(name, files):
    config = read(name)
    config["paths"].update({key: path for key, path in files.items() if key in config["paths"]})
    for block in blocks(config["components"]):
        block.update(SMALL.get(block.get("@architectures"), {}))
    if "optimizer" in config["training"]:
        config["training"]["optimizer"]["learn_rate"].update(warmup_steps=1, total_steps=2)
    config["training"]["eval_frequency"] = 2
    return config


def not_none(block):
    return {
        key: not_none(value) if isinstance(value, dict) else value for key, value in block.items() if value is not None
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_is_valid_once_it_is_filled(name, files, tmp_path, capsys):
    path = tmp_path / "filled.cfg"
    fill_config(path, config_folder() / f"{name}.cfg", silent=True)
    debug_config(path, overrides={f"paths.{key}": file for key, file in files.items()})
    assert "Config is valid" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_each_makes_an_optimizer_and_goes_on_training_when_it_was_saved(name, tmp_path):
    """spaCy resolves [training.optimizer] alone: it must refer to nothing."""
    nlp = load_model_from_config(read(name), auto_fill=True)
    nlp.create_optimizer()
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.config.interpolate() == nlp.config.interpolate()
    # Not where nothing is trained step by step.
    scheduled = "optimizer" in read(name)["training"]
    assert ("learn_rate" in loaded.resume_training().schedules) == scheduled


@pytest.mark.filterwarnings("ignore:.*does not learn by nlp.update")
@pytest.mark.parametrize("name", NAMES)
def test_each_passes_spacys_commands_and_goes_on_in_loops_of_ones_own(name, files, tmp_path):
    small(name, files).to_disk(tmp_path / "given.cfg")
    path = str(tmp_path / "filled.cfg")
    fill_config(Path(path), tmp_path / "given.cfg", silent=True)
    # It ends with an error of its own: too few examples.
    assert "Pipeline can be initialized with data" in spacy_says("debug", "data", path)
    nlp = init_nlp(load_config(path))
    trained = [pipe_name for pipe_name, pipe in nlp.pipeline if getattr(pipe, "is_trainable", False)]
    for pipe_name in trained[-1:]:
        assert "Successfully ended analysis" in spacy_says("debug", "model", path, pipe_name)
    # A loop of one's own, without an optimizer
    examples = list(Corpus(files["train"])(nlp))
    nlp.initialize(lambda: examples)
    assert set(nlp.update(examples)) >= set(trained)
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    assert set(loaded.update(examples, sgd=loaded.resume_training())) >= set(trained)
    loaded(SENTENCES[0][0])


def spacy_says(*command):
    result = CliRunner().invoke(spacy_app, command)
    assert isinstance(result.exception, SystemExit | None), result.output
    return result.output


@pytest.mark.parametrize("name", NAMES)
def test_each_trains(name, files, capsys):
    config = small(name, files)
    nlp = init_nlp(config)
    # What a config leaves out of a model, spaCy fills in from the component's default: it must be nothing.
    for pipe_name, block in nlp.config.interpolate()["components"].items():
        if "model" in block:
            own = registry.fill({"model": config.interpolate()["components"][pipe_name]["model"]})["model"]
            assert not_none(block["model"]) == not_none(own)
    train(nlp)
    performance = nlp.meta["performance"]
    trained = [name for name, pipe in nlp.pipeline if getattr(pipe, "is_trainable", False)]
    assert all(performance[f"{pipe_name}_loss"] > 0 for pipe_name in trained)
    # Every score that has a place in the table, or a weight, is one that the components give.
    weights = nlp.config["training"]["score_weights"]
    assert {score for score, weight in weights.items() if weight is not None} <= set(performance)


@pytest.mark.parametrize("name", NAMES)
def test_each_begins_with_what_it_is_for_and_a_command_that_trains_it(name):
    text = (config_folder() / f"{name}.cfg").read_text(encoding="utf-8")
    comment = re.match(r"(#.*\n)+", text)[0].replace("\n# ", " ").removeprefix("# ").strip()
    command = shlex.split(comment[comment.rindex("python -m spacy train") :])
    assert command[4] == f"{name}.cfg" and Path(command[4]).suffix == ".cfg"
    options = {option.removeprefix("--paths.") for option in command if option.startswith("--paths.")}
    assert options <= set(read(name)["paths"])


def test_these_are_all():
    assert sorted(NAMES) == sorted(path.stem for path in config_folder().glob("*.cfg"))
