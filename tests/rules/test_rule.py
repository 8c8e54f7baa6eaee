import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.errors import CorpusError, InputError
from spacy_cner.features.word_list import WordList
from spacy_cner.rules.rule import Rule, apply_rules, check_list_names, own_rules, parse_rules, read_rules
from spacy_cner.rules.view import CLOSE, OPEN, Labels, make_view

LISTS = {"org_tail": WordList(["院", "学院", "公司"]), "sur": WordList(["林", "王"])}


def apply(rule, marked):
    """`[LOC 大连]海洋` to the entities after the rule: text and label of each."""
    text, spans = "", []
    for part in marked.replace("]", "[").split("["):
        label, space, inner = part.partition(" ")
        if space:
            spans.append((len(text), len(text) + len(inner), label))
        text += inner if space else part
    rules = parse_rules([rule], LISTS)
    return [f"{text[start:end]} {label}" for start, end, label in apply_rules(rules, text, spans)]


@pytest.mark.parametrize(
    "rule, text, expected",
    [
        ("{<LOC>}+<ORG> => <ORG>", "在[LOC 辽宁][LOC 大连][ORG 海洋学院]读书", ["辽宁大连海洋学院 ORG"]),
        ("{<LOC>}+<ORG> => <ORG>", "在[LOC 辽宁]的[ORG 海洋学院]读书", ["辽宁 LOC", "海洋学院 ORG"]),
        ("<LOC> . . [org_tail] => <ORG>", "[LOC 大连]海洋学院", ["大连海洋学院 ORG"]),
        ("<LOC|PER>[org_tail] => <ORG>", "[PER 鲁青]公司和[LOC 大连]院", ["鲁青公司 ORG", "大连院 ORG"]),
        ('<LOC:"大" .> => <ORG>', "[LOC 大连][LOC 海大]", ["大连 ORG", "海大 LOC"]),
        ("<LOC:.*[org_tail]> => <ORG>", "[LOC 文学院]在[LOC 大连]", ["文学院 ORG", "大连 LOC"]),
        ('"是"(<ORG>)"人" => O', "她是[ORG 海大]人,在[ORG 海大]", ["海大 ORG"]),
        ('"(" <LOC> ")" => <ORG>', "从(大连)到（[LOC 大连]）", ["（大连） ORG"]),
        ('"青岛" => <LOC>', "青岛和[ORG 青岛大学]", ["青岛 LOC", "青岛大学 ORG"]),
        ('{"青岛"|"大连"}"人"? => <LOC>', "青岛人和大连", ["青岛人 LOC", "大连 LOC"]),
        ("<PER><PER> => <PER>", "[PER 林][PER 海][PER 燕]", ["林海燕 PER"]),
        ("<PER:([sur]..)([sur].+)> => <PER><PER>", "[PER 林小燕王大海王青]", ["林小燕 PER", "王大海 PER", "王青 PER"]),
        ("<PER>([sur].)<PER> => <PER>", "[PER 林海]王青[PER 林燕]王燕", ["林海 PER", "王青 PER", "林燕 PER"]),
        ("(<LOC>)(<PER>) => <PER> O", "[LOC 大连][PER 海]", ["大连 PER"]),
        ('(<PER>)?"先生" => <ORG>', "先生和[PER 林海]先生和[LOC 大连]先生", ["林海 ORG", "大连 LOC"]),
        ('{("甲")|"乙"} => <ORG>', "乙和甲和[LOC 乙]", ["甲 ORG", "乙 LOC"]),
        ("(<PER>)<LOC>(<PER>) => <ORG> O", "[PER 林海][LOC 大连][PER 林燕]", ["林海 ORG", "大连 LOC"]),
        ('"海"("大")"海"("大") => <ORG><ORG>', "海大海大和[LOC 海大]", ["大 ORG", "大 ORG", "海大 LOC"]),
        ('(<PER>)?(<LOC>)?"人" => <ORG> <LOC>', "人和[LOC 大连]人", ["大连 LOC"]),
    ],
)
def test_rules(rule, text, expected):
    assert apply(rule, text) == expected


def test_the_packages_own_rules():
    rules = own_rules()
    names = ("org_tail", "surname", "given_name")
    assert len(rules) == len(parse_rules(rules, {name: WordList(["院"]) for name in names})) == 8


def test_rules_come_one_after_the_other():
    rules = parse_rules(['"海" => <LOC>', "<LOC><ORG> => <ORG>"], {})
    assert apply_rules(rules, "海大学", [(1, 3, "ORG")]) == [(0, 3, "ORG")]


