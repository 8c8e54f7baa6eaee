"""`task_discriminator` in a pipeline of shared and private encoders: what it learns, and what it teaches the others."""

import numpy
import pytest
import spacy
from conftest import (
    SEGMENTED,
    SENTENCES,
    blank_adversarial,
    entities,
    gradients,
    make_examples,
    small_model,
    step,
    train,
    word_examples,
    words,
)
from spacy.training import Example
from thinc.api import SGD, Adam

from spacy_cner.cli.package import keep_only, useful_components
from spacy_cner.errors import InputError
from spacy_cner.pipeline.task_discriminator import task_loss
from spacy_cner.plots.attention import attention_maps
from spacy_cner.training.mixed import CORPUS_KEY

TEXTS = [text for text, _ in SENTENCES]


def tasks(nlp, others=("cws",)):
    """Examples of entities, and of words from each of `others`."""
    named = {"ner": make_examples(nlp), **{name: word_examples(nlp) for name in others}}
    for name, examples in named.items():
        for example in examples:
            example.reference.user_data[CORPUS_KEY] = name
    return [example for examples in named.values() for example in examples]


@pytest.fixture(scope="module")
def started():
    """Initialised, and a little trained. Not to be changed by a test."""
    spacy.util.fix_random_seed(0)
    nlp = blank_adversarial()
    examples = tasks(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=2, rate=0.005)
    return nlp


@pytest.fixture(scope="module")
def trained(started):
    nlp = copy_of(started)
    train(nlp, tasks(nlp), steps=80, rate=0.02)
    return nlp


def copy_of(nlp, **discriminator):
    return blank_adversarial(**discriminator).from_bytes(nlp.to_bytes())


def with_scale(nlp, scale, weight=1.0):
    nlp = copy_of(nlp, loss_weight=weight)
    for node in nlp.get_pipe("task_discriminator").model.walk():
        if node.name == "gradient_reversal":
            node.attrs["scale"] = scale
    return nlp


def after_update(nlp, examples, component):
    nlp.update(examples, sgd=False, drop=0.0)
    return gradients(nlp, component)


def test_entities_and_words_are_learned_beside_it(trained):
    docs = list(trained.pipe(TEXTS))
    assert [entities(doc) for doc in docs] == [ents for _, ents in SENTENCES]
    assert [words(doc) for doc in docs] == [sentence.split() for sentence in SEGMENTED]


def test_the_shared_layers_get_its_gradient_with_the_sign_turned(started):
    """What reversal passes back is linear in its scale; without it, the tasks' own gradient is left."""
    found = {scale: after_update(with_scale(started, scale), tasks(started), "tok2vec") for scale in (1.0, 0.0, -1.0)}
    adversary = {key: found[1.0][key] - found[0.0][key] for key in found[0.0]}
    assert max(numpy.abs(gradient).max() for gradient in adversary.values()) > 1e-4
    for key, gradient in adversary.items():
        numpy.testing.assert_allclose(gradient, found[0.0][key] - found[-1.0][key], rtol=1e-3, atol=1e-6)


@pytest.fixture(scope="module")
def telling(trained):
    """A discriminator that has learned to tell texts of their own of two tasks apart, and these."""
    half = len(SENTENCES) // 2
    # The same texts for both tasks could not be told apart.
    examples = tasks(trained)[:half] + tasks(trained)[-half:]
    nlp = with_scale(trained, 0.0)
    optimizer = Adam(0.3, L2=0.0)
    for _ in range(100):
        loss = nlp.update(examples, sgd=False, drop=0.0, losses={})["task_discriminator"]
        nlp.get_pipe("task_discriminator").model.get_ref("head").finish_update(optimizer)
        nlp.get_pipe("tok2vec").model.finish_update(Adam(0.0, L2=0.0))
    assert loss < 0.5 * numpy.log(2) * len(examples)
    return nlp, examples


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_reversal_makes_tasks_harder_to_tell_apart(telling, scale):
    """Without it (the sign is turned once more), the shared layers help the discriminator."""
    nlp, examples = with_scale(telling[0], scale, weight=100.0), telling[1]
    losses = [nlp.update(examples, sgd=False, drop=0.0, losses={})["task_discriminator"]]
    nlp.get_pipe("tok2vec").model.finish_update(SGD(1e-3, grad_clip=0.0))
    losses.append(nlp.update(examples, sgd=False, drop=0.0, losses={})["task_discriminator"])
    assert (losses[1] - losses[0]) * scale > 0


def test_the_shared_layers_get_no_gradient_for_texts_that_are_taken_for_another_tasks(telling):
    nlp, examples = with_scale(telling[0], 0.0), telling[1]
    output = nlp.get_pipe("task_discriminator").model.get_ref("output")
    for sign, has_gradient in ((1, True), (-1, False)):
        for name in ("W", "b"):
            output.set_param(name, sign * output.get_param(name))
        found = [after_update(with_scale(nlp, scale), examples, "tok2vec") for scale in (1.0, 0.0)]
        differ = max(numpy.abs(found[0][key] - found[1][key]).max() for key in found[0])
        assert bool(differ > 1e-6) is has_gradient


