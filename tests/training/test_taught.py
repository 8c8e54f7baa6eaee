"""What a teacher thinks of texts, and what a learner makes of it."""

import numpy
import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model, word_examples
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_cner.decoding.parameters import CrfParameters, forbidden_transitions
from spacy_cner.decoding.tag_scores import TagScores
from spacy_cner.errors import InputError
from spacy_cner.pipeline.teacher import Teacher
from spacy_cner.text.tags import allowed_transitions, tag_list
from spacy_cner.text.windows import Window
from spacy_cner.training.mixed import cut
from spacy_cner.training.taught import KEY, expected, thoughts

TEXTS = [text for text, _ in SENTENCES]


@pytest.fixture(scope="module")
def docs(trained) -> list[Doc]:
    """What the teacher left in the documents, as a file keeps it."""
    data = DocBin(docs=Teacher(trained).pipe(TEXTS), store_user_data=True).to_bytes()
    return list(DocBin().from_bytes(data).get_docs(trained.vocab))


def scores_of(nlp, text):
    (tagged,) = nlp.get_pipe("cner").scored([nlp.make_doc(text)])[1]
    return tagged.scores


def test_it_finds_what_the_pipeline_finds(trained, docs):
    assert [entities(doc) for doc in docs] == [entities(doc) for doc in trained.pipe(TEXTS)]


def test_probabilities_are_those_of_the_teacher(trained, docs):
    tags = trained.get_pipe("cner").tags
    for doc in docs:
        scores = scores_of(trained, doc.text)
        found = expected(doc, len(doc), tags)
        numpy.testing.assert_allclose(found.tags, scores.marginals()[0], atol=0.02)
        assert found.transitions.sum() == pytest.approx(len(doc) + 1, rel=1e-3)
        numpy.testing.assert_allclose(found.transitions[:-1].sum(1), found.tags.sum(0), atol=0.05)


def crf_scores(labels, emissions):
    tags = tag_list(labels, "bioes")
    size = len(tags)
    crf = CrfParameters(
        numpy.zeros((size, size)), numpy.zeros(size), numpy.zeros(size), forbidden_transitions(tags, "bioes")
    )
    rows = numpy.full((1, 5, size), -20.0)
    rows[:, :, 0] = 0
    for (position, tag), score in emissions.items():
        rows[0, position, tags.index(tag)] = score
    return TagScores(crf, tags, "bioes", rows, numpy.array([5]))


@pytest.mark.parametrize("chance", [0.004, 0.006, 0.0099, 0.0101, 0.5, 0.99, 0.996])
def test_improbable_entities_stay_improbable(chance):
    scores = crf_scores(["PER"], {(2, "S-PER"): numpy.log(chance / (1 - chance))})
    doc = Doc(spacy.blank("zh").vocab, words=list("一二三四五"))
    (doc.user_data[KEY],) = thoughts(scores)
    numpy.testing.assert_allclose(expected(doc, 5, scores.tags).tags, scores.marginals()[0], atol=0.011)


@pytest.mark.parametrize("number", [63, 64, 80])
def test_many_labels(number):
    labels = [f"L{i}" for i in range(number)]
    scores = crf_scores(labels, {(2, f"S-L{number - 1}"): 2.0})
    doc = Doc(spacy.blank("zh").vocab, words=list("一二三四五"))
    (doc.user_data[KEY],) = thoughts(scores)
    numpy.testing.assert_allclose(expected(doc, 5, scores.tags).tags, scores.marginals()[0], atol=0.011)


@pytest.mark.parametrize("setting", [{"temperature": 3.0}, {"outside_penalty": 6.0}])
def test_a_calibrated_pipeline_teaches_what_it_says(trained, monkeypatch, setting):
    tagger = trained.get_pipe("cner")
    for name, value in setting.items():
        monkeypatch.setattr(tagger, name, value)
    changes, errors = [], []
    for doc in Teacher(trained).pipe(TEXTS):
        raw = scores_of(trained, doc.text)
        adjusted = tagger.adjusted(raw, [Window(0, 0, len(doc))], [[]]).marginals()[0]
        changes.append(abs(raw.marginals()[0] - adjusted).max())
        errors.append(abs(expected(doc, len(doc), tagger.tags).tags - adjusted).max())
    assert max(changes) > 0.1
    assert max(errors) < max(changes) / 3


def test_a_segmenter_learns_its_words_from_taught_documents(trained):
    nlp = spacy.blank("zh")
    cws = nlp.add_pipe("cws", config={"model": small_model(tag_scheme="bio", encoder=None)})
    examples = word_examples(nlp)
    nlp.initialize(lambda: examples)
    loss = cws.update(examples)["cws"]
    for example, taught in zip(examples, Teacher(trained).pipe([example.reference.text for example in examples])):
        example.reference.user_data[KEY] = taught.user_data[KEY]
    assert cws.update(examples)["cws"] == pytest.approx(loss, rel=1e-4)


def test_tags_are_matched_by_name(trained, docs):
    tags = trained.get_pipe("cner").tags
    other = ["O", "B-NEW", *reversed(tags[1:])]
    own, mapped = (expected(docs[0], len(docs[0]), names).tags for names in (tags, other))
    numpy.testing.assert_array_equal(mapped[:, [other.index(tag) for tag in tags]], own)
    with pytest.raises(InputError, match="got one that has"):
        expected(docs[0], len(docs[0]), tags[:3])


