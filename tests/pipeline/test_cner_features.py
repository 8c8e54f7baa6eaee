"""What the other components are tested for, and what is particular to one that trains in `initialize`."""

import pickle

import numpy
import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, partial_examples
from spacy.cli._util import app as spacy_app
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from typer.testing import CliRunner

from spacy_cner.errors import InputError
from spacy_cner.features.template import parse_templates
from spacy_cner.features.template_sets import DEFAULT_TEMPLATES
from spacy_cner.loading import config_folder
from spacy_cner.pipeline import cner_features
from spacy_cner.vectors.words import WordVectors

TEXTS = [text for text, _ in SENTENCES]
CONFIG = config_folder() / "feature_crf.cfg"
GOLD = [gold for _, gold in SENTENCES]
RICH = [*DEFAULT_TEMPLATES, "surname[0]", "B:c[0]", "B:class[-1]"]


def blank(**config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features", config=config)
    return nlp


def trained_with(**config):
    nlp = blank(**config)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp


@pytest.fixture(scope="module")
def trained():
    """Not to be changed by a test."""
    return trained_with(templates=RICH)


def test_default_templates_are_templates():
    assert parse_templates(DEFAULT_TEMPLATES)
    assert cner_features.make_cner_features.__doc__


def test_overfits_and_survives_every_way_of_saving(trained, tmp_path):
    assert [entities(doc) for doc in trained.pipe(TEXTS)] == GOLD
    trained.to_disk(tmp_path)
    from_bytes = blank(templates=RICH).from_bytes(trained.to_bytes())
    for nlp in (spacy.load(tmp_path), from_bytes, pickle.loads(pickle.dumps(trained))):
        for doc, before in zip(nlp.pipe(TEXTS), trained.pipe(TEXTS), strict=True):
            assert entities(doc) == entities(before)
            assert [ent._.score for ent in doc.ents] == [ent._.score for ent in before.ents]
            assert all(0.5 < ent._.score <= 1.0 for ent in doc.ents)


def test_only_weights_that_are_used_are_kept(trained):
    tagger = trained.get_pipe("cner_features").tagger
    assert (tagger.model.weights[1:] != 0).any(1).all()
    assert (tagger.model.bigram_weights[1:] != 0).any(1).all()
    assert not tagger.model.weights[0].any()
    assert len(tagger.dictionary) == len(tagger.model.weights) > 1


OTHER = [{"tag_scheme": "bio"}, {"c1": 0.0}, {"epochs": 0}, {"templates": ["c[0]", "c[-1]c[0]", "B:c[0]"]}]


@pytest.mark.parametrize("config", OTHER)
def test_other_settings_learn_too(config):
    assert [entities(doc) for doc in trained_with(**config).pipe(TEXTS)] == GOLD


def test_features_below_the_cut_off_are_left_out():
    sizes = [len(trained_with(c1=0.0, min_count=n).get_pipe("cner_features").tagger.dictionary) for n in (1, 2, 1000)]
    assert sizes[0] > sizes[1] > sizes[2] == 1


def test_two_processes(trained):
    docs = list(trained.pipe(TEXTS * 2, n_process=2, batch_size=3))
    assert [entities(doc) for doc in docs] == GOLD * 2


def test_batch_equals_single_and_windows_do_not_matter(trained):
    texts = [*TEXTS, "", " ", "".join(TEXTS) * 20]
    together = list(trained.pipe(texts, batch_size=len(texts)))
    for text, doc in zip(texts, together, strict=True):
        assert entities(trained(text)) == entities(doc)
    size = len("".join(TEXTS))
    expected = [(i * size + start, i * size + end, label) for i in range(20) for start, end, label in _in_one(GOLD)]
    assert entities(together[-1]) == expected


def test_the_window_may_be_another_one_than_in_the_training(trained, tmp_path):
    trained.to_disk(tmp_path / "first")
    told = spacy.load(tmp_path / "first", config={"components": {"cner_features": {"window": 12}}})
    told.to_disk(tmp_path / "second")
    by_hand = pickle.loads(pickle.dumps(trained))
    by_hand.get_pipe("cner_features").window = 12
    text = "".join(TEXTS)
    for nlp in (told, spacy.load(tmp_path / "second"), by_hand):
        scored = nlp.get_pipe("cner_features").scored([nlp(text)])[1]
        assert max(len(window) for tagged in scored for window in tagged.windows) <= 12
        assert entities(nlp(text)) == _in_one(GOLD)


def _in_one(gold):
    before = [len("".join(TEXTS[:i])) for i in range(len(TEXTS))]
    return [(start + at, end + at, label) for at, row in zip(before, gold) for start, end, label in row]


@pytest.mark.parametrize("text", ["", " ", "  \n\t ", "\u3000\u3000", "😀👍🏽", "𠮷野家", "\u200d", "a b  c\n\n王海"])
def test_odd_texts(trained, text):
    doc = trained(text)
    assert doc.text == text
    assert doc.has_annotation("ENT_IOB") or not len(doc)
    assert "cner" in doc.spans


def test_outside_penalty_and_threshold(trained):
    text = "王海和林海在青山银行。"
    found = {}
    for penalty in (-20.0, 0.0, 20.0):
        nlp = pickle.loads(pickle.dumps(trained))
        nlp.get_pipe("cner_features").outside_penalty = penalty
        found[penalty] = sum(end - start for start, end, _ in entities(nlp(text)))
    assert found[-20.0] == 0 and found[-20.0] < found[0.0] < found[20.0] == len(text)
    nlp = pickle.loads(pickle.dumps(trained))
    nlp.get_pipe("cner_features").threshold = 1.0
    assert not nlp(TEXTS[0]).ents


def test_decoding_by_spans(trained):
    nlp = pickle.loads(pickle.dumps(trained))
    pipe = nlp.get_pipe("cner_features")
    path = [entities(doc) for doc in nlp.pipe(TEXTS)]
    pipe.decoding, pipe.threshold = "spans", 0.5
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == path, "it is sure of these"
    text = "王海和林海在青山银行。"
    scores = [entity.score for entity in pipe.predict([nlp.make_doc(text)])[0]]
    pipe.threshold = 0.01
    assert sum(entity.score for entity in pipe.predict([nlp.make_doc(text)])[0]) > sum(scores)


def test_entities_of_earlier_components_stay(trained):
    nlp = pickle.loads(pickle.dumps(trained))
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "RULE", "pattern": "燕昨"}])
    assert entities(nlp(TEXTS[0])) == [(2, 4, "RULE"), (7, 9, "LOC")]
    nlp.get_pipe("cner_features").overwrite = True
    assert entities(nlp(TEXTS[0])) == GOLD[0]


