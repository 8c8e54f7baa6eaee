import os
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab

from spacy_cner.corpus.document import AnnotatedText, trim
from spacy_cner.errors import InputError
from spacy_cner.evaluation.words import make_words_scorer, read_vocabulary, score_words
from spacy_cner.text.words import WORDS_KEY

VOCAB = Vocab()
KEYS = ["words_p", "words_r", "words_f", "words_r_iv", "words_r_oov", "words_oov_rate"]


def segmented(text):
    """A document of characters with the words that single spaces separate; `_` is a space of the text."""
    chars, words, start = text.replace(" ", "").replace("_", " "), [], 0
    for word in text.split(" "):
        words.append((start, start + len(word)))
        start += len(word)
    return AnnotatedText(chars, None, trim(chars, words)).to_doc(VOCAB)


def tokenized(text):
    words = text.split(" ")
    return Doc(VOCAB, words=words, spaces=[False] * len(words))


def test_values_by_hand():
    # 7 gold words, 5 found, of which 她 and 青岛 are right; 青岛 and 海风 are unseen in training.
    example = Example(segmented("她 去了 青岛 吹海 风。"), segmented("她 去 了 青岛 吹 海风 。"))
    none_right = Example(segmented("她 来"), segmented("她来"))
    scores = score_words([example, none_right], {"她", "去", "了", "吹", "。", "她来"})
    expected = [2 / 7, 2 / 8, 4 / 15, 1 / 6, 1 / 2, 2 / 8]
    assert scores == pytest.approx(dict(zip(KEYS, expected, strict=True)))


def test_words_are_compared_whatever_the_tokens():
    gold = segmented("她 用 iPhone_X 拍_ 照")
    words = Doc(VOCAB, words=["她用", "iPhone", "X拍", "照"], spaces=[False, True, True, False])
    assert words.text == gold.text
    assert score_words([Example(words, gold)])["words_r"] == pytest.approx(1 / 5)
    words = Doc(VOCAB, words=["她", "用", "iPhone", "X", "拍", "照"], spaces=[False, False, True, False, True, False])
    assert score_words([Example(words, gold)])["words_r"] == pytest.approx(4 / 5)
    words.spans[WORDS_KEY] = [words[0:1], words[1:2], words[2:4], words[4:5], words[5:6]]
    assert score_words([Example(words, gold)])["words_f"] == pytest.approx(1.0)


def test_tokens_are_words_where_no_words_are_set():
    assert score_words([Example(tokenized("她 去了 青岛"), segmented("她 去 了 青岛"))])["words_r"] == 2 / 4


def test_white_space_does_not_count():
    gold = segmented("她 去_ 青岛")
    spaced = tokenized("她 \u3000 去 青岛 \n")
    assert score_words([Example(spaced, gold)])["words_f"] == pytest.approx(1.0)


def test_other_characters_count():
    with pytest.raises(InputError, match="same text but for white space, got '她去青岛' .4 char.* '她去大连' .4 char"):
        score_words([Example(segmented("她 去 青岛"), segmented("她 去 大连"))])


def test_documents_without_gold_words_are_left_out():
    no_words = Example(segmented("她 去"), tokenized("她 去"))
    scored = Example(segmented("她 去"), segmented("她 去"))
    assert score_words([no_words, scored], {"她"}) == score_words([scored], {"她"})
    assert score_words([no_words], {"她"}) == dict.fromkeys(KEYS) == score_words([])


def test_what_cannot_be_counted_is_none():
    example = Example(segmented("她去"), segmented("她 去"))
    assert [score_words([example])[key] for key in KEYS] == [0.0, 0.0, 0.0, None, None, None]
    assert [score_words([example], {"她", "去"})[key] for key in KEYS[3:]] == [0.0, None, 0.0]
    assert [score_words([example], {"来"})[key] for key in KEYS[3:]] == [None, 0.0, 1.0]


@st.composite
def two_segmentations(draw):
    """The characters of a text without white space, and two sets of places where it is cut."""
    text = draw(st.text(st.sampled_from("她去x青"), min_size=1, max_size=9))
    cuts = st.sets(st.integers(1, len(text) - 1)) if len(text) > 1 else st.just(set())
    return text, draw(cuts), draw(cuts)


def as_doc(text, cuts):
    edges = [0, *sorted(cuts), len(text)]
    return AnnotatedText(text, None, list(zip(edges, edges[1:], strict=False))).to_doc(VOCAB)


