"""`cws` and `cner` on shared features: what each of them teaches the shared layers, and the pipeline without `cws`."""

import numpy
import pytest
import spacy
from conftest import (
    SEGMENTED,
    SENTENCES,
    blank_joint,
    entities,
    gradients,
    joint_examples,
    make_examples,
    small_model,
    step,
    train,
    word_examples,
    words,
)
from spacy.training import Example
from thinc.api import SGD

from spacy_cner.cli.package import keep_only
from spacy_cner.errors import InputError
from spacy_cner.models.torch_layers import sized_shim
from spacy_cner.training.mixed import CORPUS_KEY

TEXTS = [text for text, _ in SENTENCES]
GOLD_ENTITIES = [ents for _, ents in SENTENCES]
GOLD_WORDS = [sentence.split() for sentence in SEGMENTED]


@pytest.fixture(scope="module")
def started():
    """Initialised, with gradients of some size everywhere. Not to be changed by a test."""
    spacy.util.fix_random_seed(0)
    nlp = blank_joint()
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=2, rate=0.005)
    return nlp


def copy_of(nlp, *, cws=1.0, cner=1.0):
    copy = blank_joint().from_bytes(nlp.to_bytes())
    copy.get_pipe("cws").loss_weight, copy.get_pipe("cner").loss_weight = cws, cner
    return copy


def after_update(started, examples, component="tok2vec", **weights):
    """The gradients of a component after one update that keeps them."""
    nlp = copy_of(started, **weights)
    nlp.update(examples, sgd=False, drop=0.0)
    return gradients(nlp, component)


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    assert size(expected) > 0.001
    for key in expected:
        numpy.testing.assert_allclose(found[key], expected[key], rtol=1e-4, atol=1e-6, err_msg=str(key))


def size(gradients):
    return max((numpy.abs(gradient).max() for gradient in gradients.values()), default=0.0)


def scaled(factor, gradients):
    return {key: factor * gradient for key, gradient in gradients.items()}


# Training


def test_overfits_both(trained_joint):
    docs = list(trained_joint.pipe(TEXTS))
    assert [entities(doc) for doc in docs] == GOLD_ENTITIES
    assert [words(doc) for doc in docs] == GOLD_WORDS
    scores = trained_joint.evaluate(joint_examples(trained_joint))
    assert (scores["ents_f"], scores["words_f"]) == (1.0, 1.0)


def test_saved_and_loaded(trained_joint, tmp_path):
    trained_joint.to_disk(tmp_path)
    for nlp in (spacy.load(tmp_path), blank_joint().from_bytes(trained_joint.to_bytes())):
        docs = list(nlp.pipe(TEXTS))
        assert [entities(doc) for doc in docs] == GOLD_ENTITIES
        assert [words(doc) for doc in docs] == GOLD_WORDS


def test_learns_from_corpora_of_one_annotation_each():
    nlp = blank_joint()
    examples = [*make_examples(nlp)[:3], *word_examples(nlp)[3:]]
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=40)
    assert [entities(nlp(text)) for text in TEXTS[:3]] == GOLD_ENTITIES[:3]
    assert [words(nlp(text)) for text in TEXTS[3:]] == GOLD_WORDS[3:]


@pytest.mark.parametrize("make, learns, rests", [(make_examples, "cner", "cws"), (word_examples, "cws", "cner")])
def test_one_annotation_trains_only_its_component(started, make, learns, rests):
    nlp = copy_of(started)
    before = {name: pipe.model.to_bytes() for name, pipe in nlp.pipeline}
    losses = step(nlp, make(nlp), SGD(0.1, L2=0.0, grad_clip=0.0))
    assert losses[learns] > 0 == losses[rests]
    changed = {name for name, pipe in nlp.pipeline if pipe.model.to_bytes() != before[name]}
    assert changed == {learns, "tok2vec"}


@pytest.mark.parametrize("weights, make", [({"cws": 0.0}, make_examples), ({"cner": 0.0}, word_examples)])
def test_without_weight_the_shared_layers_learn_nothing_of_it(started, weights, make):
    found = after_update(started, joint_examples(started), **weights)
    assert_equal(found, after_update(started, make(started)))


def test_weights_of_the_losses(started):
    examples = joint_examples(started)
    of_cws = after_update(started, examples, cws=1.0, cner=0.0)
    of_cner = after_update(started, examples, cws=0.0, cner=1.0)
    both = after_update(started, examples, cws=0.4, cner=0.6)
    assert_equal(both, {key: 0.4 * of_cws[key] + 0.6 * of_cner[key] for key in of_cws})
    for name in ("cws", "cner"):
        whole = after_update(started, examples, name)
        assert_equal(after_update(started, examples, name, cws=0.4, cner=0.4), scaled(0.4, whole))