def test_words_as_tokens(trained):
    words = ["林小燕", "昨天", "去", "了", "青岛", "。"]
    doc = trained.get_pipe("cner_features")(Doc(trained.vocab, words=words, spaces=[False] * len(words)))
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("林小燕", "PER"), ("青岛", "LOC")]


def test_an_update_says_that_it_teaches_nothing(trained, recwarn):
    """spaCy calls it in every loop, of `spacy train` too; what `initialize` has learned from needs no warning."""
    nlp = blank()
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    saved, before = nlp.to_bytes(), nlp.get_pipe("cner_features").to_bytes()
    assert nlp.update(examples, losses={"other": 1.0}) == {"other": 1.0}
    assert not recwarn.list
    nlp.update(make_examples(nlp, [("王海来了。", [(0, 2, "PER")])]))
    assert "'cner_features' does not learn by nlp.update" in str(recwarn.pop(UserWarning).message)
    assert nlp.get_pipe("cner_features").to_bytes() == before
    loaded = blank().from_bytes(saved)
    with pytest.warns(UserWarning, match="does not learn by nlp.update"):
        loaded.update(examples)
    with pytest.raises(ValueError, match="call nlp.initialize"):
        blank().update(examples)


def test_own_lists_and_lists_by_path(tmp_path):
    path = tmp_path / "cities.txt"
    path.write_text("青岛\n大连\n", encoding="utf-8")
    nlp = blank(templates=["cities[0]", "surname[0]", "c[0]", "c[1]"])
    examples = make_examples(nlp)
    nlp.get_pipe("cner_features").initialize(lambda: examples, nlp=nlp, lists={"cities": path})
    nlp.to_disk(tmp_path / "pipeline")
    path.unlink()
    loaded = spacy.load(tmp_path / "pipeline")
    assert entities(loaded("她去大连。")) == [(2, 4, "LOC")]
    assert loaded.get_pipe("cner_features").tagger.extract.lists["cities"].entries == ["大连", "青岛"]


