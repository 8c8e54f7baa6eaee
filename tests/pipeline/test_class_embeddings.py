"""Class embeddings, from the entities of the training set to the model that attends over them."""

import numpy
import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model, train
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.training import Example
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.models.attention import attention_module, build_classification_attention, classification_attention_of
from spacy_cner.pipeline import class_embeddings
from spacy_cner.pipeline.class_embeddings import ClassMoments, entity_embeddings, features
from spacy_cner.pipeline.tagging import CORPUS_KEY
from spacy_cner.plots.attention import attention_maps

LABELS = ["LOC", "ORG", "PER"]


def attention_model(alpha=0.5, **tagger):
    attention = {"@architectures": "spacy_cner.ClassificationAttention.v1", "heads": 4, "alpha": alpha, "dropout": 0.0}
    bilstm = small_model()["encoder"]
    layers = {"bilstm": bilstm, "classification_attention": attention}
    return small_model(encoder={"@layers": "chain.v1", "*": layers}, **tagger)


def blank(**settings_):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": attention_model(**settings_)})
    return nlp


def initialized(nlp=None, examples=None, seed=0):
    spacy.util.fix_random_seed(seed)
    nlp = nlp or blank()
    examples = make_examples(nlp) if examples is None else examples
    nlp.initialize(lambda: examples)
    return nlp


def embeddings_of(nlp):
    return attention_module(classification_attention_of(nlp.get_pipe("cner").model)).class_embeddings.numpy()


# The formulas


@given(st.integers(1, 7), st.sampled_from([0.0, 0.3, 1.0]), st.integers(0, 99))
@settings(max_examples=30)
def test_moments_give_what_the_paper_does_step_by_step(count, alpha, seed):
    # Columns are entities.
    matrix = numpy.random.default_rng(seed).normal(size=(5, count)) + 1
    first = numpy.linalg.svd(matrix)[0][:, :1]
    expected = (matrix - alpha * first @ first.T @ matrix).mean(1)
    moments = ClassMoments.of_none(5)
    for part in numpy.array_split(matrix.T, 2):
        moments.add(part.astype("float32"))
    assert moments.count == count
    numpy.testing.assert_allclose(moments.embedding(alpha), expected, atol=1e-5)


def test_what_is_kept_does_not_grow():
    moments = ClassMoments.of_none(6)
    size = moments.total.nbytes + moments.second.nbytes
    for _ in range(50):
        moments.add(numpy.ones((20, 6)))
    assert (moments.count, moments.total.nbytes + moments.second.nbytes) == (1000, size)
    numpy.testing.assert_allclose(moments.embedding(0.25), 0.75)


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_alpha_out_of_range(alpha):
    with pytest.raises(ValueError, match=f"an alpha from 0 to 1, got {alpha}"):
        build_classification_attention(alpha=alpha)


# From the training set


def test_initialize_gives_each_label_the_mean_of_its_entities():
    nlp = initialized(blank(alpha=0.0))
    pipe = nlp.get_pipe("cner")
    layer = classification_attention_of(pipe.model)
    assert layer.attrs["counts"] == {"LOC": 3, "ORG": 2, "PER": 4}
    assert attention_module(layer).classes == list(pipe.labels) == LABELS
    tok2vec = pipe.model.get_ref("tok2vec")
    for label, embedding in zip(LABELS, embeddings_of(nlp)):
        rows = [
            tok2vec.predict([nlp.make_doc(text)])[0][start:end].mean(0)
            for text, gold in SENTENCES for start, end, name in gold if name == label
        ]  # fmt: skip
        numpy.testing.assert_allclose(embedding, numpy.mean(rows, axis=0), atol=1e-5)


def test_the_same_again_whatever_the_size_of_batches(monkeypatch):
    first = embeddings_of(initialized())
    numpy.testing.assert_array_equal(embeddings_of(initialized()), first)
    monkeypatch.setattr(class_embeddings, "BATCH", 1)
    numpy.testing.assert_allclose(embeddings_of(initialized()), first, atol=1e-5)
    assert not numpy.allclose(embeddings_of(initialized(seed=1)), first)


def test_windows_are_put_together_again():
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cner", config={"model": attention_model(), "window": 10})
    text = "".join(text for text, _ in SENTENCES)
    gold, at = [], 0
    for sentence, ents in SENTENCES:
        gold += [(at + start, at + end, label) for start, end, label in ents]
        at += len(sentence)
    examples = make_examples(nlp, [(text, gold), ("", []), SENTENCES[0]])
    nlp.initialize(lambda: examples)
    rows = list(features(pipe, [example.x for example in examples], nlp))
    assert [len(each) for each in rows] == [len(text), 0, len(SENTENCES[0][0])]
    numpy.testing.assert_allclose(rows[0][: len(SENTENCES[0][0])], rows[2], atol=1e-5)
    assert {label: len(each) for label, each in entity_embeddings(pipe, examples, nlp).items()} == {
        "PER": 5, "LOC": 4, "ORG": 2
    }  # fmt: skip


def test_of_the_whole_file_where_the_corpus_is_a_stream(tmp_path):
    nlp = blank()
    DocBin(docs=[example.reference for example in make_examples(nlp) * 3]).to_disk(tmp_path / "train.spacy")
    nlp.config["initialize"]["components"]["cner"] = {"train": str(tmp_path / "train.spacy")}
    initialized(nlp, make_examples(nlp, SENTENCES[:3]))
    assert classification_attention_of(nlp.get_pipe("cner").model).attrs["counts"] == {"LOC": 9, "ORG": 6, "PER": 12}


