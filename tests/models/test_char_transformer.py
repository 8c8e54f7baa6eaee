"""An encoder of Hugging Face as a tok2vec for characters."""

import copy
import pickle
import sys

import numpy
import pytest
import spacy
import torch
from conftest import SENTENCES
from thinc.api import SGD, Adam

pytest.importorskip("spacy_transformers")

from tiny_bert import WIDTH, make_bert  # noqa: E402

from spacy_cner.errors import InputError  # noqa: E402
from spacy_cner.models.huggingface import LayerScales  # noqa: E402
from spacy_cner.models.transformer import build_char_transformer  # noqa: E402

NLP = spacy.blank("zh")
TEXTS = [SENTENCES[0][0], "海", "", "A a😀 青岛12", SENTENCES[5][0]]


@pytest.fixture
def model(bert):
    return initialized(bert)


def initialized(bert, **settings):
    model = build_char_transformer(bert, **settings)
    model.initialize(X=docs()[:1])
    return model


def docs(texts=TEXTS):
    return [NLP.make_doc(text) for text in texts]


def encoder_of(model):
    return model.shims[0].encoder


def assert_same(rows, others, atol=1e-5):
    for x, y in zip(rows, others, strict=True):
        numpy.testing.assert_allclose(x, y, rtol=0, atol=atol)


def hidden_of(model, doc):
    """What the encoder itself makes of a document whose characters all have a piece."""
    tokenizer, encoder = model.shims[0].pieces.tokenizer, encoder_of(model).eval()
    ids = tokenizer.convert_tokens_to_ids(["[CLS]", *[token.text for token in doc], "[SEP]"])
    return encoder(input_ids=torch.tensor([ids])).last_hidden_state[0, 1:-1]


def test_rows_are_the_last_hidden_layer(model):
    doc = docs()[0]
    assert model.get_dim("nO") == WIDTH
    numpy.testing.assert_allclose(model.predict([doc])[0], hidden_of(model, doc).detach().numpy(), atol=1e-5)


def test_every_character_has_a_row_and_no_other_document_changes_it(model):
    rows = model.predict(docs())
    assert [x.shape for x in rows] == [(len(doc), WIDTH) for doc in docs()]
    assert_same(rows, [model.predict([doc])[0] for doc in docs()])
    assert_same(rows, model.begin_update(docs())[0])
    latin = rows[3]
    assert len({row.round(3).tobytes() for row in latin}) == len(latin)  # no two alike, by place if nothing else
    assert [x.shape for x in model.predict(docs(["", ""]))] == [(0, WIDTH)] * 2
    assert model.predict([]) == []


def test_gradients_are_those_of_the_encoder(model):
    doc, weights = docs()[4], numpy.random.default_rng(0).normal(size=(len(docs()[4]), WIDTH)).astype("f")
    _, backprop = model.begin_update(docs())
    backprop([weights if other.text == doc.text else numpy.zeros((len(other), WIDTH), "f") for other in docs()])
    weights_of = encoder_of(model).named_parameters()
    found = {name: weight.grad.clone() for name, weight in weights_of if weight.grad is not None}
    encoder_of(model).zero_grad()
    (hidden_of(model, doc) * torch.from_numpy(weights)).sum().backward()
    assert len(found) > 30
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, encoder_of(model).get_parameter(name).grad, atol=1e-3, rtol=1e-3)


def test_long_documents_are_windows_put_together(bert):
    model = initialized(bert, window=12)
    doc = NLP.make_doc("".join(text for text, _ in SENTENCES))
    rows = model.predict([doc])[0]
    sentences = [model.predict([NLP.make_doc(text)])[0] for text, _ in SENTENCES]
    assert_same([rows], [numpy.concatenate(sentences)])
    gradient = numpy.ones_like(rows)
    model.begin_update([doc])[1]([gradient])
    whole = encoder_of(model).embeddings.word_embeddings.weight.grad.clone()
    encoder_of(model).zero_grad()
    for text, _ in SENTENCES:
        model.begin_update([NLP.make_doc(text)])[1]([numpy.ones((len(text), WIDTH), "f")])
    torch.testing.assert_close(encoder_of(model).embeddings.word_embeddings.weight.grad, whole, atol=1e-3, rtol=1e-3)


