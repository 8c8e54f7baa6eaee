"""Documents, or parts of them, that nobody has annotated: they contradict nothing."""

import pytest
import spacy

from spacy_cner.evaluation.audit.copies import copies
from spacy_cner.evaluation.audit.finding import Annotated, read
from spacy_cner.evaluation.audit.likely import gold, likely_errors
from spacy_cner.evaluation.audit.strings import inconsistent

TEXT = "王海在青岛"
PERSON, PLACE = (0, 2, "PER"), (3, 5, "LOC")


def differences(*documents):
    found = copies({"train": [Annotated(TEXT, *each) for each in documents]})
    return [(each.document, each.said) for each in found if each.kind == "annotated in two ways"]


def test_what_is_read():
    nlp = spacy.blank("zh")
    part, none, every = nlp.make_doc(TEXT), nlp.make_doc(TEXT), nlp.make_doc(TEXT)
    part.set_ents([part.char_span(0, 2, "PER")], missing=[part[3:5]], default="outside")
    every.set_ents([every.char_span(3, 5, "LOC")])
    assert read([part, none, every]) == [
        (TEXT, [PERSON], [(3, 4), (4, 5)]),
        (TEXT, None, []),
        (TEXT, [PLACE], []),
    ]


@pytest.mark.parametrize(
    "documents, expected",
    [
        ([([PERSON],), (None,)], []),
        ([(None,), ([PERSON],), ([],)], [(3, "as document 2, there 王海 PER, here nothing")]),
        ([([PERSON, PLACE],), ([PERSON], [(3, 5)])], []),
        (
            [([PERSON], [(3, 4), (4, 5)]), ([PERSON, PLACE],), ([PERSON],)],
            [(3, "as document 2, there 青岛 LOC, here nothing")],
        ),
        ([([PERSON, PLACE],), ([], [(4, 5)])], [(2, "as document 1, there 王海 PER, here nothing")]),
    ],
)
def test_copies_differ_only_where_both_are_annotated(documents, expected):
    assert differences(*documents) == expected


def test_a_string_without_annotation_is_not_inconsistent():
    usual = [Annotated(f"第{i}天去北京", [(4, 6, "LOC")]) for i in range(6)]
    assert not list(inconsistent({"train": [*usual, Annotated("明天去北京", [], [(3, 4), (4, 5)])]}))
    assert len(list(inconsistent({"train": [*usual, Annotated("明天去北京", [], [(0, 2)])]}))) == 1


def test_models_learn_nothing_from_it():
    doc = gold(spacy.blank("zh").make_doc(f"{TEXT}  玩"), Annotated(f"{TEXT}  玩", [PERSON], [(3, 6)]))
    assert [token.ent_iob_ for token in doc] == ["B", "I", "O", "", "", "O", "O"]


def test_what_a_model_finds_there_is_no_likely_error():
    documents = [
        Annotated(f"{person}昨天去了{place}。", [(0, 2, "PER"), (6, 8, "LOC")])
        for person in ("王海", "林燕", "陈东", "周明", "吴江", "郑伟")
        for place in ("青岛", "大连", "杭州", "苏州", "西安", "成都")
    ]
    assert not list(likely_errors({"train": documents}, 4))
    documents[5] = Annotated(documents[5].text, [PERSON], [(6, 8)])
    assert not list(likely_errors({"train": documents}, 4))
    documents[5] = Annotated(documents[5].text, [PERSON])
    assert [each.document for each in likely_errors({"train": documents}, 4)] == [6]