def test_a_learner_comes_to_think_as_its_teacher(trained, docs):
    """Its gold tags say that there is no entity; it believes the teacher."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    labels = list(trained.get_pipe("cner").labels)
    for doc in docs:
        doc.ents = []
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    for label in labels:
        nlp.get_pipe("cner").add_label(label)
    nlp.initialize(lambda: examples)
    optimizer = nlp.create_optimizer()
    optimizer.learn_rate = 0.01
    losses = [nlp.update(examples, sgd=optimizer)["cner"] for _ in range(60)]
    assert losses[-1] < 0.1 * losses[0]
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == [entities(doc) for doc in trained.pipe(TEXTS)]
    for text in TEXTS:
        numpy.testing.assert_allclose(scores_of(nlp, text).marginals(), scores_of(trained, text).marginals(), atol=0.1)


def test_gold_tags_and_taught_ones_in_one_batch(trained, docs):
    nlp = spacy.blank("zh")
    cner = nlp.add_pipe("cner", config={"model": small_model()})
    both = [*docs, *(doc.copy() for doc in docs)]
    for doc in both[len(docs) :]:
        del doc.user_data[KEY]
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in both]
    for label in trained.get_pipe("cner").labels:
        cner.add_label(label)
    nlp.initialize(lambda: examples)
    whole = cner.update(examples)["cner"]
    parts = sum(cner.update(part)["cner"] for part in (examples[: len(docs)], examples[len(docs) :]))
    assert whole == pytest.approx(parts, rel=1e-4)


def test_a_pipeline_without_a_tagger_at_its_end():
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler")
    with pytest.raises(InputError, match="that ends with cner or cner_features, got entity_ruler"):
        Teacher(nlp)


def test_another_number_of_characters_than_the_teacher_saw(trained, docs):
    tags = trained.get_pipe("cner").tags
    doc = next(doc for doc in docs if doc.user_data[KEY]["position"]).copy()
    for length in (1, len(doc) + 1):
        with pytest.raises(InputError, match=f"expected {len(doc)} characters, as the teacher saw, got {length};"):
            expected(doc, length, tags)
    found = expected(doc, len(doc), tags)
    # A file of an earlier version
    doc.user_data[KEY] = {name: value for name, value in doc.user_data[KEY].items() if name != "length"}
    numpy.testing.assert_array_equal(expected(doc, len(doc), tags).tags, found.tags)
    with pytest.raises(InputError, match="characters, as the teacher saw, got 1;"):
        expected(doc, 1, tags)


def parts_of(nlp, doc, size):
    return [example.reference for example in cut(nlp, Example(nlp.make_doc(doc.text), doc), size)]


def test_a_part_of_a_document_has_its_own_probabilities(trained):
    (doc,) = Teacher(trained).pipe(["".join(TEXTS)])
    tags = trained.get_pipe("cner").tags
    whole = expected(doc, len(doc), tags)
    parts = parts_of(trained, doc, 12)
    assert len(parts) > 3 and KEY in doc.user_data
    found = [expected(part, len(part), tags) for part in parts]
    numpy.testing.assert_allclose(numpy.concatenate([each.tags for each in found]), whole.tags, atol=0.02)
    allowed = allowed_transitions(tags, "bioes")
    for part, each in zip(parts, found):
        assert each.transitions.sum() == pytest.approx(len(part) + 1, rel=1e-3)
        assert each.transitions[-1].sum() == each.transitions[:, -1].sum() == pytest.approx(1, abs=1e-3)
        assert not each.transitions[-1, :-1][~allowed.start].any() and not each.transitions[:-1, -1][~allowed.end].any()


def test_a_part_whose_border_may_cut_an_entity_has_its_gold_tags(trained):
    (doc,) = Teacher(trained).pipe(["林小燕和王海都住在大连。"])
    doc.ents = []  # or else it would be cut elsewhere
    assert [(part.text, KEY in part.user_data) for part in parts_of(trained, doc, 5)] == [
        ("林小燕和王", False),
        ("海都住在大", False),
        ("连。", False),
    ]
    assert [(part.text, KEY in part.user_data) for part in parts_of(trained, doc, 9)] == [
        ("林小燕和王海都住在", True),
        ("大连。", True),
    ]


def test_a_part_of_a_document_of_words_has_its_gold_tags(trained):
    (doc,) = Teacher(trained).pipe(["王海在青岛。林小燕在大连。"])
    words = ["王海", "在", "青岛", "。", "林小燕", "在", "大连", "。"]
    other = Doc(trained.vocab, words=words, spaces=[False] * 8, user_data=dict(doc.user_data))
    assert not any(KEY in part.user_data for part in parts_of(trained, other, 4))


def test_a_teacher_that_decides_each_tag_alone():
    nlp = spacy.blank("zh")
    model = {**small_model(), "@architectures": "spacy_cner.SoftmaxTagger.v1"}
    nlp.add_pipe("cner", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp))
    with pytest.raises(InputError, match="a teacher whose cner has a CRF, got one that decides each tag alone"):
        list(Teacher(nlp).pipe(TEXTS))


def test_a_text_of_more_characters_than_two_bytes_count():
    count, tags = 70_000, tag_list(["PER"], "bio")
    emissions = numpy.zeros((1, count, len(tags)), dtype="float32")
    emissions[:, :, tags.index("O")] = 20
    emissions[0, 66_000] = [0, 1, 0]
    nothing = numpy.zeros(len(tags))
    crf = CrfParameters(numpy.zeros((3, 3)), nothing, nothing, forbidden_transitions(tags, "bio"))
    doc = Doc(spacy.blank("zh").vocab, words=["一"] * count)
    (doc.user_data[KEY],) = thoughts(TagScores(crf, tags, "bio", emissions, numpy.array([count])))
    assert numpy.flatnonzero(expected(doc, count, tags).tags[:, tags.index("B-PER")] > 0.3).tolist() == [66_000]