def test_clusters_of_the_words_of_a_lexicon(tmp_path):
    """A word that the training data lack is known by those that are in its cluster."""
    path = tmp_path / "words.npz"
    vectors = numpy.array([[1, 0], [0.9, 0.1], [0.1, 0.9], [0, 1]], dtype="float32")
    WordVectors(["青岛", "烟台", "昨天", "今天"], numpy.array([4, 3, 2, 1]), vectors).save(path)
    nlp = blank(templates=["kind[0]", "c[0]"], epochs=0, c1=0.0)
    examples = make_examples(nlp)
    component = nlp.get_pipe("cner_features")
    component.initialize(lambda: examples, nlp=nlp, lexicon=path, clusters={"kind": 2})
    path.unlink()
    nlp.to_disk(tmp_path / "pipeline")
    assert entities(spacy.load(tmp_path / "pipeline")("她去烟台。")) == [(2, 4, "LOC")]


def test_list_of_the_entities_of_the_training_data():
    nlp = blank(templates=["names[0]", "c[0]", "c[1]"], epochs=0)
    examples = make_examples(nlp)
    nlp.get_pipe("cner_features").initialize(lambda: examples, nlp=nlp, training_list="names")
    lists = nlp.get_pipe("cner_features").tagger.extract.lists
    assert lists["names"].entries == ["林小燕", "王海", "蓝天银行", "青岛"]


def test_sees_what_components_before_it_have_found():
    """The ruler knows all entities but the labels; the recogniser learns to believe it."""
    nlp = spacy.blank("zh")
    names = sorted({text[start:end] for text, gold in SENTENCES for start, end, _ in gold})
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "NAME", "pattern": name} for name in [*names, "绿水"]])
    nlp.add_pipe("cner_features", config={"templates": ["tag[0]"], "overwrite": True, "c2": 0.1})
    examples = make_examples(nlp, [(text, [(s, e, "X") for s, e, _ in gold]) for text, gold in SENTENCES])
    # nlp.initialize would make the ruler forget its patterns.
    nlp.get_pipe("cner_features").initialize(lambda: examples, nlp=nlp)
    assert entities(nlp("去绿水。")) == [(1, 3, "X")]
    assert not examples[0].predicted.ents


def test_second_step_learns_from_what_the_first_finds_in_unseen_text():
    """The first step knows its training data by heart, and nothing else: seen in it, it would be believed."""
    nlp = spacy.blank("zh")
    first = nlp.add_pipe("cner_features", name="first", config={"folds": 3, "epochs": 0})
    config = {"templates": ["tag[0]", "c[0]"], "overwrite": True}
    second = nlp.add_pipe("cner_features", name="second", config=config)
    examples = make_examples(nlp)
    for component in (first, second):
        component.initialize(lambda: examples, nlp=nlp)
        if component is first:
            held_out = first.held_out
            assert [doc.text for doc in held_out] == TEXTS
            assert [entities(doc) for doc in held_out] != GOLD
    assert [entities(doc) for doc in first.pipe(map(nlp.make_doc, TEXTS))] == GOLD
    assert first.held_out is None and not examples[0].predicted.ents


def test_folds_of_documents_of_which_some_have_no_annotation():
    nlp = blank(folds=2)
    pipe = nlp.get_pipe("cner_features")
    plain = [Example(nlp.make_doc(text), nlp.make_doc(text)) for text in TEXTS]
    mixed = [example for pair in zip(make_examples(nlp), plain) for example in pair]
    pipe.initialize(lambda: mixed, nlp=nlp)
    assert [doc.text for doc in pipe.held_out] == [text for text in TEXTS for _ in range(2)]
    assert all(doc.has_annotation("ENT_IOB") for doc in pipe.held_out) and any(doc.ents for doc in pipe.held_out)
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == GOLD
    few = [*plain[1:], mixed[0]]
    with pytest.raises(
        InputError, match="at least 2 documents with annotation for the folds .* 'cner_features', got 1"
    ):
        pipe.initialize(lambda: few, nlp=nlp)


def test_sees_words_and_parts_of_speech_of_jieba():
    pytest.importorskip("jieba")
    nlp = spacy.blank("zh")
    nlp.add_pipe("jieba_words")
    nlp.add_pipe("cner_features", config={"templates": [*DEFAULT_TEMPLATES, "word[0]", "pos[0]"]})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    docs = list(nlp.pipe(TEXTS))
    assert [entities(doc) for doc in docs] == GOLD
    assert "".join(word.text for word in docs[0].spans["words"]) == TEXTS[0]
    assert all(word.label_ for word in docs[0].spans["words"])


