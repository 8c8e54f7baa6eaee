import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.errors import InputError
from spacy_cner.text.chars import (
    codepoints,
    is_char_doc,
    normalize_char,
    normalize_text,
    normalize_texts,
    same_text,
    simplified_forms,
)

ANY_CHAR = st.characters(exclude_categories=["Cs"])
NLP = spacy.blank("zh")
VOCAB = NLP.vocab


def make_doc(words, vocab=None, spaces=None):
    return Doc(vocab or VOCAB, words=words, spaces=spaces or [False] * len(words))


@pytest.mark.parametrize(
    "char, expected",
    [
        ("Ａ", "A"),
        ("１", "1"),
        ("，", ","),
        ("王", "王"),
        ("國", "国"),
        ("於", "于"),
        ("乾", "乾"),  # 乾隆 is written so in simplified text, too
        ("\uf909", "契"),  # a compatibility ideograph
        ("a", "a"),
        ("①", "1"),
        ("ﬁ", "ﬁ"),  # NFKC makes two characters of it
        ("㍿", "㍿"),  # and four of this
        ("\u3000", " "),
        ("\n", " "),
        ("\u2028", " "),
        ("\u00a0", " "),
        ("😀", ","),
        ("\u200d", ","),
        ("\U0001f1e8", ","),  # half of a flag
        ("★", "★"),  # of the basic plane: bands and hotels have it in their names
        ("𠮷", "𠮷"),
    ],
)
def test_normalize_char(char, expected):
    assert normalize_char(char) == expected


@given(st.text(ANY_CHAR))
def test_normal_text_has_the_same_length_and_stays_as_it_is(text):
    normal = normalize_text(text)
    assert len(normal) == len(text)
    assert normalize_text(normal) == normal


def test_simplified_forms():
    forms = simplified_forms()
    assert len(forms) > 2900
    assert all(len(char) == len(form) == 1 for char, form in forms.items())
    # What a form stands for is nothing that would change again.
    assert not set(forms.values()) & set(forms)
    assert normalize_text("臺灣總統府發言人陳國樑") == "台湾总统府发言人陈国梁"


@given(st.text(ANY_CHAR, max_size=20))
def test_the_char_segmenter_makes_char_docs(text):
    doc = NLP.make_doc(text)
    assert is_char_doc(doc)
    assert codepoints(doc).tolist() == [ord(token.text[0]) for token in doc]


@pytest.mark.parametrize(
    "words, expected",
    [
        ([], True),
        (["王", "海"], True),
        (["王", " \n\t", "海"], True),
        (["王海"], False),
        (["王", " 海"], False),
        (["王", "\n", "蓝天"], False),
    ],
)
def test_is_char_doc(words, expected):
    assert is_char_doc(make_doc(words)) is expected


def test_codepoints_of_each_kind_of_character():
    doc = make_doc(["王", "A", "𠮷", "\n \t", "é"])
    assert codepoints(doc).tolist() == [ord("王"), ord("A"), 0x20BB7, ord("\n"), ord("é")]
    assert codepoints(doc).dtype == "uint32"
    assert codepoints(make_doc([])).shape == (0,)


def test_codepoints_do_not_depend_on_the_vocabulary():
    words = ["林", " \n", "海"]
    assert codepoints(make_doc(words, chinese_vocab())).tolist() == codepoints(make_doc(words)).tolist()


def test_codepoints_of_words_say_which_token():
    with pytest.raises(InputError, match=r"one character per token, got the token '小燕' \(token 1\) in '林小燕来了'"):
        codepoints(make_doc(["林", "小燕", "来", "了"]))


@pytest.mark.parametrize(
    "other, expected",
    [
        (make_doc(["王", "海"]), True),
        (make_doc(["王海"]), True),
        (make_doc(["王", "海"], spaces=[True, False]), False),
        (make_doc(["王", "江"]), False),
        (make_doc(["王"]), False),
        (make_doc([]), False),
    ],
)
def test_same_text(other, expected):
    assert same_text(make_doc(["王", "海"]), other) is expected
    assert same_text(other, make_doc(["王", "海"])) is expected


def test_same_text_with_spaces_held_in_other_ways():
    assert same_text(make_doc(["a", "b"], spaces=[True, False]), make_doc(["a", " ", "b"]))


ANY = st.one_of(st.characters(max_codepoint=0xFFFF, exclude_categories=()), st.sampled_from("😀🀄𠮷"))


@given(st.lists(st.text(ANY)))
def test_many_texts_at_once(texts):
    assert normalize_texts(texts) == [normalize_text(text) for text in texts]