def test_the_loss_that_is_shown_has_no_weight(started):
    examples = joint_examples(started)
    losses = [copy_of(started, cner=weight).update(examples, sgd=False, losses={})["cner"] for weight in (1.0, 0.1)]
    assert losses[0] == pytest.approx(losses[1])


def test_unknown_documents_add_nothing_to_the_encoder_of_the_other(started):
    known, unknown = make_examples(started)[:2], word_examples(started)[2:]
    mixed = [unknown[0], known[0], *unknown[1:], known[1]]
    assert_equal(after_update(started, mixed, "cner"), after_update(started, known, "cner"))
    # Nor to what the shared layers learn of entities.
    assert_equal(after_update(started, mixed, cws=0.0), after_update(started, known))
    only_words = after_update(started, unknown, "cner")
    assert size(only_words) == 0.0


def test_documents_of_no_annotation_at_all(started):
    examples = [Example(started.make_doc(text), started.make_doc(text)) for text in ("没有标注。", "", " ")]
    nlp = copy_of(started)
    losses = nlp.update(examples, sgd=False, losses={})
    assert (losses["cws"], losses["cner"]) == (0.0, 0.0)
    assert size(gradients(nlp, "tok2vec")) == 0.0
    assert step(nlp, [examples[1]], SGD(0.1))["cner"] == 0.0


def test_empty_documents_among_others(started):
    examples = joint_examples(started)
    empty = Example(started.make_doc(""), started.make_doc(""))
    found = after_update(started, [empty, *examples[:3], empty, *examples[3:]])
    assert_equal(found, after_update(started, examples))
    assert size(found) > 0.01


def test_both_in_a_pipeline_without_shared_features(started):
    nlp = spacy.blank("zh")
    for name in ("cws", "cner"):
        nlp.add_pipe(name, config={"model": small_model(encoder=None)})
    examples = [*make_examples(nlp)[:3], *word_examples(nlp)[3:]]
    nlp.initialize(lambda: examples)
    assert all(loss > 0 for loss in nlp.update(examples, losses={}).values())


# Two annotations of one kind