def test_windows_longer_than_the_encoder_reads_are_cut(bert):
    model = initialized(bert, window=1000)  # it reads 64 with [CLS] and [SEP]
    doc = NLP.make_doc("海" * 150)
    assert model.predict([doc])[0].shape == (150, WIDTH)


@pytest.mark.parametrize(
    "way",
    [
        copy.deepcopy,
        lambda model: model.copy(),
        lambda model: pickle.loads(pickle.dumps(model)),
        lambda model: build_char_transformer("/nowhere").from_bytes(model.to_bytes()),
    ],
)
def test_copies_need_nothing_but_themselves(tmp_path, way):
    folder = tmp_path / "bert"
    model = initialized(make_bert(folder), window=9)
    for path in folder.iterdir():
        path.unlink()
    other = way(model)
    assert_same(other.predict(docs()), model.predict(docs()), atol=0)
    assert other.get_dim("nO") == WIDTH
    other.begin_update(docs())[1]([numpy.ones((len(doc), WIDTH), "f") for doc in docs()])
    other.finish_update(SGD(0.1))
    assert not numpy.allclose(other.predict(docs())[0], model.predict(docs())[0])


# Layers


def test_rates_of_layers():
    names = {
        "embeddings.word_embeddings.weight": 2, "embeddings.LayerNorm.bias": 2, "encoder.layer.0.output.dense.bias": 1,
        "encoder.layer.1.attention.self.query.weight": 0, "pooler.dense.weight": 0, "h.0.attn.weight": 1,
        "transformer.layers.1.weight": 0, "layer.0.weight": 1,
    }  # fmt: skip
    for name, above in names.items():
        assert LayerScales(None, 0.5, 0.1).of(name, 2) == pytest.approx(0.5 * 0.1**above)
        for trained in (0, 1, 2, 3):
            assert (LayerScales(trained, 1.0, 1.0).of(name, 2) > 0) == (above < trained)


def learn(model):
    """One step of SGD. RETURNS: how far each parameter went."""
    before = {name: weight.detach().clone() for name, weight in encoder_of(model).named_parameters()}
    rows, backprop = model.begin_update(docs())
    random = numpy.random.default_rng(0)
    backprop([random.normal(size=x.shape).astype("f") for x in rows])
    model.finish_update(SGD(0.01, grad_clip=0))
    return {name: (weight - before[name]).detach() for name, weight in encoder_of(model).named_parameters()}


