from itertools import product

import numpy
import pytest
import spacy
import torch
from conftest import make_examples, small_model, train
from spacy.ml.models import build_Tok2Vec_model
from spacy.util import registry
from thinc.api import SGD, concatenate, fix_random_seed

from spacy_cner.decoding.tag_scores import pad_scores
from spacy_cner.errors import InputError
from spacy_cner.models.embed import build_char_ngram_embed
from spacy_cner.models.encoders import build_bilstm
from spacy_cner.models.tagger import build_crf_tagger, crf_loss, crf_of, crf_parameters, set_labels
from spacy_cner.models.torch_layers import sized_shim
from spacy_cner.text.char_view import ENDED, UNKNOWN
from spacy_cner.text.tags import tag_list

NLP = spacy.blank("zh")
DOCS = [NLP.make_doc(text) for text in ("王海来", "林", "青岛很远")]
# Of bioes: O B I E S, and what is not known.
GOLD = [numpy.array(tags) for tags in ([1, 3, 0], [4], [0, -1, -1, 0])]


def tagger(labels=("PER",), **settings):
    fix_random_seed(0)
    model = registry.resolve({"model": small_model(**settings)})["model"]
    if labels:
        set_labels(model, labels)
        model.initialize(X=DOCS)
    return model


@pytest.mark.parametrize("scheme, tags_of_label", [("bio", 2), ("bioes", 4), ("bmes", 4), ("bilou", 4)])
def test_emissions(scheme, tags_of_label):
    model = tagger(["PER", "LOC"], tag_scheme=scheme)
    rows = model.predict(DOCS)
    assert [x.shape for x in rows] == [(len(doc), 1 + 2 * tags_of_label) for doc in DOCS]
    assert crf_of(model).num_tags == 1 + 2 * tags_of_label
    assert sized_shim(model.get_ref("crf")).cfg["tags"] == tag_list(["PER", "LOC"], scheme)


def test_without_an_encoder_of_its_own():
    model = tagger(encoder=None)
    assert model.get_ref("head") is model.get_ref("output")
    assert [len(x) for x in model.predict(DOCS)] == [3, 1, 4]


def test_unknown_scheme():
    with pytest.raises(InputError, match="expected a tag scheme out of bio, .*, got 'iob9'"):
        tagger(tag_scheme="iob9")


def test_the_crf_is_no_layer_to_call():
    model = tagger()
    with pytest.raises(NotImplementedError, match="crf_of and crf_loss"):
        model.get_ref("crf").predict([])


def test_crf_before_there_are_labels():
    with pytest.raises(ValueError, match="neither initialised nor loaded"):
        crf_of(tagger(labels=()))


def test_the_crf_has_the_constraints_of_the_scheme():
    model = tagger()
    emissions = numpy.zeros((1, 2, 5))
    emissions[0, :, 1] = 9.0  # B B is what it would like best, were it legal
    path, _ = crf_parameters(model).decode(emissions, numpy.array([2]))
    assert path.tolist()[0] == [1, 3]


def test_loss_is_that_of_the_crf_summed_over_sequences():
    model = tagger()
    emissions = model.predict(DOCS)
    loss, gradients = crf_loss(model, emissions, GOLD)
    crf = crf_of(model)
    alone = 0.0
    for scores, tags in zip(emissions, GOLD):
        one = torch.from_numpy(scores)[None], torch.from_numpy(tags)[None], torch.tensor([len(tags)])
        alone += float(crf.nll(*one).detach())
    assert loss == pytest.approx(alone, rel=1e-5)
    assert [x.shape for x in gradients] == [x.shape for x in emissions]


def test_gradient_of_the_loss():
    model = tagger()
    emissions = [x.copy() for x in model.predict(DOCS)]
    _, gradients = crf_loss(model, emissions, GOLD)
    step = 1e-2
    for i, t, tag in [(0, 0, 1), (0, 2, 0), (1, 0, 4), (2, 1, 2), (2, 3, 1)]:
        losses = []
        for sign in (1, -1):
            changed = [x.copy() for x in emissions]
            changed[i][t, tag] += sign * step
            losses.append(crf_loss(model, changed, GOLD)[0])
        assert gradients[i][t, tag] == pytest.approx((losses[0] - losses[1]) / (2 * step), abs=2e-3)


