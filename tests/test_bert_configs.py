"""The configs over BERT: each trains, and they differ in what stands between BERT and the CRF alone."""

import numpy
import pytest
from conftest import joint_examples
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from test_configs import FOLDER, blocks_of, read

from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.text.char_view import set_words
from spacy_cner.text.words import WORDS_KEY
from spacy_cner.vectors.ngrams import NgramVectors

TRANSFORMER = "spacy_cner.CharTransformer.v1"
NAMES = sorted(path.stem for path in FOLDER.glob("*.cfg") if blocks_of(read(path.stem), TRANSFORMER))
LAYERS = {
    "bert_crf": None,
    "bert_layer_crf": "spacy_cner.BertLayer.v1",
    "bert_attention": "spacy_cner.ClassificationAttention.v1",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("configs") / "train.spacy"

    class Pipeline(Language):
        lang = "zh"

    DocBin(docs=[example.reference for example in joint_examples(Pipeline(vocab=chinese_vocab()))]).to_disk(path)
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_each_trains(name, corpus, bert, capsys):
    config = read(name)
    config["paths"].update(train=corpus, dev=corpus, encoder=bert)
    config["training"].update(max_steps=2, eval_frequency=2)
    config["training"]["optimizer"]["learn_rate"]["warmup_steps"] = 1
    nlp = init_nlp(config)
    train(nlp)
    performance = nlp.meta["performance"]
    assert performance["cner_loss"] > 0
    assert performance.keys() >= {"ents_f", "ents_r_oov"}
    assert nlp.get_pipe("cner").tags[:5] == ["O", "B-LOC", "M-LOC", "E-LOC", "S-LOC"]


def test_the_small_bert_goes_on_with_words_and_names(tmp_path, capsys):
    nlp = Language(vocab=chinese_vocab())
    docs = [example.reference for example in joint_examples(nlp)]
    for doc in docs:
        set_words(doc, [(word.start, word.end, "n") for word in doc.spans[WORDS_KEY]])
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    characters = sorted({token.text for doc in docs for token in doc})
    NgramVectors({1: characters}, {1: numpy.eye(len(characters), 6, dtype="f")}).save(tmp_path / "vectors.npz")
    config = read("char_bert")
    paths = {"train": "train.spacy", "dev": "train.spacy", "vectors": "vectors.npz"}
    config["paths"].update({name: str(tmp_path / path) for name, path in paths.items()})
    config["components"]["tok2vec"]["model"].update(layers=1, width=8, heads=2)
    config["training"].update(max_steps=2, eval_frequency=2)
    nlp = init_nlp(config.interpolate())
    train(nlp)
    assert nlp.meta["performance"].keys() >= {"words_f", "ents_f"}
    assert nlp.meta["performance"]["cws_loss"] > 0
    assert nlp.get_pipe("cws").tags[:2] == ["B-n", "M-n"]


def test_the_small_bert_learns_as_the_other_encoder_does():
    config, other = read("char_bert"), read("clc_encoder")
    for part in ("cws", "cner"):
        config["components"][part]["model"]["tok2vec"] = other["components"][part]["model"]["tok2vec"]
        assert config["components"][part] == other["components"][part]
    assert config["corpora"] == other["corpora"]
    assert config["training"] == {**other["training"], "optimizer": config["training"]["optimizer"]}


@pytest.mark.parametrize("name", NAMES)
def test_only_the_layer_differs(name):
    config, first = read(name), read("bert_crf")
    encoder = config["components"]["cner"]["model"].pop("encoder")
    assert (encoder or {}).get("@architectures") == LAYERS[name]
    assert first["components"]["cner"]["model"].pop("encoder") is None
    components = config["initialize"].pop("components", {})
    assert components == ({"cner": {"train": "${paths.train}"}} if name == "bert_attention" else {})
    assert config == first


def test_the_paper_s_settings():
    assert {name: LAYERS[name] for name in NAMES} == LAYERS
    config = read("bert_attention").interpolate()
    assert config["training"]["batcher"]["size"] == 16
    assert config["training"]["optimizer"]["learn_rate"]["initial_rate"] == 5e-5
    assert config["training"]["optimizer"]["L2"] == 0.01
    assert config["components"]["cner"]["window"] == 256


def test_what_is_read_is_what_the_other_systems_read():
    config, other = read("bert_crf"), read("clc")
    assert config["corpora"] == other["corpora"]
    assert config["training"]["score_weights"] == other["training"]["score_weights"]
    assert config["components"]["cner"]["scorer"] == other["components"]["cner"]["scorer"]