def test_layers_learn_at_their_own_rates(bert):
    plain, slower = learn(initialized(bert)), learn(initialized(bert, lr_scale=0.5, layer_decay=0.1))
    for name, rate in [("embeddings.word_embeddings.weight", 0.005), ("encoder.layer.0.output.dense.weight", 0.05),
                       ("encoder.layer.1.output.dense.weight", 0.5)]:  # fmt: skip
        assert plain[name].abs().max() > 1e-4
        torch.testing.assert_close(slower[name], rate * plain[name], atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("trained", [0, 1, 2])
def test_frozen_layers_stay_as_they_are(bert, trained):
    model = initialized(bert, trained_layers=trained)
    for each in (model, build_char_transformer(trained_layers=trained).from_bytes(model.to_bytes())):
        moved = {name for name, way in learn(each).items() if way.abs().max() > 0}
        assert all(name.startswith(("encoder.layer.0.", "encoder.layer.1.")) for name in moved)
        assert {int(name.split(".")[2]) for name in moved} == set(range(2 - trained, 2))


def test_averages(bert):
    model = initialized(bert)
    optimizer = Adam(0.01, use_averages=True)
    for _ in range(3):
        rows, backprop = model.begin_update(docs())
        backprop([numpy.ones_like(x) * 0.1 for x in rows])
        model.finish_update(optimizer)
    now = model.predict(docs())
    with model.use_params(optimizer.averages):
        averaged = model.predict(docs())
        saved = model.to_bytes()
    assert not numpy.allclose(averaged[0], now[0])
    assert_same(model.predict(docs()), now, atol=0)
    assert_same(build_char_transformer().from_bytes(saved).predict(docs()), averaged, atol=0)


def test_dropout_is_that_of_the_encoder(bert):
    model = initialized(bert, transformer_config={"hidden_dropout_prob": 0.5})
    assert not numpy.allclose(model.begin_update(docs())[0][0], model.begin_update(docs())[0][0])
    assert_same(model.predict(docs()), model.predict(docs()), atol=0)
    assert_same(model.predict(docs()), initialized(bert).predict(docs()), atol=0)


@pytest.mark.parametrize("native", [False, True])
def test_mixed_precision_on_a_cpu(bert, monkeypatch, native):
    monkeypatch.setattr("spacy_cner.nn.precision.gains_by_bfloat16", lambda *_: native)
    exact, mixed = initialized(bert), initialized(bert, mixed_precision=True)
    expected = exact.predict(docs())
    assert_same(mixed.predict(docs()), expected)
    rows, backprop = mixed.begin_update(docs())
    assert all(row.dtype == numpy.float32 for row in rows)
    largest = max(abs(row - other).max() for row, other in zip(rows, expected) if len(row))
    assert 1e-4 < largest < 0.1 if native else largest < 1e-5
    backprop([numpy.ones_like(row) for row in rows])
    gradients = [weights.grad for weights in mixed.shims[0].encoder.parameters() if weights.grad is not None]
    assert gradients and all(gradient.dtype == torch.float32 for gradient in gradients)


def test_initialised_again_it_is_the_encoder_of_the_folder(bert):
    model = initialized(bert)
    before = model.predict(docs())
    saved = build_char_transformer(None).from_bytes(model.to_bytes())
    for each in (model, saved):
        each.begin_update(docs())[1]([numpy.ones((len(doc), WIDTH), "f") for doc in docs()])
        each.finish_update(SGD(0.1))
    learned = saved.predict(docs())
    for each in (model, saved):
        each.initialize(X=docs())
    assert_same(model.predict(docs()), before, atol=0)
    # Without a folder there is no other.
    assert_same(saved.predict(docs()), learned, atol=0)


# What is wrong


def test_no_encoder_there(tmp_path):
    with pytest.raises(InputError, match="the name of an encoder of Hugging Face, or a folder with one, got '.*none'"):
        initialized(str(tmp_path / "none"))
    with pytest.raises(InputError, match="expected the name or the folder of an encoder, as in --paths.encoder FOLDER"):
        initialized(None)
    with pytest.raises(ValueError, match="expected an initialised model"):
        build_char_transformer("any").predict(docs())


@pytest.mark.parametrize("settings", [{"window": 0}, {"trained_layers": -1}, {"lr_scale": -1.0}])
def test_settings_that_make_no_sense(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"expected {name}"):
        build_char_transformer("any", **settings)


def test_words_are_not_characters(model):
    with pytest.raises(InputError, match="expected a document of one character per token, got the token '青岛'"):
        model.predict([spacy.tokens.Doc(NLP.vocab, words=["青岛"])])


def test_packages_that_are_not_installed(monkeypatch):
    monkeypatch.delitem(sys.modules, "spacy_cner.models.huggingface")
    monkeypatch.setitem(sys.modules, "spacy_transformers.data_classes", None)
    with pytest.raises(InputError, match=r"pip install 'spacy_cner\[transformers\]'"):
        build_char_transformer("any")