def test_of_its_own_corpora_alone():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": attention_model(), "corpora": ["news"]})
    own, others = make_examples(nlp), make_examples(nlp, [("小米很好。", [(0, 2, "BRAND")]), *SENTENCES[:1]])
    for name, examples in (("news", own), ("shops", others)):
        for example in examples:
            example.reference.user_data[CORPUS_KEY] = name
    initialized(nlp, [*own, *others])
    assert classification_attention_of(nlp.get_pipe("cner").model).attrs["counts"] == {"LOC": 3, "ORG": 2, "PER": 4}


def test_labels_without_entities_get_none_and_no_entities_at_all_are_an_error():
    nlp = blank()
    nlp.config["initialize"]["components"]["cner"] = {"labels": [*LABELS, "GPE"]}
    initialized(nlp)
    assert [bool(row.any()) for row in embeddings_of(nlp)] == [True, True, True, False]
    missing = [Example(nlp.make_doc("青岛"), nlp.make_doc("青岛"))]
    with pytest.raises(InputError, match="examples with entities, which the classes of 'cner' are made of, got none"):
        nlp.initialize(lambda: missing)


def test_over_shared_features():
    nlp = spacy.blank("zh")
    nlp.add_pipe("tok2vec", config={"model": small_model()["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    nlp.add_pipe("cner", config={"model": attention_model(alpha=0.0, tok2vec=listener)})
    initialized(nlp)
    shared = nlp.get_pipe("tok2vec").model
    rows = [
        shared.predict([nlp.make_doc(text)])[0][start:end].mean(0)
        for text, gold in SENTENCES
        for start, end, name in gold
        if name == "ORG"
    ]
    numpy.testing.assert_allclose(embeddings_of(nlp)[1], numpy.mean(rows, axis=0), atol=1e-5)


def test_of_pretrained_weights(tmp_path):
    source = initialized(seed=5).get_pipe("cner").model.get_ref("tok2vec")
    (tmp_path / "weights.bin").write_bytes(source.to_bytes())
    nlp = blank(alpha=0.0)
    nlp.config["pretraining"] = {
        "component": "cner", "layer": "tok2vec", "max_epochs": 1, "dropout": 0.2, "corpus": "corpora.pretrain",
        "n_save_every": None, "n_save_epoch": None,
        "batcher": {"@batchers": "spacy.batch_by_sequence.v1", "size": 100},
        "optimizer": {"@optimizers": "Adam.v1"},
        "objective": {
            "@architectures": "spacy.PretrainCharacters.v1", "maxout_pieces": 2, "hidden_size": 8, "n_characters": 4
        },
    }  # fmt: skip
    nlp.config["initialize"]["init_tok2vec"] = str(tmp_path / "weights.bin")
    initialized(nlp)
    rows = [
        source.predict([nlp.make_doc(text)])[0][start:end].mean(0)
        for text, gold in SENTENCES
        for start, end, name in gold
        if name == "LOC"
    ]
    numpy.testing.assert_allclose(embeddings_of(nlp)[0], numpy.mean(rows, axis=0), atol=1e-5)


# In the pipeline


@pytest.fixture(scope="module")
def attentive():
    nlp = initialized()
    train(nlp, make_examples(nlp), rate=0.01)
    return nlp


def test_overfits_and_is_saved(attentive, tmp_path):
    gold = [ents for _, ents in SENTENCES]
    assert attentive.evaluate(make_examples(attentive))["ents_f"] == 1.0
    attentive.to_disk(tmp_path)
    for nlp in (spacy.load(tmp_path), blank().from_bytes(attentive.to_bytes())):
        assert [entities(doc) for doc in nlp.pipe([text for text, _ in SENTENCES])] == gold
        numpy.testing.assert_array_equal(embeddings_of(nlp), embeddings_of(attentive))
        assert classification_attention_of(nlp.get_pipe("cner").model).attrs["alpha"] == 0.5


def test_training_leaves_the_class_embeddings_as_they_were(attentive):
    numpy.testing.assert_array_equal(embeddings_of(attentive), embeddings_of(initialized()))


def test_a_label_added_later_has_no_class(attentive):
    nlp = blank().from_bytes(attentive.to_bytes())
    nlp.get_pipe("cner").add_label("GPE")
    assert [entities(nlp(text)) for text, _ in SENTENCES] == [ents for _, ents in SENTENCES]
    assert len(embeddings_of(nlp)) == 3


# The command


def test_command_shows_the_classes(attentive, trained, tmp_path):
    attentive.to_disk(tmp_path / "with")
    result = CliRunner().invoke(app, ["classes", str(tmp_path / "with")])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines() if line.strip()]
    assert lines[0] == ["cner,", "alpha", "=", "0.5"]
    assert lines[1] == ["entities", "length", "1", "2", "3", "class"]
    assert [(line[0], line[-1]) for line in lines[-3:]] == [("3", "LOC"), ("2", "ORG"), ("4", "PER")]
    assert [float(line[2 + i]) for i, line in enumerate(lines[-3:])] == [1.0] * 3
    trained.to_disk(tmp_path / "without")
    result = CliRunner().invoke(app, ["classes", str(tmp_path / "without")])
    assert result.exit_code == 1
    assert "expected a pipeline with classification attention, got cner" in result.stderr


def test_explain_shows_classes_by_characters(attentive):
    (attention,) = attention_maps(attentive, SENTENCES[0][0])
    assert (attention.rows, attention.columns) == (LABELS, list(SENTENCES[0][0]))
    assert attention.weights.shape == (4, 3, len(SENTENCES[0][0]))
    numpy.testing.assert_allclose(attention.weights.sum(-1), 1.0, atol=1e-5)