@pytest.mark.parametrize(
    "rule, message",
    [
        ("<LOC>", "expected a left side, =>"),
        ("<LOC> => ORG", "expected a left side, =>"),
        (" => <ORG>", "expected a left side, =>"),
        ("<LOC> 的 => <ORG>", "got '的', which is no part"),
        ("{<LOC> => <ORG>", "expected a pattern like a regular expression"),
        ("+<LOC> => <ORG>", "expected a pattern like a regular expression"),
        ("(<LOC>)(<LOC>) => <ORG>", "expected as many parts in parentheses as results, got 2"),
        ("<LOC><LOC> => <ORG> O", "expected as many parts in parentheses as results, got 1"),
        ("<LOC>* => <ORG>", "does not match the empty text"),
        ('"好😀" => <ORG>', "expected text without emoji, which are read as commas, got '😀'"),
        ("[nowhere] => <ORG>", "expected a list out of org_tail, sur, got 'nowhere'"),
        ("<LOC:<ORG>> => <ORG>", "which is no part"),
        ('"大连" => < >', "expected a left side"),
        ('(<LOC>("大学")) => <ORG> <LOC>', "side by side"),
        ('"\ue000" => <ORG>', "private use"),
    ],
)
def test_malformed_rules(rule, message):
    with pytest.raises(InputError, match=message) as error:
        parse_rules([rule], LISTS)
    assert repr(rule.strip()) in str(error.value)


def test_files(tmp_path):
    path = tmp_path / "rules.txt"
    path.write_text("\ufeff# a comment\n\n<LOC><ORG> => <ORG>\n", encoding="utf-8")
    assert read_rules(path, LISTS) == ["<LOC><ORG> => <ORG>"]
    path.write_text("  # indented\n<LOC><ORG> => <ORG>\n<LOC> -> <ORG>\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="rules.txt:3: expected a left side, =>"):
        read_rules(path, LISTS)
    with pytest.raises(CorpusError, match="missing.txt: expected a readable file"):
        read_rules(tmp_path / "missing.txt", LISTS)
    path.write_bytes('"王" => <PER>'.encode("gb18030"))
    with pytest.raises(CorpusError, match="rules.txt.*utf-8"):
        read_rules(path, LISTS)


def test_blanks_around_a_label():
    rules = parse_rules(['<LOC>"大学" => < ORG >'], LISTS)
    assert apply_rules(rules, "北京大学", [(0, 2, "LOC")]) == [(0, 4, "ORG")]


def test_a_list_with_marks_of_entities():
    rules = parse_rules(["[odd] => <ORG>"], {"odd": WordList({"\ue000": "odd", "大学": "odd"})})
    assert apply_rules(rules, "北京大学", [(0, 2, "LOC")]) == [(0, 2, "LOC"), (2, 4, "ORG")]


def test_names_of_lists():
    check_list_names(["shops", "org_tail"])
    with pytest.raises(InputError, match="of small letters, digits and _, such as org_tail, got 'Shops'"):
        check_list_names(["Shops"])


@given(st.text("大连院人(\ue000\ue001\ue010😀", max_size=12), st.lists(st.integers(0, 12), max_size=6, unique=True))
@settings(max_examples=100)
def test_spans_stay_spans(text, cuts):
    cuts = sorted(cut for cut in cuts if cut <= len(text))
    spans = [(start, end, "LOC") for start, end in zip(cuts[::2], cuts[1::2])]
    rules = parse_rules(["<LOC>.[org_tail]? => <ORG>", ".(<LOC>) => O", ". <ORG> => <LOC>"], LISTS)
    found = apply_rules(rules, text, spans)
    assert all(0 <= start < end <= len(text) for start, end, _ in found)
    assert all(first[1] <= second[0] for first, second in zip(found, found[1:]))


@given(st.text("大连院人", max_size=12), st.lists(st.integers(0, 12), max_size=8, unique=True))
@settings(max_examples=100)
def test_matches_are_those_that_begin_outside_of_entities(text, cuts):
    """As a regular expression says it, which takes quadratic time."""
    cuts = sorted(cut for cut in cuts if cut <= len(text))
    spans = [(start, end, "LOC") for start, end in zip(cuts[::2], cuts[1::2])]
    labels = Labels()
    view = make_view(text, spans, labels)
    for left in ('"大"', ".<LOC>", '<LOC>"连"?', '"院" . "人"'):
        rule = Rule(f"{left} => O", labels, LISTS)
        expression = f"(?![^{OPEN}{CLOSE}]*{CLOSE})(?:{rule._search.pattern})"
        found = [match.span() for match in rule._matches(view)]
        assert found == [match.span() for match in re.finditer(expression, view.string)]
        assert rule.fits(view) == bool(found)