def test_scale_is_of_the_gradients_only():
    model, scaled = tagger(), tagger()
    emissions = model.predict(DOCS)
    loss, gradients = crf_loss(model, emissions, GOLD)
    same, quarter = crf_loss(scaled, emissions, GOLD, 0.25)
    assert same == pytest.approx(loss)
    for x, y in zip(gradients, quarter):
        numpy.testing.assert_allclose(0.25 * x, y, atol=1e-6)
    whole, part = (crf_of(each).transitions.grad for each in (model, scaled))
    torch.testing.assert_close(0.25 * whole, part)


def test_nothing_known_is_no_loss():
    model = tagger()
    loss, gradients = crf_loss(model, model.predict(DOCS), [numpy.full(len(doc), -1) for doc in DOCS])
    assert loss == pytest.approx(0.0, abs=1e-5)
    assert all(numpy.abs(x).max() < 1e-6 for x in gradients)


@pytest.mark.parametrize("build", ["CrfTagger", "SoftmaxTagger"])
def test_the_tag_behind_a_known_entity_does_not_continue_it(build):
    model = tagger(["PER", "LOC"], **{"@architectures": f"spacy_cner.{build}.v1", "tag_scheme": "bio"})
    emissions = model.predict(DOCS[:1])
    for tags in ([1, ENDED, 0], [1, ENDED, UNKNOWN], [ENDED, 1, ENDED]):
        losses = [crf_loss(model, emissions, [numpy.array(path)])[0] for path in without_inner(tags)]
        together = crf_loss(model, emissions, [numpy.array(tags)])[0]
        assert numpy.exp(-together) == pytest.approx(numpy.exp(-numpy.array(losses)).sum(), rel=1e-4)


def without_inner(tags):
    """All ways to make the tags known that are ENDED: as O, B-PER or B-LOC."""
    return product(*([0, 1, 3] if tag == ENDED else [tag] for tag in tags))


def test_learns_every_part():
    model = tagger()
    crf, output = crf_of(model), sized_shim(model.get_ref("output")).require_built()
    before = [p.detach().clone() for p in [*crf.parameters(), *output.parameters()]]
    losses = []
    for _ in range(30):
        emissions, backprop = model.begin_update(DOCS)
        loss, gradients = crf_loss(model, emissions, GOLD)
        losses.append(loss)
        backprop(gradients)
        model.finish_update(SGD(0.1, grad_clip=0))
    assert losses[-1] < 0.5 * losses[0]
    after = [*crf_of(model).parameters(), *sized_shim(model.get_ref("output")).require_built().parameters()]
    assert not any(torch.equal(p, q) for p, q in zip(before, after))


def test_more_labels_keep_the_scores_of_those_before():
    model = tagger(["PER"])
    emissions, transitions = model.predict(DOCS), crf_of(model).transitions.detach().clone()
    assert set_labels(model, ["PER", "LOC"]) == tag_list(["PER", "LOC"], "bioes")
    for before, after in zip(emissions, model.predict(DOCS)):
        assert after.shape[1] == 9
        numpy.testing.assert_allclose(after[:, :5], before, atol=1e-6)
    assert torch.equal(crf_of(model).transitions[:5, :5], transitions)
    other = tagger(labels=()).from_bytes(model.to_bytes())
    for x, y in zip(other.predict(DOCS), model.predict(DOCS)):
        numpy.testing.assert_array_equal(x, y)


# Each tag by itself


def softmax_tagger(labels=("PER",), **settings):
    return tagger(labels, **{"@architectures": "spacy_cner.SoftmaxTagger.v1", **settings})


def test_softmax_loss_is_the_cross_entropy_of_each_tag():
    model = softmax_tagger()
    emissions = model.predict(DOCS)
    loss, gradients = crf_loss(model, emissions, GOLD, 0.5)
    logits = [torch.from_numpy(x).requires_grad_() for x in emissions]
    total = sum(
        torch.nn.functional.cross_entropy(x, torch.from_numpy(tags), ignore_index=-1, reduction="sum")
        for x, tags in zip(logits, GOLD)
    )
    (0.5 * total).backward()
    assert loss == pytest.approx(float(total.detach()), rel=1e-5)
    for found, x in zip(gradients, logits):
        numpy.testing.assert_allclose(found, x.grad.numpy(), atol=1e-5)


