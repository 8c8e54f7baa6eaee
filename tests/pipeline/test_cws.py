"""The battery that spaCy's own components pass, for word segmentation, and what Chinese text adds to it."""

import pickle

import numpy
import pytest
import spacy
from conftest import SEGMENTED, SENTENCES, partial_examples, small_model, train, word_examples, words
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.errors import InputError
from spacy_cner.pipeline.words import word_spans

TEXTS = [text for text, _ in SENTENCES]
GOLD = [sentence.split() for sentence in SEGMENTED]
ODD_TEXTS = ["", " ", "  \n\t ", "\u3000\u3000", "😀👍🏽", "𠮷野家", "\u200d", "a b  c\n\n王海", " 王海在 青岛 。"]


def blank(scheme="bio", **config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cws", config={"model": small_model(tag_scheme=scheme, encoder=None), **config})
    return nlp


def trained_with(scheme):
    spacy.util.fix_random_seed(0)
    nlp = blank(scheme)
    examples = word_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=30)
    return nlp


@pytest.fixture(scope="module")
def segmenter():
    """A pipeline that knows SEGMENTED. Not to be changed by a test."""
    return trained_with("bio")


def copy_of(nlp, **config):
    copy = blank(nlp.get_pipe("cws").tag_scheme, **config).from_bytes(nlp.to_bytes())
    for name in config.keys() - {"scorer"}:
        setattr(copy.get_pipe("cws"), name, config[name])
    return copy


class Tokens:
    """A tokenizer of given tokens."""

    def __init__(self, vocab, tokens):
        self.vocab, self.tokens = vocab, tokens

    def __call__(self, text):
        return Doc(self.vocab, words=self.tokens, spaces=[False] * len(self.tokens))


@pytest.mark.parametrize("scheme, tags", [("bio", ["B-W", "I-W"]), ("bmes", ["B-W", "M-W", "E-W", "S-W"])])
def test_overfits_and_survives_every_way_of_saving(request, tmp_path, scheme, tags):
    nlp = request.getfixturevalue("segmenter") if scheme == "bio" else trained_with(scheme)
    assert nlp.get_pipe("cws").tags == tags
    assert nlp.evaluate(word_examples(nlp))["words_f"] == 1.0
    nlp.to_disk(tmp_path)
    component = blank(scheme)
    component.get_pipe("cws").from_bytes(nlp.get_pipe("cws").to_bytes())
    loaded = {
        "disk": spacy.load(tmp_path),
        "bytes": copy_of(nlp),
        "pickle": pickle.loads(pickle.dumps(nlp)),
        "bytes of the component": component,
    }
    for way, other in loaded.items():
        assert [words(doc) for doc in other.pipe(TEXTS)] == GOLD, way
        assert other.get_pipe("cws").tags == tags


def test_the_default_model_learns():
    nlp = spacy.blank("zh")
    pipe = nlp.add_pipe("cws")
    assert (pipe.tag_scheme, pipe.listens) == ("bio", False)
    examples = word_examples(nlp)
    nlp.initialize(lambda: examples)
    first = train(nlp, examples, steps=1, rate=0.005)
    assert train(nlp, examples, steps=5, rate=0.005) < first


def test_batch_equals_single(segmenter):
    texts = [*TEXTS, *ODD_TEXTS, TEXTS[0] * 30]
    together = list(segmenter.pipe(texts, batch_size=len(texts)))
    assert [words(doc) for doc in together] == [words(segmenter(text)) for text in texts]


def test_two_processes(segmenter):
    docs = list(segmenter.pipe(TEXTS * 2, n_process=2, batch_size=3))
    assert [words(doc) for doc in docs] == GOLD * 2


# Initialisation and training


def test_no_words_is_an_error():
    nlp = blank()
    with pytest.raises(InputError, match=r"word segmentation in doc.spans\['words'\] for the component 'cws'"):
        nlp.initialize()
    examples = [Example.from_dict(nlp.make_doc("王海来了"), {"entities": [(0, 2, "PER")]})]
    with pytest.raises(InputError, match="no example that has any; see `python -m spacy_cner segment`"):
        nlp.initialize(lambda: examples)


def test_some_documents_with_words_are_enough():
    nlp = blank()
    without = Example(nlp.make_doc("没有"), nlp.make_doc("没有"))
    nlp.initialize(lambda: [without, *word_examples(nlp, ["王海 来 了"])])
    assert nlp.get_pipe("cws").tags == ["B-W", "I-W"]


def test_prediction_before_initialisation_says_so():
    with pytest.raises(ValueError, match="initialize"):
        blank()("王海")


def test_a_weight_below_zero():
    with pytest.raises(ValueError, match="expected a number of at least 0, got -0.5, as loss_weight"):
        blank(loss_weight=-0.5)


