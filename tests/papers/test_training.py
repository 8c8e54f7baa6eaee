"""Each overlay trains, as small as tests want it."""

from pathlib import Path

import numpy
import pytest
from conftest import joint_examples
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import registry

from papers.run.overlay import find_config, load_overlay
from papers.run.table import PAPERS
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.text.char_view import set_words
from spacy_cner.text.words import WORDS_KEY
from spacy_cner.vectors.words import WordVectors

OVERLAYS = sorted(path.relative_to(PAPERS).as_posix() for path in PAPERS.glob("*/*.cfg"))
# What makes a network small, by architecture.
SMALL = {
    "spacy_cner.CharNgramEmbed.v1": {"widths": [8, 4], "buckets": [20, 20]},
    "spacy_cner.CharCNN.v1": {"filters": 8},
    "spacy_cner.BiLSTM.v1": {"width": 8},
    "spacy_cner.Transformer.v1": {"layers": 1, "width": 12, "heads": 2},
    "spacy_cner.SelfAttention.v1": {"heads": 2},
    "spacy_cner.LSTM.v1": {"width": 8},
    "spacy_cner.SharedPrivate.v1": {"shared_width": 8},
    "spacy_cner.TaskDiscriminator.v1": {"shared_width": 8},
}
# Columns of [embedding ; encoding]: 150 of characters, 200 of words, 150 or 256 of an encoder, 512 of a Transformer.
COLUMNS = {0: 0, 150: 12, 256: 8, 300: 20, 350: 212, 406: 20, 500: 220, 512: 12, 606: 220, 756: 228}
OF_COLUMNS = ("spacy_cner.Columns.v1", "spacy.Tok2VecListener.v1")


def blocks(config):
    """All blocks of a config, from outside to inside."""
    yield config
    for value in config.values():
        if isinstance(value, dict):
            yield from blocks(value)


@pytest.fixture(scope="module")
def files(tmp_path_factory, bert):
    """What configs name in [paths]: corpora, a lexicon as wide as the configs have it, a BERT."""
    folder = tmp_path_factory.mktemp("overlays")

    class Pipeline(Language):
        lang = "zh"

    docs = [example.reference for example in joint_examples(Pipeline(vocab=chinese_vocab()))]
    for doc in docs:
        set_words(doc, [(word.start, word.end, "n" if len(word) > 1 else "v") for word in doc.spans[WORDS_KEY]])
    DocBin(docs=docs).to_disk(folder / "train.spacy")
    vectors = numpy.random.default_rng(0).normal(size=(4, 50)).astype("float32")
    WordVectors(["银行", "今天", "昨天", "海"], numpy.array([4, 3, 2, 1]), vectors).save(folder / "words.npz")
    corpora = dict.fromkeys(("train", "dev", "words", "names", "silver"), str(folder / "train.spacy"))
    return {**corpora, "lexicon": str(folder / "words.npz"), "encoder": bert}


def small(path, files):
    config = load_overlay(path)
    config["paths"].update({key: file for key, file in files.items() if key in config["paths"]})
    for block in blocks(config["components"]):
        architecture = block.get("@architectures")
        block.update(SMALL.get(architecture, {}))
        if architecture in OF_COLUMNS:
            is_encoder = "start" in block and block["width"] == 150  # else 150 are of characters
            block.update({key: COLUMNS[value] for key, value in block.items() if isinstance(value, int)})
            block.update({"width": COLUMNS[256]} if is_encoder else {})
        block.get("*", {}).pop("jieba", None)  # as the rows without it do
    for block in blocks(config):
        if "clusters" in block:
            block["clusters"] = {"coarse": 2, "fine": 3}
    if "optimizer" in config["training"]:
        config["training"]["optimizer"]["learn_rate"].update(warmup_steps=1, total_steps=4)
    config["training"].update(eval_frequency=4)
    return config


@pytest.fixture(scope="module")
def pipelines(files, tmp_path_factory):
    """What configs take components from: a segmenter, and the tagger of the workflow `encoder`."""

    def save(name, path):
        folder = tmp_path_factory.mktemp(name)
        init_nlp(small(path, files)).to_disk(folder)
        return str(folder)

    segmenter = PAPERS / "peng-dredze-2016" / "segmenter.cfg"
    return {"cws": save("cws", segmenter), "tagger": save("tagger", find_config("clc_encoder.cfg", Path()))}


def without_nulls(block):
    return {key: without_nulls(v) if isinstance(v, dict) else v for key, v in block.items() if v is not None}


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_trains(name, files, pipelines, capsys):
    config = small(PAPERS / name, {**files, **pipelines})
    nlp = init_nlp(config)
    # What a config leaves out of a model, spaCy fills in from the component's default: it must be nothing.
    for pipe, block in config.interpolate()["components"].items():
        if "model" in block:
            filled = nlp.config.interpolate()["components"][pipe]["model"]
            assert without_nulls(filled) == without_nulls(registry.fill({"model": block["model"]})["model"])
    sizes = {pipe: len(component.model.to_bytes()) for pipe, component in nlp.pipeline if hasattr(component, "model")}
    assert max(sizes.values(), default=0) < 300_000, "not small: see SMALL"
    train(nlp)
    performance = nlp.meta["performance"]
    training = nlp.config["training"]
    trained = [pipe for pipe, each in nlp.pipeline if getattr(each, "is_trainable", False)]
    assert all(performance[f"{pipe}_loss"] > 0 for pipe in trained if pipe not in training["frozen_components"])
    # Every score that has a place in the table, or a weight, is one that the components give.
    assert {score for score, weight in training["score_weights"].items() if weight is not None} <= set(performance)