def test_softmax_decodes_the_best_tag_of_each_character():
    model = softmax_tagger(["PER", "LOC"])
    emissions, lengths = numpy.random.default_rng(0).standard_normal((3, 7, 9)), numpy.array([7, 4, 1])
    paths, _ = crf_parameters(model).decode(emissions, lengths)
    for path, scores, length in zip(paths, emissions, lengths):
        assert path[:length].tolist() == scores[:length].argmax(1).tolist()


def test_softmax_never_learns_transitions():
    model = softmax_tagger()
    output = sized_shim(model.get_ref("output")).require_built()
    before = [p.detach().clone() for p in output.parameters()]
    losses = []
    for _ in range(30):
        emissions, backprop = model.begin_update(DOCS)
        loss, gradients = crf_loss(model, emissions, GOLD)
        losses.append(loss)
        backprop(gradients)
        model.finish_update(SGD(0.1, grad_clip=0))
    assert losses[-1] < losses[0]
    assert not any(torch.equal(p, q) for p, q in zip(before, output.parameters()))
    _assert_no_transitions(model)


def _assert_no_transitions(model):
    weights = list(crf_of(model).parameters())
    assert weights
    assert not any(p.any() or p.requires_grad for p in weights)


def test_softmax_saved_loaded_and_with_more_labels():
    model = softmax_tagger()
    other = softmax_tagger(labels=()).from_bytes(model.to_bytes())
    for x, y in zip(other.predict(DOCS), model.predict(DOCS), strict=True):
        numpy.testing.assert_array_equal(x, y)
    _assert_no_transitions(other)
    set_labels(other, ["PER", "LOC"])
    assert crf_of(other).num_tags == 9
    _assert_no_transitions(other)


def test_softmax_repairs_illegal_sequences(monkeypatch):
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cner", config={"model": small_model(**{"@architectures": "spacy_cner.SoftmaxTagger.v1"})})
    pipe.add_label("PER")
    nlp.initialize()
    tags = {tag: i for i, tag in enumerate(pipe.tags)}
    # A span that nothing ends, one that nothing begins, and one that does both.
    wanted = ["B-PER", "I-PER", "O", "I-PER", "E-PER", "S-PER", "E-PER"]
    scores = numpy.full((len(wanted), len(tags)), -1.0, dtype="f")
    scores[range(len(wanted)), [tags[tag] for tag in wanted]] = 4.0
    monkeypatch.setattr("spacy_cner.pipeline.network_tagging.pad_scores", lambda _: pad_scores([scores]))
    entities = pipe.predict([nlp.make_doc("甲乙丙丁戊己庚")])[0]
    assert [entity[:3] for entity in entities] == [(0, 2, "PER"), (3, 5, "PER"), (5, 6, "PER"), (6, 7, "PER")]
    # Each tag has the same probability, and S-PER nothing that could go on.
    each = numpy.exp(4.0) / (numpy.exp(4.0) + 4 * numpy.exp(-1.0))
    assert entities[2].score == pytest.approx(each, abs=1e-4)
    goes_on = 2 * (1 - each) / 4  # an I or E behind B I, where O is the most probable
    assert entities[0].score == pytest.approx(each**2 * (1 - goes_on), abs=1e-4)
    assert [ent.text for ent in nlp("甲乙丙丁戊己庚").ents] == ["甲乙", "丁戊", "己", "庚"]


def test_softmax_overfits():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model(**{"@architectures": "spacy_cner.SoftmaxTagger.v1"})})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    assert nlp.evaluate(examples)["ents_f"] == 1.0
    _assert_no_transitions(nlp.get_pipe("cner").model)


def test_tags_of_words_have_no_outside():
    model = tagger(labels=(), tag_scheme="bmes")
    assert set_labels(model, ["W"], outside=False) == ["B-W", "M-W", "E-W", "S-W"]
    model.initialize(X=DOCS)
    assert [x.shape[1] for x in model.predict(DOCS)] == [4, 4, 4]


def test_what_was_pretrained_is_found_beside_other_features():
    inner = build_Tok2Vec_model(build_char_ngram_embed([4], [20]), build_bilstm(6))
    beside = concatenate(inner, build_char_ngram_embed([4], [20]))
    assert build_crf_tagger(beside).get_ref("pretrained") is inner
    assert build_crf_tagger(inner).get_ref("pretrained") is inner
    alone = build_char_ngram_embed([4], [20])
    assert build_crf_tagger(alone).get_ref("pretrained") is alone