def test_loss_weight_scales_all_of_its_gradient(started):
    whole = after_update(with_scale(started, 1.0), tasks(started), "task_discriminator")
    part = after_update(with_scale(started, 1.0, weight=0.06), tasks(started), "task_discriminator")
    assert max(numpy.abs(gradient).max() for gradient in whole.values()) > 0.01
    for key in whole:
        numpy.testing.assert_allclose(part[key], 0.06 * whole[key], rtol=1e-3, atol=1e-7)


def test_steps_once_each_task_had_its_turn(started):
    """With the gradients of all of them; the shared layers learn from each."""
    nlp = with_scale(started, 1.0)
    examples = tasks(nlp)
    turns = [[each for each in examples if each.reference.user_data[CORPUS_KEY] == task] for task in ("ner", "cws")]

    def weights():
        return {name: nlp.get_pipe(name).model.to_bytes() for name in ("tok2vec", "task_discriminator")}

    history, optimizer = [weights()], Adam(0.01)
    for batch in [*turns, turns[1], turns[1], turns[0]]:
        step(nlp, batch, optimizer)
        history.append(weights())
    changed = [{name for name in after if after[name] != before[name]} for before, after in zip(history, history[1:])]
    assert all("tok2vec" in names for names in changed)
    assert ["task_discriminator" in names for names in changed] == [False, True, False, False, True]


def test_tasks_that_take_turns_are_told_apart(trained):
    """Nobody works against it here: the features stay as they are, and their texts differ."""
    nlp = with_scale(trained, 0.0)
    turns = [tasks(nlp)[: len(SENTENCES)], tasks(nlp)[len(SENTENCES) :]]
    texts = [[TEXTS[i] for i in part] for part in ((0, 2, 5), (1, 3, 4))]  # of one kind each
    turns = [[each for each in batch if each.text in own] for batch, own in zip(turns, texts)]
    optimizer = Adam(0.05, L2=0.0)
    for _ in range(30):
        for batch in turns:
            nlp.update(batch, sgd=False, drop=0.0)
            nlp.get_pipe("task_discriminator").finish_update(optimizer)
    nlp.get_pipe("task_discriminator").score([])
    for batch in turns:
        nlp.update(batch, sgd=False, drop=0.0)
    assert nlp.get_pipe("task_discriminator").score([]) == {"task_acc": 1.0}


def test_loss_is_the_likelihood_and_its_gradient_is_of_the_mean():
    probabilities = numpy.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    loss, gradient = task_loss(probabilities, numpy.array([0, 1]))
    assert loss == pytest.approx(-numpy.log(0.7) - numpy.log(0.1))
    numpy.testing.assert_allclose(gradient, [[-0.15, 0.1, 0.05], [0.05, -0.45, 0.4]], rtol=1e-6)


@pytest.mark.parametrize("others", [("cws",), ("news", "novels", "posts")])
def test_any_number_of_corpora(others):
    nlp = blank_adversarial()
    examples = tasks(nlp, others)
    nlp.initialize(lambda: examples)
    discriminator = nlp.get_pipe("task_discriminator")
    assert discriminator.labels == tuple(sorted(["ner", *others]))
    assert nlp.update(examples, sgd=False, losses={})["task_discriminator"] > 0
    other = blank_adversarial().from_bytes(nlp.to_bytes())
    assert other.get_pipe("task_discriminator").labels == discriminator.labels
    assert other.update(examples, sgd=False, losses={})["task_discriminator"] > 0


def test_it_can_begin_anew_with_other_corpora():
    nlp = blank_adversarial()
    for others in (["cws"], ["news", "novels"], ["cws"]):
        examples = tasks(nlp, others)
        nlp.initialize(lambda: examples)  # noqa: B023
        assert nlp.get_pipe("task_discriminator").labels == tuple(sorted(["ner", *others]))
        assert nlp.update(examples, sgd=nlp.create_optimizer())["task_discriminator"] > 0


def test_tasks_by_annotation():
    nlp = blank_adversarial(by="annotation")
    examples = [*make_examples(nlp), *word_examples(nlp)]
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("task_discriminator").labels == ("cws", "ner")
    assert nlp.update(examples, sgd=False, losses={})["task_discriminator"] > 0


def test_accuracy_since_it_was_last_asked_is_the_mean_over_the_tasks(started):
    discriminator = copy_of(started).get_pipe("task_discriminator")
    assert discriminator.score([]) == {}
    discriminator._count(numpy.array([0, 0, 0, 1]), numpy.array([0, 0, 0, 0]))
    discriminator._count(numpy.array([0, 1]), numpy.array([1, 1]))
    assert discriminator.score([]) == {"task_acc": pytest.approx((0.75 + 0.5) / 2)}
    assert discriminator.score([]) == {}
    nlp = copy_of(started)
    nlp.update(tasks(nlp), sgd=False)
    assert 0 <= nlp.evaluate(make_examples(nlp))["task_acc"] <= 1


