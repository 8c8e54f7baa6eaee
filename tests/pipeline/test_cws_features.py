import pytest
import spacy
from conftest import SEGMENTED, make_examples, partial_examples, word_examples, words

from spacy_cner.errors import InputError


def trained_with(**config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cws_features", config={"epochs": 0, **config})
    examples = word_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp


@pytest.fixture(scope="module")
def trained():
    """Not to be changed by a test."""
    return trained_with()


TEXTS = [line.replace(" ", "") for line in SEGMENTED]
GOLD = [line.split() for line in SEGMENTED]


def test_learns_and_is_saved(trained, tmp_path):
    trained.to_disk(tmp_path)
    for nlp in (trained, spacy.load(tmp_path)):
        assert [words(doc) for doc in nlp.pipe([*TEXTS, ""])] == [*GOLD, []]


def test_bio(trained):
    assert [words(doc) for doc in trained_with(tag_scheme="bio").pipe(TEXTS)] == GOLD


@pytest.mark.parametrize("scheme", ["bio", "bmes"])
@pytest.mark.parametrize("epochs", [0, 100])
def test_unknown_words_behind_a_known_one_keep_its_end(scheme, epochs):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cws_features", config={"tag_scheme": scheme, "epochs": epochs})
    examples = partial_examples(nlp)
    nlp.initialize(lambda: examples)
    assert words(nlp("王海在青岛工作。"))[:2] == ["王海", "在"]
    assert words(nlp("林小燕昨天去了大连。"))[:2] == ["林小燕", "昨"]


def test_list_of_the_words_of_the_training_data():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cws_features", config={"epochs": 0, "templates": ["vocabulary[0]", "c[0]"]})
    examples = word_examples(nlp)
    nlp.get_pipe("cws_features").initialize(lambda: examples, nlp=nlp, training_list="vocabulary")
    entries = nlp.get_pipe("cws_features").tagger.extract.lists["vocabulary"].entries
    assert "蓝天" in entries and "海风" not in entries


def test_white_space_and_windows(trained):
    assert words(trained(" ")) == []
    assert words(trained("王海 在蓝天银行工作。"))[0] == "王海"
    assert words(trained("".join(TEXTS) * 30))[: len(GOLD[0])] == GOLD[0]


def test_a_window_that_is_given_at_load(trained, tmp_path):
    trained.to_disk(tmp_path)
    told = spacy.load(tmp_path, config={"components": {"cws_features": {"window": 12}}})
    doc = told("".join(TEXTS))
    windows = [window for tagged in told.get_pipe("cws_features").scored([doc])[1] for window in tagged.windows]
    assert max(map(len, windows)) <= 12 and words(doc) == sum(GOLD, [])


def test_scores(trained):
    assert trained.evaluate(word_examples(trained))["words_f"] == 1.0


def test_no_words():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cws_features")
    examples = make_examples(nlp)
    with pytest.raises(InputError, match="expected word segmentation .* for the component 'cws_features'"):
        nlp.initialize(lambda: examples)
