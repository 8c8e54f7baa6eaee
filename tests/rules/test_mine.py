import os
import subprocess
import sys

from spacy_cner.features.word_list import WordList
from spacy_cner.rules.mine import Text, candidates, mine
from spacy_cner.rules.rule import apply_rules, parse_rules

LISTS = {"org_tail": WordList(["院", "公司"])}
SPLIT = Text("大连海洋学院", [(0, 6, "ORG")], [(0, 2, "LOC"), (2, 6, "ORG")])
TAIL = Text("海天公司来了", [(0, 4, "ORG")], [(0, 2, "ORG")])
LABEL = Text("去海天公司", [(1, 5, "ORG")], [(1, 5, "LOC")])
WRONG = Text("说海话", [], [(1, 2, "LOC")])


def test_candidates_would_correct_an_error():
    assert set(candidates(SPLIT, LISTS)) == {"<LOC><ORG> => <ORG>", "{<LOC>}+<ORG> => <ORG>"}
    assert set(candidates(TAIL, LISTS)) == {'<ORG>"公司" => <ORG>', "<ORG>[org_tail] => <ORG>"}
    assert "<LOC:.*[org_tail]> => <ORG>" in set(candidates(LABEL, LISTS))
    assert '"说"(<LOC>)"话" => O' in set(candidates(WRONG, LISTS))


def test_every_candidate_corrects_its_error():
    for text in (SPLIT, TAIL, LABEL, WRONG):
        for candidate in set(candidates(text, LISTS)):
            assert apply_rules(parse_rules([candidate], LISTS), text.text, text.found) == text.gold, candidate


def test_keeps_what_fixes_more_than_it_breaks():
    right = Text("大连海大", [(0, 2, "LOC"), (2, 4, "ORG")], [(0, 2, "LOC"), (2, 4, "ORG")])
    mined = mine([SPLIT] * 3 + [TAIL] * 2 + [right], LISTS, min_fixes=3)
    # Two parts that are wrong and a whole that is missing; the right text has two entities less and one too many.
    assert [(each.fixes, each.breaks) for each in mined][0] == (9, 3)
    assert {each.rule for each in mined} < {
        "<LOC><ORG> => <ORG>",
        "{<LOC>}+<ORG> => <ORG>",
        '<ORG>"公司" => <ORG>',
        "<ORG>[org_tail] => <ORG>",
    }
    assert mine([SPLIT] * 3 + [right] * 12, LISTS, min_fixes=3) == []


def test_rules_name_the_lists_of_tails():
    lists = {"ends": WordList(["院", "公司"]), "other": WordList(["司"])}
    texts = [TAIL, Text("海天院来了", [(0, 3, "ORG")], [(0, 2, "ORG")])] * 2
    assert [each.rule for each in mine(texts, lists, tails=["ends"])] == ["<ORG>[ends] => <ORG>"]
    assert mine(texts, lists) == []


def test_no_texts():
    assert mine([], LISTS) == []


def test_candidates_that_the_notation_cannot_say_are_left_out():
    texts = [Text("在青岛港工作。", [(1, 4, "LOC")], [(1, 4, label)]) for label in ["ORG:NAM"] * 5 + ["ORG"] * 5]
    assert [each.rule for each in mine(texts, {}, min_fixes=3)]
    texts = [Text("看三\n体", [], [(1, 4, "BOOK")])] * 6
    assert all(len(each.rule.splitlines()) == 1 for each in mine(texts, {}, min_fixes=3))


def test_rules_do_not_depend_on_the_hash(tmp_path):
    code = (
        "from spacy_cner.rules.mine import Text, mine; "
        "texts = [Text(f'王海在{name}工作。', [(3, 3 + len(name), 'LOC')], [(3, 3 + len(name), 'ORG')]) "
        "for name in ('青岛港', '大连港', '东海站')] * 3; print([each.rule for each in mine(texts, {})])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "0123"
    }
    assert len(found) == 1 and found != {b"[]\n"}
