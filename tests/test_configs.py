"""The project's configs of networks: each trains, and what they share is the same in all."""

from pathlib import Path

import numpy
import pytest
from conftest import joint_examples
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import registry
from thinc.api import Config

from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.text.char_view import set_words
from spacy_cner.text.words import WORDS_KEY
from spacy_cner.vectors.words import WordVectors

FOLDER = Path(__file__).parents[1] / "configs"
EMBED = "spacy_cner.CharNgramEmbed.v1"
# What makes a network small, by architecture.
SMALL = {
    EMBED: {"widths": [8, 4], "buckets": [20, 20]},
    "spacy_cner.CharCNN.v1": {"filters": 8},
    "spacy_cner.BiLSTM.v1": {"width": 8},
    "spacy_cner.SelfAttention.v1": {"heads": 2},
    "spacy_cner.ClassificationAttention.v1": {"heads": 2, "inner": 8},
    "spacy_cner.LSTM.v1": {"width": 8},
    "spacy_cner.JiebaNetwork.v1": {"use": False},
}
# What is said of the columns of [embedding ; encoding]
SMALL_COLUMNS = {0: 0, 150: 12, 256: 8, 300: 20, 350: 212, 500: 220, 606: 220, 756: 228}
OF_COLUMNS = ("spacy_cner.Columns.v1", "spacy.Tok2VecListener.v1")
# Those whose networks or whose training are not those of clc.cfg
OTHERS = {"clc_hybrid", "clc_encoder"}
OTHERS |= {f"peng_dredze{part}" for part in ("", "_cws", "_lexicon", "_ner", "_pipeline", "_taught")}


def read(name):
    return Config().from_disk(FOLDER / f"{name}.cfg", interpolate=False)


def blocks(config):
    """All blocks of a config, from outside to inside."""
    yield config
    for value in config.values():
        if isinstance(value, dict):
            yield from blocks(value)


def blocks_of(config, architecture):
    return [block for block in blocks(config) if block.get("@architectures") == architecture]