def test_documents_without_words_are_passed_over(segmenter):
    nlp = copy_of(segmenter)
    pipe = nlp.get_pipe("cws")
    before = pipe.model.to_bytes()
    without = [Example(nlp.make_doc(text), nlp.make_doc(text)) for text in ("没有分词。", "", " ")]
    assert nlp.update(without, sgd=nlp.resume_training(), losses={})["cws"] == 0.0
    assert pipe.model.to_bytes() == before
    few = word_examples(nlp, ["海风 吹", "没有 谁"])
    alone = nlp.update(few, sgd=False, losses={})["cws"]
    assert alone > 0
    assert nlp.update([without[0], few[0], *without[1:], few[1]], sgd=False, losses={})["cws"] == pytest.approx(alone)


def test_documents_of_no_word_have_nothing_to_learn(segmenter):
    nlp = copy_of(segmenter)
    before = nlp.get_pipe("cws").model.to_bytes()
    reference = nlp.make_doc(" \n ")
    reference.spans["words"] = []
    assert nlp.update([Example(nlp.make_doc(" \n "), reference)], sgd=nlp.resume_training())["cws"] == 0.0
    assert nlp.get_pipe("cws").model.to_bytes() == before


def test_words_known_in_a_part_train_the_rest():
    nlp = blank("bmes")
    whole = word_examples(nlp)
    nlp.initialize(lambda: whole)
    partial = []
    for i, example in enumerate(word_examples(nlp)):
        # Each word is known in a few of the sentences only, or nowhere.
        example.reference.spans["words"] = list(example.reference.spans["words"])[i % 2 :: 2]
        partial.append(example)
    train(nlp, partial, steps=30)
    for example in partial:
        known = {word.text for word in example.reference.spans["words"]}
        assert known <= set(words(nlp(example.text)))


@pytest.mark.parametrize("scheme", ["bio", "bmes"])
def test_unknown_words_behind_a_known_one_keep_its_end(scheme):
    spacy.util.fix_random_seed(0)
    nlp = blank(scheme)
    examples = partial_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    assert words(nlp("王海在青岛工作。"))[:2] == ["王海", "在"]
    assert words(nlp("林小燕昨天去了大连。"))[:2] == ["林小燕", "昨"]


def test_learns_in_a_word_tokenised_pipeline():
    nlp = blank()
    tokenizer = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}}).tokenizer
    examples = [Example(tokenizer(eg.reference.text), eg.reference) for eg in word_examples(nlp)]
    assert any(len(eg.predicted) < len(eg.reference) for eg in examples)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=30)
    assert [words(nlp(text)) for text in TEXTS] == GOLD


def test_the_scorer(segmenter):
    wrong = word_examples(segmenter, ["林小燕 昨天 去了 青岛 。"])
    # 6 words are found of 5, 4 of them right.
    scores = segmenter.evaluate(wrong)
    assert (scores["words_p"], scores["words_r"]) == pytest.approx((4 / 6, 4 / 5))
    assert scores["words_r_oov"] is None


def test_the_scorer_with_a_training_set(segmenter, tmp_path):
    known = [example.reference for example in word_examples(segmenter, SEGMENTED[:3])]
    DocBin(docs=known).to_disk(tmp_path / "train.spacy")
    scorer = {"@scorers": "spacy_cner.words_scorer.v1", "train": str(tmp_path / "train.spacy")}
    scores = copy_of(segmenter, scorer=scorer).evaluate(word_examples(segmenter, SEGMENTED[3:]))
    assert (scores["words_r_iv"], scores["words_r_oov"]) == (1.0, 1.0)
    assert 0 < scores["words_oov_rate"] < 1


# Prediction


@pytest.mark.parametrize("text", ODD_TEXTS)
@pytest.mark.parametrize("retokenize", [False, True])
def test_odd_texts(segmenter, text, retokenize):
    doc = copy_of(segmenter, retokenize=retokenize)(text)
    assert doc.text == text
    assert "".join(words(doc)) == "".join(text.split())
    if retokenize:
        assert words(doc) == [token.text for token in doc if not token.is_space]


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("王海在青岛 \n\u3000aA1,。😀"), max_size=30), st.booleans())
def test_words_cover_all_but_white_space(segmenter, text, retokenize):
    pipe = segmenter.get_pipe("cws")
    doc = segmenter.make_doc(text)
    starts = pipe.predict([doc])
    pipe = type(pipe)(segmenter.vocab, pipe.model, retokenize=retokenize)
    pipe.set_annotations([doc], starts)
    assert doc.text == text
    # Raises an error for words that overlap, leave a character out, or have white space at their ends.
    if text:
        AnnotatedText.from_doc(doc)
    assert not any(char.isspace() for word in words(doc) for char in word)


def test_white_space_separates_words(segmenter):
    assert words(segmenter("林小燕 昨天去了\n\n青岛。")) == GOLD[0]
    assert words(segmenter("林 小燕")) == ["林", "小燕"]


def test_the_words_are_saved_with_the_document(segmenter):
    doc = segmenter(TEXTS[0])
    assert words(Doc(segmenter.vocab).from_bytes(doc.to_bytes())) == GOLD[0]
    assert words(next(iter(DocBin(docs=[doc]).get_docs(segmenter.vocab)))) == GOLD[0]


