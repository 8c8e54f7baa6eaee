"""Pipelines over BERT: trained, saved, windowed, shared."""

import numpy
import pytest
import spacy
import torch
from conftest import SENTENCES, entities, joint_examples, make_examples, train, words

pytest.importorskip("spacy_transformers")

from spacy_cner.models.attention import attention_module, classification_attention_of  # noqa: E402

ENCODERS = {
    "none": None,
    "bert layer": {"@architectures": "spacy_cner.BertLayer.v1", "heads": 2, "dropout": 0.0},
    "attention": {"@architectures": "spacy_cner.ClassificationAttention.v1", "heads": 2, "dropout": 0.0},
}
TEXTS = [text for text, _ in SENTENCES]
GOLD = [ents for _, ents in SENTENCES]


def model_of(bert, encoder="none", **transformer):
    tok2vec = {"@architectures": "spacy_cner.CharTransformer.v1", "name": bert, **transformer}
    return {
        "@architectures": "spacy_cner.CrfTagger.v1", "tag_scheme": "bmes", "tok2vec": tok2vec,
        "encoder": ENCODERS[encoder],
    }  # fmt: skip


def blank(bert, encoder="none", window=256, **transformer):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": model_of(bert, encoder, **transformer), "window": window})
    return nlp


def initialized(nlp, examples=None):
    spacy.util.fix_random_seed(0)
    examples = examples or make_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp


@pytest.mark.parametrize("encoder", ENCODERS)
def test_overfits_to_100_f1_and_loads_without_the_encoder_it_came_from(bert, encoder, tmp_path):
    nlp = initialized(blank(bert, encoder))
    train(nlp, make_examples(nlp), steps=40, rate=0.003)
    assert nlp.evaluate(make_examples(nlp))["ents_f"] == 1.0
    nlp.config["components"]["cner"]["model"]["tok2vec"]["name"] = None
    nlp.to_disk(tmp_path)
    for other in (spacy.load(tmp_path), blank("/nowhere", encoder).from_bytes(nlp.to_bytes())):
        assert [entities(doc) for doc in other.pipe(TEXTS)] == GOLD
        for doc, before in zip(other.pipe(TEXTS), nlp.pipe(TEXTS)):
            assert [ent._.score for ent in doc.ents] == pytest.approx([ent._.score for ent in before.ents], abs=1e-5)


def test_classes_are_made_of_the_last_hidden_layer(bert):
    nlp = initialized(blank(bert, "attention"))
    pipe = nlp.get_pipe("cner")
    layer = classification_attention_of(pipe.model)
    assert layer.attrs["counts"] == {"LOC": 3, "ORG": 2, "PER": 4}
    tok2vec = pipe.model.get_ref("tok2vec")
    rows = numpy.array([
        tok2vec.predict([nlp.make_doc(text)])[0][start:end].mean(0)
        for text, gold in SENTENCES for start, end, label in gold if label == "PER"
    ])  # fmt: skip
    first = numpy.linalg.svd(rows.T)[0][:, :1]
    expected = (rows.T - 0.5 * first @ first.T @ rows.T).mean(1)
    numpy.testing.assert_allclose(attention_module(layer).class_embeddings[2].numpy(), expected, atol=1e-5)


def test_windows_are_merged_exactly(bert):
    nlp = initialized(blank(bert, "attention", window=13))
    train(nlp, make_examples(nlp), steps=40, rate=0.003)
    # Each sentence is a window.
    doc = nlp("".join(TEXTS))
    expected, at = [], 0
    for text in TEXTS:
        alone = nlp(text)
        expected += [(at + ent.start_char, at + ent.end_char, ent.label_, ent._.score) for ent in alone.ents]
        at += len(text)
    found = [(ent.start_char, ent.end_char, ent.label_, ent._.score) for ent in doc.ents]
    assert [each[:3] for each in found] == [each[:3] for each in expected]
    assert [each[3] for each in found] == pytest.approx([each[3] for each in expected], abs=1e-5)


def test_any_text(bert):
    nlp = initialized(blank(bert, "attention"))
    for text in ("", " ", "iPhone 15 Pro\t😀👨‍👩‍👧 20℃\n\n林小燕", "海" * 700):
        assert nlp(text).text == text
    with_words = spacy.tokens.Doc(nlp.vocab, words=["林小燕", "昨天", "去", "了", "Apple", "。"])
    assert nlp.get_pipe("cner")(with_words).has_annotation("ENT_IOB")


def test_shared_by_two_components(bert):
    nlp = spacy.blank("zh")
    nlp.add_pipe("tok2vec", config={"model": model_of(bert)["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    for name, encoder in (("cws", "none"), ("cner", "attention")):
        nlp.add_pipe(name, config={"model": {**model_of(bert, encoder), "tok2vec": listener}})
    initialized(nlp, joint_examples(nlp))
    train(nlp, joint_examples(nlp), steps=60, rate=0.003)
    doc = nlp(TEXTS[0])
    assert entities(doc) == GOLD[0]
    assert words(doc) == ["林小燕", "昨天", "去", "了", "青岛", "。"]


def gradients(nlp):
    encoder = nlp.get_pipe("cner").model.get_ref("tok2vec").shims[0].encoder
    return {name: weight.grad.clone() for name, weight in encoder.named_parameters() if weight.grad is not None}


def test_gradients_of_parts_of_a_batch_add_up(bert):
    nlp = initialized(blank(bert))
    examples = make_examples(nlp)
    nlp.update(examples, sgd=False)
    whole = gradients(nlp)
    nlp.get_pipe("cner").finish_update(lambda key, weights, gradient, lr_scale=1.0: (weights, gradient))
    for part in (examples[:3], examples[3:]):
        nlp.update(part, sgd=False)
    assert len(whole) > 30
    for name, gradient in gradients(nlp).items():
        # Each part gives the mean over its half of the sentences.
        torch.testing.assert_close(gradient, 2 * whole[name], atol=1e-3, rtol=1e-2)


def test_in_other_processes(bert):
    nlp = initialized(blank(bert))
    train(nlp, make_examples(nlp), steps=40, rate=0.003)
    assert [entities(doc) for doc in nlp.pipe(TEXTS, n_process=2, batch_size=2)] == GOLD


def test_over_spacy_s_own_transformer_component(bert):
    nlp = spacy.blank("zh")
    spans = {"@span_getters": "spacy-transformers.doc_spans.v1"}
    architecture = "spacy-transformers.TransformerModel.v3"
    nlp.add_pipe("transformer", config={"model": {"@architectures": architecture, "name": bert, "get_spans": spans}})
    listener = {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
        "upstream": "transformer",
    }
    nlp.add_pipe("cner", config={"model": {**model_of(bert, "attention"), "tok2vec": listener}})
    initialized(nlp)
    assert attention_module(classification_attention_of(nlp.get_pipe("cner").model)).class_embeddings.shape == (3, 32)
    train(nlp, make_examples(nlp), steps=40, rate=0.003)
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == GOLD
