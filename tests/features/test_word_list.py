import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.errors import CorpusError, InputError
from spacy_cner.features.word_list import ENTRY_BEGIN, ENTRY_INSIDE, NO_ENTRY, WordList, own_lists, read_list


def match(words, text):
    return WordList(words).match(numpy.array([ord(char) for char in text], dtype="int64")).tolist()


def by_hand(words, text):
    roles, i = [], 0
    while i < len(text):
        length = max((len(word) for word in words if text.startswith(word, i)), default=0)
        roles += [ENTRY_BEGIN] + [ENTRY_INSIDE] * (length - 1) if length else [NO_ENTRY]
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


@given(
    st.dictionaries(st.text("甲乙丙", min_size=1, max_size=3), st.sampled_from("XYZ"), min_size=1),
    st.text("甲乙丙丁", max_size=20),
)
def test_classes_tell_entries_apart(class_of, text):
    numbers = {name: i for i, name in enumerate(sorted(set(class_of.values())))}
    words = WordList(class_of)
    found = words.match(numpy.array([ord(char) for char in text], dtype="int64"))
    roles = numpy.array(by_hand(class_of, text), dtype="int64")
    assert (numpy.where(found > 0, (found - 1) % 2 + 1, 0) == roles).all()
    for start in numpy.flatnonzero(roles == ENTRY_BEGIN):
        word = max((word for word in class_of if text.startswith(word, start)), key=len)
        here = slice(start, start + len(word))
        assert (found[here] - roles[here] == 2 * numbers[class_of[word]]).all()
    assert WordList.from_dict(words.to_dict()).to_dict() == words.to_dict()


def test_one_class_for_an_entry():
    with pytest.raises(InputError, match="expected one class for '国', got 'X' and 'Y'"):
        WordList({"国": "X", "國": "Y"})


def test_file_of_classes(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# a comment\n青岛\tplace\n\n青岛 大学\tschool\n大连\tplace\n", encoding="utf-8")
    words = read_list(path)
    assert words.entries == ["大连", "青岛", "青岛 大学"]
    assert [words.names[i] for i in words.classes] == ["place", "place", "school"]
    for line in ("烟台", "烟台\t", "\tplace", "烟台\tplace\tcity"):
        path.write_text(f"青岛\tplace\n{line}\n", encoding="utf-8")
        with pytest.raises(CorpusError, match="list.txt:2: expected an entry, a tab and its class, got"):
            read_list(path)
    path.write_text("青岛\tplace\n青岛\tschool\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="list.txt:2: expected the class 'place' as before, got"):
        read_list(path)


def test_files(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("\ufeff# a comment\n林\r\n王 \n\n欧阳\n", encoding="utf-8")
    assert read_list(path).entries == ["林", "欧阳", "王"]
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="list.txt: expected a list with entries"):
        read_list(path)
    path.write_bytes("王".encode("gb18030"))
    with pytest.raises(CorpusError, match="list.txt:1: expected text in utf-8"):
        read_list(path)
    with pytest.raises(InputError, match="expected a list with entries"):
        WordList([])


def test_own_lists_are_there():
    lists = own_lists()
    assert {"surname", "place_tail", "org_tail", "not_name"} <= set(lists)
    assert "王" in read_list(lists["surname"]).entries
    assert "省" in read_list(lists["place_tail"]).entries


def test_an_entry_may_hold_blanks(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("Note 9\nTom Lee\n海风 电台\n小燕 7 Pro\n", encoding="utf-8")
    assert read_list(path).entries == ["Note 9", "Tom Lee", "小燕 7 Pro", "海风 电台"]


def test_classes_without_blanks_at_their_ends(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("青岛\tplace \n大连 \t place\n", encoding="utf-8")
    words = read_list(path)
    assert (words.entries, words.names) == (["大连", "青岛"], ["place"])


@pytest.mark.parametrize(
    "lines, line, kind",
    [
        (["青岛", "海风公司 100 nt"], 2, "one of jieba's dictionary"),
        (["海风公司 nt 100"], 1, "one of HanLP's dictionary"),
        (["海风公司 nt 100 n 3"], 1, "one of HanLP's dictionary"),
        (["海风公司/ORG"], 1, "an entry with a tag, as in LAC's dictionary"),
        (["海风/n 公司/n"], 1, "an entry with a tag, as in LAC's dictionary"),
        (["海风公司,ORG"], 1, "an entry with a tag"),
        (["海风公司 100", "青岛 30"], 1, "one of a dictionary with frequencies"),
        (["大连", "林 王 李 张"], 2, "several"),
    ],
)
def test_dictionaries_of_other_programs_are_refused(tmp_path, lines, line, kind):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
    with pytest.raises(CorpusError) as error:
        read_list(path)
    assert str(error.value).startswith(f"{path}:{line}: expected one entry a line, got {kind}")


def test_no_file(tmp_path):
    with pytest.raises(CorpusError, match="none.txt: expected a readable file"):
        read_list(tmp_path / "none.txt")


def test_a_saved_list_whose_entries_have_become_one():
    saved = {"entries": [",", "海", "😀"], "names": ["a", "b"], "classes": [0, 1, 1]}
    assert WordList.from_dict(saved).to_dict() == {"entries": [",", "海"], "names": ["a", "b"], "classes": [0, 1]}


def test_emoji_are_refused(tmp_path):
    """They are read as commas, and would match each of these."""
    (tmp_path / "marks.txt").write_text("院\n🏢\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="marks.txt:2: expected entries without emoji, .* got '🏢'"):
        read_list(tmp_path / "marks.txt")
