import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.errors import CorpusError, InputError
from spacy_cner.features.word_list import BEGIN, INSIDE, OUTSIDE, WordList, own_lists, read_list


def match(words, text):
    return WordList(words).match(numpy.array([ord(char) for char in text], dtype="int64")).tolist()


def by_hand(words, text):
    roles, i = [], 0
    while i < len(text):
        length = max((len(word) for word in words if text.startswith(word, i)), default=0)
        roles += [BEGIN] + [INSIDE] * (length - 1) if length else [OUTSIDE]
        i += max(1, length)
    return roles


@given(st.lists(st.text("甲乙丙", min_size=1, max_size=4), min_size=1, max_size=6), st.text("甲乙丙丁", max_size=20))
@settings(max_examples=200, deadline=None)
def test_forward_maximum_matching(words, text):
    assert match(words, text) == by_hand(words, text)


def test_the_longest_entry_wins():
    assert match(["青岛", "青岛大学", "学"], "在青岛大学学习") == [0, 1, 2, 2, 2, 1, 0]


def test_full_width_entries_match_normalised_text():
    assert match(["ＡＢ"], "xABx") == [0, 1, 2, 0]


def test_files(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("\ufeff# a comment\n林 王\n\n欧阳\n", encoding="utf-8")
    assert read_list(path).entries == ["林", "欧阳", "王"]
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="list.txt: expected a list with entries"):
        read_list(path)
    path.write_bytes("王".encode("gb18030"))
    with pytest.raises(CorpusError, match="expected UTF-8"):
        read_list(path)
    with pytest.raises(InputError, match="expected a list with entries"):
        WordList([])


def test_own_lists_are_there():
    lists = own_lists()
    assert {"surname", "place_tail", "org_tail", "not_name"} <= set(lists)
    assert "王" in read_list(lists["surname"]).entries
    assert "省" in read_list(lists["place_tail"]).entries
