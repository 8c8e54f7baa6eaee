import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.errors import InputError
from spacy_cner.evaluation.pipeline import evaluate_pipeline

PATTERNS = [
    {"label": "PER", "pattern": "小周"},
    {"label": "LOC", "pattern": "苏州"},
    {"label": "LOC", "pattern": "老吴"},
]
TEXT = "小周去苏州找老吴"
GOLD = [(0, 2, "PER"), (3, 5, "LOC"), (6, 8, "PER")]


class WordTokenizer:
    """Stands in for a Chinese word segmenter: words of two characters."""

    def __init__(self, vocab):
        self.vocab = vocab

    def __call__(self, text):
        words = [text[i : i + 2] for i in range(0, len(text), 2)]
        return Doc(self.vocab, words=words, spaces=[False] * len(words))


@pytest.fixture
def nlp():
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    return nlp


def make_gold(nlp, spans, text=TEXT, words=None):
    words = words or list(text)
    doc = Doc(nlp.vocab, words=words, spaces=[False] * len(words))
    if spans is not None:
        doc.ents = [doc.char_span(start, end, label=label) for start, end, label in spans]
    return doc


def test_values_by_hand(nlp):
    # 小周 and 苏州 are found, 老吴 is found as LOC. 苏州 and 老吴 are unseen.
    scores = evaluate_pipeline(nlp, [make_gold(nlp, GOLD)], known={("小周", "PER")}, batch_size=1)
    assert [scores[f"ents_{key}"] for key in "prf"] == pytest.approx([2 / 3] * 3)
    assert scores["ents_per_type"]["LOC"] == pytest.approx({"p": 1 / 2, "r": 1.0, "f": 2 / 3})
    assert scores["ents_r_oov"] == pytest.approx(1 / 2)
    assert scores["speed"] > 0


def test_gold_annotation_does_not_reach_the_pipeline(nlp):
    empty = spacy.blank("zh")
    scores = evaluate_pipeline(empty, [make_gold(nlp, GOLD)])
    assert (scores["ents_p"], scores["ents_r"]) == (0.0, 0.0)


def test_pipeline_with_words_of_its_own_and_no_scorer(nlp):
    @Language.component("word_ents_for_test")
    def word_ents(doc):
        doc.ents = [doc.char_span(0, 2, label="PER"), doc.char_span(6, 8, label="PER")]
        return doc

    words = spacy.blank("zh")
    words.tokenizer = WordTokenizer(words.vocab)
    words.add_pipe("word_ents_for_test")
    scores = evaluate_pipeline(words, [make_gold(nlp, GOLD)], known=set())
    assert (scores["ents_p"], scores["ents_r"]) == pytest.approx((1.0, 2 / 3))
    assert scores["ents_r_oov"] == pytest.approx(2 / 3)


def test_a_part_of_a_gold_word_is_wrong(nlp):
    """spaCy alone would align 小周 to the gold word 小周去 and count it as right."""
    gold = make_gold(nlp, [(0, 3, "PER")], words=["小周去", "苏州", "找", "老吴"])
    scores = evaluate_pipeline(nlp, [gold], known=set())
    assert scores["ents_p"] == scores["ents_r"] == scores["ents_r_oov"] == 0.0


def test_documents_without_annotation_are_skipped_with_a_warning(nlp, caplog):
    docs = [make_gold(nlp, GOLD), make_gold(nlp, None)]
    scores = evaluate_pipeline(nlp, docs)
    assert scores["ents_p"] == pytest.approx(2 / 3)
    assert "1 of 2 documents without entity annotation are left out" in caplog.text


def test_warns_of_documents_with_unknown_spaces(nlp, caplog):
    doc = Doc(nlp.vocab, words=["小", "周", "去"])
    doc.ents = [Span(doc, 0, 2, label="PER")]
    assert doc.text == "小 周 去 "
    assert evaluate_pipeline(nlp, [doc])["ents_r"] == 1.0
    assert "do not say where their text has spaces" in caplog.text


def test_warns_of_a_pipeline_that_finds_nothing(nlp, caplog):
    evaluate_pipeline(spacy.blank("zh"), [make_gold(nlp, GOLD)])
    assert "found no entity" in caplog.text


