"""A small config to pre-train with, its text and its vectors."""

import random

import numpy
import pytest
from thinc.api import Config

import spacy_cner.pretraining.objective  # noqa: F401  (both register functions)
from spacy_cner.vectors.ngrams import NgramVectors

CONFIG = """
[paths]
raw_text = null
vectors = null

[nlp]
lang = "zh"
pipeline = ["cner"]

[nlp.tokenizer]
@tokenizers = "spacy.zh.ChineseTokenizer"
segmenter = "char"

[components]

[components.cner]
factory = "cner"

[components.cner.model]
@architectures = "spacy_cner.CrfTagger.v1"
tag_scheme = "bioes"
encoder = null

[components.cner.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.cner.model.tok2vec.embed]
@architectures = "spacy_cner.CharNgramEmbed.v1"
widths = [8, 4]
buckets = [20, 50]
vectors = ${paths.vectors}
trainable = true

[components.cner.model.tok2vec.encode]
@layers = "chain.v1"

[components.cner.model.tok2vec.encode.*.cnn]
@architectures = "spacy_cner.CharCNN.v1"
filters = 16
windows = [2, 3]
precision = "float32"

[components.cner.model.tok2vec.encode.*.lstm]
@architectures = "spacy_cner.BiLSTM.v1"
width = 16
depth = 1
precision = "float32"

[corpora]

[corpora.pretrain]
@readers = "spacy_cner.RawText.v1"
path = ${paths.raw_text}
held_out = 0.2
buffer = 20

[corpora.held_out]
@readers = "spacy_cner.RawText.v1"
path = ${paths.raw_text}
held_out = 0.2
part = "held_out"

[training]
seed = 3
train_corpus = "corpora.train"
dev_corpus = "corpora.dev"

[initialize]
vectors = null
init_tok2vec = null

[pretraining_loop]
max_steps = 7
held_out = "corpora.held_out"

[pretraining]
component = "cner"
layer = "tok2vec"
corpus = "corpora.pretrain"
max_epochs = 100
dropout = 0.1
n_save_every = 3
n_save_epoch = null

[pretraining.objective]
@architectures = "spacy_cner.MaskedCharacters.v1"
hidden = 16

[pretraining.batcher]
@batchers = "spacy_cner.batch_by_padded.v1"
size = 200
buffer = 30

[pretraining.optimizer]
@optimizers = "Adam.v1"
use_averages = true

[pretraining.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 2
total_steps = ${pretraining_loop.max_steps}
initial_rate = 0.01
"""
WHO, WHERE, WHAT = ["林小燕", "王海", "老周"], ["青岛", "大连", "海边"], ["看海", "工作", "散步", "等人"]


def sentences(count):
    """Sentences of one pattern, all different."""
    rng = random.Random(0)
    return [f"{rng.choice(WHO)}第{number}天在{rng.choice(WHERE)}{rng.choice(WHAT)}。" for number in range(1, count + 1)]


def write_vectors(path):
    """Vectors of all characters of the sentences but one."""
    chars = sorted(set("".join(sentences(60))) - {"周"})
    bigrams = ["王海", "青岛"]
    numbers = numpy.random.default_rng(0).normal(size=(len(chars), 8))
    NgramVectors({1: chars, 2: bigrams}, {1: numbers, 2: numbers[:2, :4]}).save(path)
    return path


@pytest.fixture
def vectors(tmp_path):
    return write_vectors(tmp_path / "vectors.npz")


@pytest.fixture
def config(tmp_path, vectors):
    (tmp_path / "raw.txt").write_text("\n".join(sentences(60)), encoding="utf-8")
    config = Config().from_str(CONFIG, interpolate=False)
    config["paths"] = {"raw_text": str(tmp_path / "raw.txt"), "vectors": str(vectors)}
    return config
