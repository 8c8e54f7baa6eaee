import pytest

from spacy_cner.corpus.source import Source
from spacy_cner.corpus.tagged import join_names, read_tagged


def read(line, tmp_path, **options):
    source = Source(tmp_path / "corpus.txt", line + "\n", "gb18030")
    ((_, sentence),) = read_tagged(source, **options)
    return sentence, source


def shown(sentence):
    words = " ".join(sentence.text[start:end] for start, end in sentence.words)
    return words, [(sentence.text[start:end], label) for start, end, label in sentence.entities]


def test_words_and_entities(tmp_path):
    line = "20240101-01-001-002/m  [青岛/ns 海风/n 电台/n]nt  记者/n 林/nr 小燕/nr 到/v 大连/ns 市政府/nt １/m ／/w  "
    sentence, source = read(line, tmp_path)
    assert shown(sentence) == (
        "青岛 海风 电台 记者 林 小燕 到 大连 市政府 １ ／",
        [("青岛海风电台", "ORG"), ("林小燕", "PER"), ("大连", "LOC"), ("市政府", "ORG")],
    )
    assert sentence.tags == ["ns", "n", "n", "n", "nr", "nr", "v", "ns", "nt", "m", "w"]
    assert not source.notes


@pytest.mark.parametrize("line", ["[海风/n 电台/n]nt 。/w", "[海风/n 电台/n]/nt 。/w"])
def test_both_ways_to_close_a_bracket(line, tmp_path):
    assert shown(read(line, tmp_path)[0])[1] == [("海风电台", "ORG")]


def test_words_with_slashes_and_brackets(tmp_path):
    assert shown(read("1/2/m [/w ]/w //w km/h/q", tmp_path)[0]) == ("1/2 [ ] / km/h", [])


def test_inside_of_other_brackets_words_count(tmp_path):
    sentence, source = read("[青岛/ns 啤酒/n]nz 好/a", tmp_path)
    assert shown(sentence)[1] == [("青岛", "LOC")]
    assert source.notes == {"bracket with the tag nz, not read as an entity": [f"{source.path}:1"]}


def test_labels_can_be_chosen(tmp_path):
    labels = {"nr": "人", "nz": "BRAND"}
    sentence, source = read("[青岛/ns 啤酒/n]nz 林/nr 小燕/nr 在/p 大连/ns", tmp_path, labels=labels)
    assert shown(sentence)[1] == [("青岛啤酒", "BRAND"), ("林小燕", "人")] and not source.notes


@pytest.mark.parametrize(
    "words, persons",
    [
        ("林 小燕", ["林小燕"]),
        ("林 燕", ["林燕"]),
        ("欧阳 海风", ["欧阳海风"]),
        ("欧阳 风", ["欧阳风"]),
        ("林 小燕 王 海 欧阳 风", ["林小燕", "王海", "欧阳风"]),
        ("史密斯", ["史密斯"]),
        ("林 史密斯", ["林", "史密斯"]),
        ("史密斯 林 小燕", ["史密斯", "林小燕"]),
        ("小燕 大海", ["小燕", "大海"]),
        ("林", ["林"]),
        ("林 王 小燕", ["林王小燕"]),
        ("林 王（三水）", ["林王（三水）"]),
        ("林 小（火火）", ["林小（火火）"]),
    ],
)
def test_surname_and_given_name_are_one_person(words, persons):
    words = words.split()
    assert ["".join(words[start:end]) for start, end in join_names(words)] == persons


def test_names_are_not_joined_over_a_bracket(tmp_path):
    sentence, _ = read("[王/nr 海/nr 小学/n]nt 林/nr [海/nr 小学/n]nt", tmp_path)
    assert shown(sentence)[1] == [("王海小学", "ORG"), ("林", "PER"), ("海小学", "ORG")]


@pytest.mark.parametrize(
    "line, message",
    [
        ("林/nr 小燕", "expected word/tag, [word/tag or word/tag]tag, got '小燕'"),
        ("/nr", "expected word/tag"),
        ("[林/nr 小燕/nr", "expected a ] after [林"),
        ("林/nr 电台/n]nt", "expected a [ before ]nt"),
        ("[海风/n [青岛/ns 电台/n]nt 台/n]nt", "not nested"),
        ("20240101-01-001-002/m", "empty"),
    ],
)
def test_lines_that_break_the_format(line, message, tmp_path):
    error, source = read(line, tmp_path)
    assert str(error).startswith(f"{source.path}:1: ") and message in str(error)