@pytest.mark.parametrize("count", [0, 2])
def test_no_annotation_at_all(nlp, count):
    with pytest.raises(InputError, match=f"none in {count} documents"):
        evaluate_pipeline(nlp, [make_gold(nlp, None) for _ in range(count)])


def test_spaces_in_the_text(nlp):
    text = " 小周  去\n苏州 "
    doc = nlp.make_doc(text)
    doc.ents = [doc.char_span(1, 3, label="PER"), doc.char_span(7, 9, label="LOC")]
    assert evaluate_pipeline(nlp, [doc], known=set())["ents_f"] == pytest.approx(1.0)
    by_char = make_gold(nlp, [(1, 3, "PER"), (7, 9, "LOC")], text=text)
    scores = evaluate_pipeline(nlp, [by_char], known=set())
    assert (scores["ents_f"], scores["ents_r_oov"]) == pytest.approx((1.0, 1.0))


@Language.component("pairs_for_test")
def pairs(doc):
    """Words of two characters."""
    doc.spans["words"] = [doc[i : i + 2] for i in range(0, len(doc), 2)]
    return doc


def segmented(nlp, words, entities=None):
    ends = [sum(map(len, words[: i + 1])) for i in range(len(words))]
    return AnnotatedText("".join(words), entities, list(zip([0, *ends], ends, strict=False))).to_doc(nlp.vocab)


def test_words_of_a_pipeline_that_sets_them(nlp):
    nlp.add_pipe("pairs_for_test")
    gold = segmented(nlp, ["小周", "去", "苏州", "找", "老吴"], GOLD)
    scores = evaluate_pipeline(nlp, [gold], known=set())
    assert scores["ents_r"] == pytest.approx(2 / 3)
    assert [scores[f"words_{key}"] for key in "prf"] == pytest.approx([1 / 4 * 2, 2 / 5, 4 / 9])
    assert scores["words_r_oov"] is None
    seen = evaluate_pipeline(nlp, [gold], vocabulary={"小周", "去"})
    assert [seen[f"words_{key}"] for key in ("r_iv", "r_oov", "oov_rate")] == pytest.approx([1 / 2, 1 / 3, 3 / 5])


def test_segmentation_alone_is_enough(nlp, caplog):
    nlp.add_pipe("pairs_for_test")
    scores = evaluate_pipeline(nlp, [segmented(nlp, ["小周", "去苏"])])
    assert (scores["words_f"], "ents_f" in scores, caplog.text) == (1.0, False, "")


def test_each_score_is_of_the_documents_that_have_its_annotation(nlp, caplog):
    nlp.add_pipe("pairs_for_test")
    scores = evaluate_pipeline(nlp, [segmented(nlp, ["小周"]), make_gold(nlp, GOLD), make_gold(nlp, None)])
    assert (scores["words_f"], scores["ents_r"]) == pytest.approx((1.0, 2 / 3))
    assert "2 of 3 documents without entity annotation are left out" in caplog.text
    assert "2 of 3 documents without words are left out" in caplog.text


def test_words_of_a_pipeline_that_sets_none(nlp, caplog):
    gold = [segmented(nlp, ["小周", "去"], [(0, 2, "PER")]), make_gold(nlp, GOLD)]
    assert "words_f" not in evaluate_pipeline(nlp, gold)
    assert "words" not in caplog.text
    tokens = evaluate_pipeline(nlp, gold, words=True)
    assert [tokens[f"words_{key}"] for key in "pr"] == pytest.approx([1 / 3, 1 / 2])
    assert evaluate_pipeline(nlp, gold, vocabulary={"小周"})["words_r_oov"] == 1.0


def test_words_that_are_asked_for_and_missing(nlp):
    with pytest.raises(InputError, match="expected documents with words, got none in 1 documents"):
        evaluate_pipeline(nlp, [make_gold(nlp, GOLD)], words=True)
    with pytest.raises(InputError, match="with entity annotation, got none in 1 documents; --words scores the tokens"):
        evaluate_pipeline(nlp, [segmented(nlp, ["小周"])])
