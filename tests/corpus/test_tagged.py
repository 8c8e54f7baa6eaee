import pytest

from spacy_cner.corpus.source import Source
from spacy_cner.corpus.tagged import TAG_SETS, TAGS_LEFT_OVER, join_names, read_tagged
from spacy_cner.errors import InputError


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


def test_tags_may_be_chinese(tmp_path):
    sentence, _ = read("头痛/症状 吃/v 布洛芬/药品", tmp_path, labels={"症状": "症状", "药品": "DRUG"})
    assert shown(sentence)[1] == [("头痛", "症状"), ("布洛芬", "DRUG")]
    error, _ = read("北京/ns大学/n 去/v上海", tmp_path)
    assert "expected word/tag" in str(error) or "separated by spaces" in str(error)


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


def test_tags_that_no_rule_reads_are_counted(tmp_path):
    _, source = read("林小燕/nh 在/p 大连/ns 的/u 海风/ni 见/v 王海/nh", tmp_path)
    assert source.left_over == {TAGS_LEFT_OVER: {"nh": 2, "ni": 1}} and not source.notes


def test_labels_that_never_occur_are_noted(tmp_path):
    _, source = read("[海风/n 电台/n]nt 林小燕/nr", tmp_path, labels={"nr": "PER", "nt": "ORG", "nrx": "PER"})
    assert list(source.notes) == ["tag nrx of --labels that never occurs"]


@pytest.mark.parametrize(
    "tag_set, line, entities",
    [
        ("pku", "林/nr 小燕/nr 在/p 大连/ns 海风/nt", [("林小燕", "PER"), ("大连", "LOC"), ("海风", "ORG")]),
        ("ltp", "林小燕/nh 今天/nt 在/p 大连/ns 海风/ni", [("林小燕", "PER"), ("大连", "LOC"), ("海风", "ORG")]),
        (
            "lac",
            "林小燕/PER 去年/TIME 在/p 大连/LOC 海风/ORG 王海/nr",
            [("林小燕", "PER"), ("去年", "TIME"), ("大连", "LOC"), ("海风", "ORG"), ("王海", "PER")],
        ),
        ("ctb", "林小燕/NR 在/P 大连/NR 工作/VV", [("林小燕", "PROPN"), ("大连", "PROPN")]),
        ("msra", "林小燕/NR 在/o 大连/NS 海风/NT", [("林小燕", "PER"), ("大连", "LOC"), ("海风", "ORG")]),
        (
            "ictclas",
            "汤姆/nrf 林/nr1 小燕/nr2 李/nr1 去/v 巴黎/nsf 海风/ntc 王/nrf 海/nrg 山田/nrj",
            [
                ("汤姆", "PER"),
                ("林小燕", "PER"),
                ("李", "PER"),
                ("巴黎", "LOC"),
                ("海风", "ORG"),
                ("王海", "PER"),
                ("山田", "PER"),
            ],
        ),
    ],
)
def test_tag_sets(tag_set, line, entities, tmp_path):
    assert shown(read(line, tmp_path, tag_set=tag_set)[0])[1] == entities


def test_unknown_tag_set(tmp_path):
    with pytest.raises(InputError, match=f"expected a tag set out of {', '.join(TAG_SETS)}, got 'pfr'"):
        read("林/nr", tmp_path, tag_set="pfr")


@pytest.mark.parametrize("separator", ["\u3000", "\xa0", ",", "|", "", "，", ";"])
@pytest.mark.parametrize("line", ["林小燕/nr{}在/p{}大连/ns", "去/v 大连/ns{}。/w", "[海风/n{}电台/n]nt"])
def test_words_that_are_not_separated_by_spaces(separator, line, tmp_path):
    error, source = read(line.replace("{}", separator), tmp_path)
    assert str(error).startswith(f"{source.path}:1: expected words separated by spaces or tabs, got ")


def test_white_space_may_be_a_word(tmp_path):
    assert shown(read("林小燕/nr \u3000/w 来/v", tmp_path)[0]) == ("林小燕 来", [("林小燕", "PER")])


def test_long_glosses_take_linear_time(tmp_path):
    sentence, _ = read("（" * 200_000 + "/nr", tmp_path)
    assert len(sentence.text) == 200_000