def blank_twin(*, components=("cner", "twin")):
    """Two recognisers on shared features, each with a corpus of its own, of the same name."""
    model, nlp = small_model(), spacy.blank("zh")
    nlp.add_pipe("tok2vec", config={"model": model["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    for name in components:
        config = {"model": {**model, "tok2vec": listener}, "corpora": [name], "overwrite": True}
        nlp.add_pipe("cner", name=name, config=config)
    return nlp


def twin_examples(nlp):
    """The sentences of SENTENCES twice: as they are, and with other labels and the last one's entities left out."""
    others = [(text, [(*span, f"X{label}") for *span, label in found]) for text, found in SENTENCES]
    others[-1] = (others[-1][0], [])
    examples = []
    for corpus, sentences in (("cner", SENTENCES), ("twin", others)):
        for example in make_examples(nlp, sentences):
            example.reference.user_data[CORPUS_KEY] = corpus
            examples.append(example)
    return examples, others


def test_each_learns_from_its_corpora_alone():
    nlp = blank_twin()
    examples, others = twin_examples(nlp)
    nlp.initialize(lambda: examples)
    labels = {name: set(nlp.get_pipe(name).labels) for name in ("cner", "twin")}
    assert labels["cner"] == {label for _, ents in SENTENCES for *_, label in ents}
    assert labels["twin"] == {label for _, ents in others for *_, label in ents}
    losses = nlp.update([example for example in examples if example.reference.user_data[CORPUS_KEY] == "twin"])
    assert losses["cner"] == 0 < losses["twin"]
    train(nlp, examples, steps=40)
    for name, sentences in (("twin", others), ("cner", SENTENCES)):
        with nlp.select_pipes(enable=["tok2vec", name]):
            assert [entities(doc) for doc in nlp.pipe(TEXTS)] == [ents for _, ents in sentences]
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == [ents for _, ents in others], "the last one overwrites"


def test_segmenters_of_one_corpus_each():
    nlp = blank_joint(cws={"corpora": ["甲"]})
    examples = [*joint_examples(nlp), *joint_examples(nlp)]
    for i, example in enumerate(examples):
        example.reference.user_data[CORPUS_KEY] = "甲" if i < len(SEGMENTED) else "乙"
    nlp.initialize(lambda: examples)
    assert nlp.update(examples[len(SEGMENTED) :], losses={})["cws"] == 0.0
    assert nlp.update(examples[: len(SEGMENTED)], losses={})["cws"] > 0.0


@pytest.mark.parametrize("name", ["cner", "cws"])
def test_no_example_of_its_corpora(name):
    nlp = blank_joint(**{name: {"corpora": ["甲", "乙"]}})
    with pytest.raises(InputError, match=f"corpora 甲, 乙 .* for the component '{name}', got none but of None"):
        nlp.initialize(lambda: joint_examples(nlp))


def test_without_the_features_that_a_component_listens_to(trained_joint, tmp_path):
    trained_joint.to_disk(tmp_path)
    other = spacy.blank("zh")
    other.add_pipe("cner", source=copy_of(trained_joint))
    late = spacy.load(tmp_path, config={"nlp": {"pipeline": ["cner", "tok2vec"]}}, exclude=["cws"])
    cleaned = spacy.load(tmp_path)
    cleaned.add_pipe("doc_cleaner", config={"attrs": {"tensor": None}}, after="tok2vec")
    without = [spacy.load(tmp_path, exclude=["tok2vec"]), spacy.load(tmp_path, disable=["tok2vec"])]
    for nlp in (other, late, cleaned, *without):
        assert [len(doc) for doc in nlp.pipe(["", ""])] == [0, 0]
        with pytest.raises(InputError, match=f"expected the features of a `tok2vec` .* got none for '{TEXTS[0]}'"):
            nlp(TEXTS[0])


# Words as tokens


def test_words_as_tokens_before_a_component_that_needs_characters(trained_joint):
    nlp = copy_of(trained_joint)
    nlp.get_pipe("cws").retokenize = True
    with pytest.raises(InputError, match="one character per token for the component 'cner', .* got words in '林小燕昨"):
        nlp(TEXTS[0])


def test_words_as_tokens_after_the_entities(trained_joint, tmp_path):
    trained_joint.to_disk(tmp_path)
    settings = {"components": {"cws": {"retokenize": True}}, "nlp": {"pipeline": ["tok2vec", "cner", "cws"]}}
    nlp = spacy.load(tmp_path, config=settings)
    for doc, before in zip(nlp.pipe(TEXTS), trained_joint.pipe(TEXTS), strict=True):
        assert entities(doc) == entities(before)
        assert [ent._.score for ent in doc.ents] == pytest.approx([ent._.score for ent in before.ents], abs=1e-5)
        assert words(doc) == [token.text for token in doc]


def test_words_as_tokens_before_a_component_of_its_own_features(trained_joint):
    nlp = keep_only(copy_of(trained_joint), ["cws", "cner"])
    nlp.get_pipe("cws").retokenize = True
    docs = list(nlp.pipe(TEXTS))
    assert [[token.text for token in doc] for doc in docs] == GOLD_WORDS
    assert [entities(doc) for doc in docs] == GOLD_ENTITIES


# The pipeline without what only helped to train it


@pytest.mark.parametrize("kept, left", [(["cner"], ["cner"]), (["cws"], ["cws"]), (["cner", "cws"], ["cws", "cner"])])
def test_keep_only(trained_joint, tmp_path, kept, left):
    nlp = keep_only(copy_of(trained_joint), kept)
    nlp.to_disk(tmp_path)
    for each in (nlp, spacy.load(tmp_path)):
        assert each.pipe_names == each.component_names == left
        assert not any(pipe.listens for _, pipe in each.pipeline)
        docs = list(each.pipe(TEXTS))
        if "cner" in kept:
            assert [entities(doc) for doc in docs] == GOLD_ENTITIES
            before = [ent._.score for doc in trained_joint.pipe(TEXTS) for ent in doc.ents]
            assert [ent._.score for doc in docs for ent in doc.ents] == pytest.approx(before, abs=1e-5)
        assert [words(doc) if "words" in doc.spans else None for doc in docs] == (
            GOLD_WORDS if "cws" in kept else [None] * len(docs)
        )


def test_keep_only_with_the_shared_features(trained_joint):
    nlp = keep_only(copy_of(trained_joint), ["tok2vec", "cner"])
    assert nlp.pipe_names == ["tok2vec", "cner"]
    assert nlp.get_pipe("cner").listens
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == GOLD_ENTITIES


def test_keep_only_drops_what_is_disabled(trained_joint):
    nlp = copy_of(trained_joint)
    nlp.disable_pipe("cws")
    assert keep_only(nlp, ["cner"]).component_names == ["cner"]
    assert entities(nlp(TEXTS[0])) == GOLD_ENTITIES[0]


def test_keep_only_what_is_not_there(trained_joint):
    nlp = copy_of(trained_joint)
    with pytest.raises(InputError, match="expected a component out of tok2vec, cws, cner, got 'ner'"):
        keep_only(nlp, ["cner", "ner"])
    assert nlp.pipe_names == ["tok2vec", "cws", "cner"]


def test_what_was_kept_can_learn_more(trained_joint):
    nlp = keep_only(copy_of(trained_joint), ["cner"])
    more = make_examples(nlp, [*SENTENCES, ("他从青岛来。", [(2, 4, "LOC")])])
    before = sized_shim(nlp.get_pipe("cner").model.get_ref("output")).to_bytes()
    assert train(nlp, more, steps=10) < 1.0
    assert sized_shim(nlp.get_pipe("cner").model.get_ref("output")).to_bytes() != before