def test_documents_without_characters_among_others(started):
    empty = Example(started.make_doc(""), started.make_doc(""))
    expected = after_update(with_scale(started, 1.0), tasks(started), "tok2vec")
    found = after_update(with_scale(started, 1.0), [empty, *tasks(started), empty], "tok2vec")
    for key in expected:
        numpy.testing.assert_allclose(found[key], expected[key], rtol=1e-3, atol=1e-6)
    assert with_scale(started, 1.0).update([empty], sgd=False)["task_discriminator"] == 0.0


def test_tasks_it_does_not_know(started):
    nlp = copy_of(started)
    examples = tasks(nlp, ["verse"])
    with pytest.raises(InputError, match="an example of one of the tasks cws, ner, got 'verse'"):
        nlp.update(examples, sgd=False)
    with pytest.raises(InputError, match="expected examples read by spacy_cner.MixedCorpus.v1"):
        nlp.update(make_examples(nlp), sgd=False)


def test_less_than_two_tasks():
    nlp = blank_adversarial()
    examples = tasks(nlp, [])
    with pytest.raises(InputError, match="at least two tasks for the component 'task_discriminator' .*, got ner"):
        nlp.get_pipe("task_discriminator").initialize(lambda: examples, nlp=nlp)


def test_settings_that_cannot_be_used():
    with pytest.raises(InputError, match="tasks by one of annotation, corpus, got 'length'"):
        blank_adversarial(by="length")
    with pytest.raises(ValueError, match="a loss_weight of at least 0, got -1"):
        blank_adversarial(loss_weight=-1.0)


# The pipeline that is shipped


@pytest.mark.parametrize("kept", [["cner"], ["cws"], ["tok2vec", "cws", "cner"]])
def test_without_discriminator_all_is_found_as_before(trained, tmp_path, kept):
    trained.to_disk(tmp_path / "whole")
    assert useful_components(trained) == ["tok2vec", "cws", "cner"]
    nlp = keep_only(copy_of(trained), kept)
    nlp.to_disk(tmp_path / "part")
    nlp = spacy.load(tmp_path / "part")
    assert nlp.pipe_names == kept
    assert size(tmp_path / "part") < size(tmp_path / "whole")
    for doc, before in zip(nlp.pipe(TEXTS), trained.pipe(TEXTS), strict=True):
        if "cner" in kept:
            assert entities(doc) == entities(before)
            assert [ent._.score for ent in doc.ents] == pytest.approx([ent._.score for ent in before.ents], abs=1e-5)
        if "cws" in kept:
            assert words(doc) == words(before)


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# Where it looks


def test_attention_of_each_component(trained):
    maps = attention_maps(trained, TEXTS[0])
    assert [each.name for each in maps] == ["tok2vec", "cws", "cner"]
    for each in maps:
        assert each.rows == each.columns == list(TEXTS[0])
        assert each.weights.shape == (2, len(TEXTS[0]), len(TEXTS[0]))
        numpy.testing.assert_allclose(each.weights.sum(axis=2), 1.0, rtol=1e-5)
    alone = attention_maps(keep_only(copy_of(trained), ["cner"]), TEXTS[0])
    assert [each.name for each in alone] == ["cner 1", "cner 2"]
    numpy.testing.assert_allclose(alone[0].weights, maps[0].weights, atol=1e-6)


def test_attention_of_a_transformer():
    """It has vectors before and after the text."""
    nlp = spacy.blank("zh")
    model = small_model()
    model["tok2vec"]["encode"] = {"@architectures": "spacy_cner.Transformer.v1", "width": 24, "layers": 2, "heads": 2}
    model["tok2vec"]["embed"]["widths"] = [24]
    nlp.add_pipe("cner", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp))
    maps = [each for each in attention_maps(nlp, TEXTS[0]) if len(each.columns) > len(TEXTS[0])]
    assert len(maps) == 2
    for each in maps:
        assert each.rows == each.columns == ["[CLS]", *TEXTS[0], "[SEP]"]
        assert each.weights.shape == (2, len(each.rows), len(each.columns))
        numpy.testing.assert_allclose(each.weights.sum(axis=2), 1.0, rtol=1e-5)


@pytest.mark.parametrize("text", ["", " "])
def test_attention_of_nothing(trained, text):
    if not text:
        with pytest.raises(InputError, match="a text with characters, got ''"):
            attention_maps(trained, text)
    else:
        assert attention_maps(trained, text)[0].columns == [" "]


def test_a_pipeline_without_attention():
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    with pytest.raises(InputError, match="a pipeline with attention, got sentencizer"):
        attention_maps(nlp, "林小燕来了。")