@settings(max_examples=150, deadline=None)
@given(st.lists(two_segmentations(), min_size=1, max_size=3), st.sets(st.sampled_from(["她", "去x", "青", "青青"])))
def test_brute_force(texts, vocabulary):
    """Every substring of every text is asked whether it is a word of either side: cut at both ends and nowhere else."""
    right, gold, found, right_oov, oov = 0, 0, 0, 0, 0
    for text, found_cuts, gold_cuts in texts:
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                between = set(range(start + 1, end))
                ends = {start, end} - {0, len(text)}
                in_gold = ends <= gold_cuts and not between & gold_cuts
                in_found = ends <= found_cuts and not between & found_cuts
                unseen = text[start:end] not in vocabulary
                gold, found, right = gold + in_gold, found + in_found, right + (in_gold and in_found)
                oov, right_oov = oov + (in_gold and unseen), right_oov + (in_gold and in_found and unseen)
    examples = [Example(as_doc(text, found), as_doc(text, gold)) for text, found, gold in texts]
    expected = {
        "words_p": right / found,
        "words_r": right / gold,
        "words_f": 2 * right / (found + gold),
        "words_r_iv": (right - right_oov) / (gold - oov) if gold > oov else None,
        "words_r_oov": right_oov / oov if oov else None,
        "words_oov_rate": oov / gold,
    }
    assert score_words(examples, vocabulary) == pytest.approx(expected)


def test_vocabulary_of_documents(tmp_path):
    DocBin(docs=[segmented("她 去 青岛"), tokenized("没有 词")]).to_disk(tmp_path / "train.spacy")
    DocBin(docs=[segmented("New_York 。")]).to_disk(tmp_path / "more.spacy")
    assert read_vocabulary(tmp_path / "train.spacy") == {"她", "去", "青岛"}
    assert read_vocabulary(tmp_path) == {"她", "去", "青岛", "NewYork", "。"}


@pytest.mark.parametrize("name, encoding", [("w.utf8", "utf-8-sig"), ("w.txt", "gb18030"), ("w.txt", "utf-8")])
def test_vocabulary_of_a_word_list(tmp_path, name, encoding):
    (tmp_path / name).write_bytes("青岛\r\n她\n\n 海风 \nNew York".encode(encoding))
    assert read_vocabulary(tmp_path / name) == {"青岛", "她", "海风", "NewYork"}


def test_vocabulary_without_words(tmp_path):
    DocBin(docs=[tokenized("没有 词")]).to_disk(tmp_path / "train.spacy")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(InputError, match="train.spacy: expected a training set with words, got none"):
        read_vocabulary(tmp_path / "train.spacy")
    with pytest.raises(InputError, match="empty.txt: expected text, the file is empty"):
        read_vocabulary(tmp_path / "empty.txt")


EXAMPLES = [Example(segmented("她 去青岛"), segmented("她 去 青岛"))]


def test_training_set_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "words.utf8"
    scorer = make_words_scorer(str(path))
    path.write_text("她\n", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert scorer(EXAMPLES, labels=["W"], train="ignored")["words_oov_rate"] == pytest.approx(2 / 3)
    path.write_text("她\n去\n", encoding="utf-8")
    os.utime(path, ns=(2, 2))
    assert scorer(EXAMPLES)["words_oov_rate"] == pytest.approx(1 / 3)


def test_absent_training_set_warns(tmp_path):
    scorer = make_words_scorer(str(tmp_path / "elsewhere.utf8"))
    with pytest.warns(UserWarning, match=r"no training set at .*elsewhere.utf8: .*words_r_oov\) is left out"):
        scores = scorer(EXAMPLES)
    assert (scores["words_r"], scores["words_r_oov"]) == (pytest.approx(1 / 3), None)


def test_scorer_is_registered_and_pickles(tmp_path):
    DocBin(docs=[segmented("她 去")]).to_disk(tmp_path / "train.spacy")
    config = {"scorer": {"@scorers": "spacy_cner.words_scorer.v1", "train": str(tmp_path / "train.spacy")}}
    scorer = pickle.loads(pickle.dumps(registry.resolve(config)["scorer"]))
    scores = scorer(EXAMPLES)
    assert [scores[key] for key in KEYS[3:]] == pytest.approx([1 / 2, 0.0, 1 / 3])