NAMES = sorted(
    path.stem for path in FOLDER.glob("*.cfg") if blocks_of(read(path.stem), EMBED) or "cws" in read(path.stem)["paths"]
)
SAME_PARTS = [name for name in NAMES if name not in OTHERS]
WITH_ENTITIES = [name for name in SAME_PARTS if "cner" in read(name)["components"]]
WITH_BOTH = [name for name in SAME_PARTS if "tok2vec" in read(name)["components"]]
IN_TURNS = [name for name in WITH_BOTH if "batcher" in read(name)["training"]["batcher"]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("configs") / "train.spacy"

    class Pipeline(Language):
        lang = "zh"

    nlp = Pipeline(vocab=chinese_vocab())
    docs = [example.reference for example in joint_examples(nlp)]
    for doc in docs:
        set_words(doc, [(word.start, word.end, "n" if len(word) > 1 else "v") for word in doc.spans[WORDS_KEY]])
    DocBin(docs=docs).to_disk(path)
    # Beside it, a lexicon as wide as the configs have it.
    vectors = numpy.random.default_rng(0).normal(size=(4, 50)).astype("float32")
    WordVectors(["银行", "今天", "昨天", "海"], numpy.array([4, 3, 2, 1]), vectors).save(path.with_name("words.npz"))
    return str(path)


def small(name, corpus):
    config = read(name)
    for block in blocks(config):
        architecture = block.get("@architectures")
        block.update(SMALL.get(architecture, {}))
        if architecture in OF_COLUMNS:
            block.update({key: SMALL_COLUMNS[value] for key, value in block.items() if isinstance(value, int)})
        if "clusters" in block:
            block["clusters"] = {"coarse": 2, "fine": 3}
    for path in {"train", "dev", "words", "silver"} & set(config["paths"]):
        config["paths"][path] = corpus
    if "lexicon" in config["paths"]:
        config["paths"]["lexicon"] = str(Path(corpus).with_name("words.npz"))
    config["training"].update(max_steps=4, eval_frequency=4)
    return config


def not_none(block):
    return {key: value for key, value in block.items() if value is not None}


@pytest.fixture(scope="module")
def segmenter(corpus, tmp_path_factory):
    nlp = init_nlp(small("peng_dredze_cws", corpus).interpolate())
    path = tmp_path_factory.mktemp("segmenter")
    nlp.to_disk(path)
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_each_trains(name, corpus, segmenter, capsys):
    config = small(name, corpus)
    if "cws" in config["paths"]:
        config["paths"]["cws"] = segmenter
    config = config.interpolate()
    nlp = init_nlp(config)
    # What a config leaves out of a model, spaCy fills in from the component's default: it must be nothing.
    for pipe_name, block in nlp.config.interpolate()["components"].items():
        if "source" in config["components"][pipe_name]:
            continue
        own = registry.fill({"model": config["components"][pipe_name]["model"]})["model"]
        assert not_none(block["model"]) == not_none(own)
    sizes = {pipe_name: len(pipe.model.to_bytes()) for pipe_name, pipe in nlp.pipeline}
    # An encoder beside the network is another network.
    networks = max(1, len(blocks_of(config, EMBED)))
    assert max(sizes.values()) < 100_000 * networks, "not small: see SMALL"
    train(nlp)
    performance = nlp.meta["performance"]
    assert all(performance[f"{pipe_name}_loss"] > 0 for pipe_name in nlp.pipe_names)
    # Every score that has a place in the table, or a weight, is one that the components give.
    assert {score for score, weight in config["training"]["score_weights"].items() if weight is not None} <= set(
        performance
    )


# What they share


@pytest.mark.parametrize("name", NAMES)
def test_shared_by_all(name):
    config, first = read(name), read("clc")
    assert {key: config["paths"].get(key, "none") for key in first["paths"]} == first["paths"]
    assert config["system"] == first["system"]
    # What a component needs besides.
    assert {**config["initialize"], "components": {}} == {**first["initialize"], "components": {}}
    for key in ("lang", "tokenizer", "batch_size"):
        assert config["nlp"][key] == first["nlp"][key], key
    for key in ("seed", "gpu_allocator", "accumulate_gradient", "optimizer", "logger", "train_corpus", "dev_corpus"):
        assert config["training"][key] == first["training"][key], key
    assert config["corpora"]["dev"] == first["corpora"]["dev"]
    batchers = [{**plain_batcher(each), "size": None} for each in (config, first)]
    assert batchers[0] == batchers[1]


def plain_batcher(config):
    batcher = config["training"]["batcher"]
    return batcher.get("batcher", batcher)


def test_the_taught_transfer_is_the_transfer():
    """But for the silver corpus."""
    taught, first = read("adversarial_taught"), read("adversarial_transfer")
    del taught["paths"]["silver"]
    train = taught["corpora"]["train"]
    for settings in (train["corpora"], train["sizes"], train["annotations"]):
        del settings["silver"]
    assert taught == first


def test_the_hybrid_transfer_is_the_transfer():
    """But for the sparse features, which are those of the CLC."""
    hybrid, first, clc = read("adversarial_hybrid"), read("adversarial_transfer"), read("clc_transfer")
    features = hybrid["components"]["cner"]["model"].pop("features")
    assert features == clc["components"]["cner"]["model"]["features"]
    assert hybrid == first


def test_the_one_with_jiebas_network_is_the_transfer():
    """But for that network."""
    own, first = read("clc_jieba"), read("clc_transfer")
    del own["components"]["cner"]["model"]["tok2vec"]["*"]["jieba"]
    assert own == first


def test_the_taught_crf_is_the_feature_crf():
    """But for what it reads, and the training of more text than fits L-BFGS."""
    taught, first = read("feature_crf_taught"), read("feature_crf")
    for config in (taught, first):
        config["paths"].pop("silver", None)
        crf = config["components"]["cner_features"]
        del config["corpora"]["train"]
        for key in ("min_count", "epochs", "max_iterations"):
            crf.pop(key, None)
    assert taught == first


@pytest.mark.parametrize("name", SAME_PARTS)
def test_the_same_parts(name):
    embeds, (first,) = (blocks_of(each, EMBED) for each in (read(name), read("clc")))
    for embed in embeds:
        # A segmenter alone has another number of hashed n-grams.
        assert embed == (first if name in WITH_ENTITIES else {**first, "buckets": embed["buckets"]})
    assert embeds
    for part in ("spacy_cner.CharCNN.v1", "spacy_cner.BiLSTM.v1"):
        assert all(block == blocks_of(read("clc"), part)[0] for block in blocks_of(read(name), part))


@pytest.mark.parametrize("name", WITH_ENTITIES)
def test_shared_by_those_with_entities(name):
    config, first = read(name), read("clc")
    cner = config["components"]["cner"]
    assert cner["scorer"] == first["components"]["cner"]["scorer"]
    assert cner["model"]["tag_scheme"] == first["components"]["cner"]["model"]["tag_scheme"]
    weights = config["training"]["score_weights"]
    assert {key: weights[key] for key in first["training"]["score_weights"]} == first["training"]["score_weights"]
    assert not any(weights[key] for key in weights.keys() - first["training"]["score_weights"].keys())
    different = {"score_weights": weights}
    if name in IN_TURNS:  # half of the steps are of entities
        different |= {key: 2 * first["training"][key] for key in ("max_steps", "patience", "eval_frequency")}
        different["batcher"] = {**config["training"]["batcher"], "batcher": plain_batcher(first)}
    assert config["training"] == {**first["training"], **different}
    own, others = config["corpora"]["train"], first["corpora"]["train"]
    assert {key: own[key] for key in others if key != "corpora"} | {"corpora": None} == {**others, "corpora": None}
    assert own["corpora"]["ner"] == others["corpora"]["ner"]


@pytest.mark.parametrize("name", sorted({*WITH_BOTH} - {*IN_TURNS}))
def test_shared_by_those_that_learn_both(name):
    config, other = read(name), read("clc_joint")
    assert config["corpora"] == other["corpora"]
    assert config["training"] == other["training"]
    assert config["nlp"]["pipeline"] == ["tok2vec", "cws", "cner"]
    own, others = config["components"], other["components"]
    assert own["cws"]["loss_weight"] + own["cner"]["loss_weight"] == pytest.approx(1.0)
    assert own["cws"]["scorer"] == others["cws"]["scorer"]
    assert own["cws"]["model"]["tag_scheme"] == others["cws"]["model"]["tag_scheme"]