def test_sees_what_components_of_another_pipeline_have_found(trained_joint, tmp_path):
    """Words and names of a shared network, as in papers/feng-2008/tagger.cfg."""
    nlp = spacy.blank("zh")
    for name in trained_joint.pipe_names:
        nlp.add_pipe(name, source=trained_joint)
    nlp.add_pipe("cner_features", config={"templates": ["tag[0]", "word[0]"], "overwrite": True})
    examples = make_examples(nlp, [(text, [(s, e, "X") for s, e, _ in gold]) for text, gold in SENTENCES])
    nlp.config["training"] = {"annotating_components": trained_joint.pipe_names}
    # As `spacy train` does.
    with nlp.select_pipes(enable="cner_features"):
        nlp.get_pipe("cner_features").initialize(lambda: examples, nlp=nlp)
    nlp.to_disk(tmp_path)
    for each in (nlp, spacy.load(tmp_path)):
        assert [entities(doc) for doc in each.pipe(TEXTS)] == [[(s, e, "X") for s, e, _ in gold] for gold in GOLD]


def test_labels_given_and_added():
    nlp = blank()
    nlp.get_pipe("cner_features").add_label("TIME")
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("cner_features").labels == ("TIME", "LOC", "ORG", "PER")
    with pytest.raises(ValueError, match="expected all labels before"):
        nlp.get_pipe("cner_features").add_label("LATE")
    assert nlp.get_pipe("cner_features").add_label("PER") == 0
    given = blank()
    given.get_pipe("cner_features").initialize(lambda: examples, nlp=given, labels=["PER", "ORG", "LOC"])
    assert given.get_pipe("cner_features").label_data == ["PER", "ORG", "LOC"]
    assert [entities(doc) for doc in given.pipe(TEXTS)] == GOLD


def test_missing_annotation_is_learned_around():
    nlp = blank(c1=0.0, c2=0.1)
    examples = make_examples(nlp)
    without = Example(nlp.make_doc("青岛青岛"), nlp.make_doc("青岛青岛"))
    partial = nlp.make_doc("王海来了")
    partial.set_ents([partial.char_span(0, 2, "PER")], default="missing")
    examples += [without, Example(nlp.make_doc("王海来了"), partial)]
    nlp.initialize(lambda: examples)
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == GOLD


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
@pytest.mark.parametrize("epochs", [0, 10])
def test_missing_annotation_behind_an_entity_keeps_its_end(scheme, epochs):
    nlp = blank(tag_scheme=scheme, epochs=epochs)
    examples = partial_examples(nlp)
    nlp.initialize(lambda: examples)
    assert entities(nlp("王海在青岛工作。")) == [(0, 2, "PER")]
    assert entities(nlp("林小燕昨天去了大连。")) == [(0, 3, "PER")]


@pytest.mark.parametrize(
    "config, message",
    [
        ({"templates": ["c[0"]}, "expected a template"),
        ({"c1": -1.0}, "expected a number of at least 0, got -1.0, as c1"),
        ({"folds": 1}, "expected at least 2 folds"),
        ({"alignment_mode": "wide"}, "as alignment_mode"),
        ({"tag_scheme": "xyz"}, "expected a tag scheme"),
    ],
)
def test_settings_that_cannot_be(config, message):
    with pytest.raises(ValueError, match=message):
        blank(**config)


def test_what_cannot_be_trained():
    with pytest.raises(InputError, match="expected entity labels"):
        blank().initialize()
    nlp = blank(templates=["cities[0]"])
    examples = make_examples(nlp)
    with pytest.raises(InputError, match="expected a column out of .* 'cities'"):
        nlp.initialize(lambda: examples)
    nlp = blank()
    plain = [Example(nlp.make_doc("王海"), nlp.make_doc("王海"))]
    with pytest.raises(InputError, match="expected examples with annotation"):
        nlp.get_pipe("cner_features").initialize(lambda: plain, nlp=nlp, labels=["PER"])
    with pytest.raises(ValueError, match="expected the component 'cner_features' to be trained"):
        blank()(TEXTS[0])


def test_spacy_train(tmp_path):
    nlp = spacy.blank("zh")
    DocBin(docs=[example.reference for example in make_examples(nlp)]).to_disk(tmp_path / "train.spacy")
    path = str(tmp_path / "train.spacy")
    arguments = ["train", str(CONFIG), "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(spacy_app, [*arguments, "--paths.train", path, "--paths.dev", path])
    assert result.exit_code == 0, result.output
    loaded = spacy.load(tmp_path / "out" / "model-best")
    assert loaded.meta["performance"]["ents_f"] == 1.0
    assert [entities(doc) for doc in loaded.pipe(TEXTS)] == GOLD