def test_earlier_words_are_replaced(segmenter):
    doc = segmenter.make_doc(TEXTS[0])
    doc.spans["words"] = [doc[0:9]]
    assert words(segmenter(doc)) == GOLD[0]


def test_long_documents_are_cut_at_sentence_ends(segmenter):
    doc = copy_of(segmenter, window=16)("".join(TEXTS))
    assert words(doc) == [word for sentence in GOLD for word in sentence]


def test_each_mark_is_a_word_where_marks_have_a_label(segmenter):
    nlp = copy_of(segmenter, punctuation="w")
    doc = nlp("他说：“王海……”。！！")
    marks = [span.text for span in doc.spans["words"] if span.text in "：“”。" or span.text[0] in "…！"]
    assert marks == ["：", "“", "……", "”", "。", "！！"]


@pytest.mark.parametrize("scheme", ["bio", "bmes"])
def test_a_window_may_cut_a_word_with_white_space_in_it(scheme):
    nlp = blank(scheme, window=16)
    text = "王海在林小燕在青岛New\u3000York的地方"
    words = [(i, i + 1) for i in range(9)] + [(9, 17)] + [(i, i + 1) for i in range(17, len(text))]
    examples = [Example(nlp.make_doc(text), AnnotatedText(text, None, words).to_doc(nlp.vocab))]
    nlp.initialize(lambda: examples)
    for size in range(4, 18):
        nlp.get_pipe("cws").window = size
        assert nlp.update(examples)["cws"] > 0


def test_no_word_is_cut_in_a_long_text_without_punctuation(segmenter):
    unit = TEXTS[0].rstrip("。")
    alone = words(segmenter(unit * 2))
    for window in (32, 33, 37):
        doc = copy_of(segmenter, window=window)(unit * 40)
        found = words(doc)
        assert "".join(found) == doc.text
        assert found[: len(alone) // 2] == alone[: len(alone) // 2]
        assert found == found[: len(alone) // 2] * 40


@pytest.mark.parametrize("scheme", ["bio", "bmes"])
def test_a_window_begins_with_a_word(scheme):
    nlp = blank(scheme, window=4)
    examples = word_examples(nlp, ["蓝天银行蓝天银行 青岛"])
    nlp.initialize(lambda: examples)
    assert numpy.isfinite(train(nlp, examples, steps=2))
    for text in ("蓝天银行蓝天银行", "王海王海王海"):
        doc = nlp(text)
        borders = {word.start_char for word in doc.spans["words"]}
        assert set(range(0, len(text), 4)) <= borders
        assert "".join(words(doc)) == text


@pytest.mark.parametrize(
    "tokens, expected",
    [
        (["林小燕", "昨天", "去", "了", "青岛", "。"], GOLD[0]),
        # A token of several words is one word; one that begins inside of a word belongs to it.
        (["林", "小燕昨天", "去了", "青岛", "。"], ["林小燕昨天", "去了", "青岛", "。"]),
        (["林小燕昨天去了青岛。"], ["林小燕昨天去了青岛。"]),
    ],
)
@pytest.mark.parametrize("retokenize", [False, True])
def test_word_tokenised_pipeline(segmenter, tokens, expected, retokenize):
    nlp = copy_of(segmenter, retokenize=retokenize)
    nlp.tokenizer = Tokens(nlp.vocab, tokens)
    doc = nlp(TEXTS[0])
    assert words(doc) == expected
    assert [token.text for token in doc] == (expected if retokenize else tokens)


def test_word_spans_of_nothing():
    assert word_spans(spacy.blank("zh").make_doc(""), numpy.zeros(0, dtype="int64")) == []


# Retokenisation


def test_tokens_become_words(segmenter, tmp_path):
    nlp = copy_of(segmenter, retokenize=True)
    nlp.to_disk(tmp_path)
    for each in (nlp, spacy.load(tmp_path)):
        docs = list(each.pipe(TEXTS))
        assert [[token.text for token in doc] for doc in docs] == GOLD
        assert [words(doc) for doc in docs] == GOLD
    assert nlp.evaluate(word_examples(nlp))["words_f"] == 1.0


def test_entities_stay_as_they_are(segmenter):
    nlp = copy_of(segmenter, retokenize=True)
    doc = nlp.make_doc(TEXTS[0])
    # The second begins inside of the word 昨天.
    doc.ents = [Span(doc, 0, 3, "PER"), Span(doc, 4, 6, "X", kb_id="Q1"), Span(doc, 7, 9, "LOC")]
    nlp(doc)
    assert [(ent.text, ent.label_, ent.kb_id_) for ent in doc.ents] == [
        ("林小燕", "PER", ""),
        ("天去", "X", "Q1"),
        ("青岛", "LOC", ""),
    ]
    assert [token.text for token in doc] == ["林小燕", "昨", "天", "去", "了", "青岛", "。"]
    assert words(doc) == [token.text for token in doc]


def test_components_after_it_see_words(segmenter):
    nlp = copy_of(segmenter, retokenize=True)
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "LOC", "pattern": [{"TEXT": "青岛"}]}])
    assert [ent.text for ent in nlp(TEXTS[0]).ents] == ["青岛"]
