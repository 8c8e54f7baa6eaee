import json

import pytest

from spacy_cner.errors import CorpusError, InputError
from spacy_cner.terms.columns import Term, TermColumns
from spacy_cner.terms.index import TermIndex
from spacy_cner.terms.packing import pack, unpack
from spacy_cner.terms.reading import read_stops, read_terms, summary
from spacy_cner.terms.variants import variants_of
from spacy_cner.text.folding import Folding


def test_tsv(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("# names\n青岛\tLOC\nNew York\tLOC\tQ60\n\n苹果\tORG\t\t0.5\r\n", encoding="utf-8")
    columns, problems = read_terms([path])
    assert list(columns) == [Term("青岛", "LOC"), Term("New York", "LOC", "Q60"), Term("苹果", "ORG", "", 0.5)]
    assert not problems


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    value = {"term": "阿里巴巴", "label": "ORG", "id": "Q1", "weight": 2, "aliases": ["阿里", "Alibaba"]}
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")
    assert list(read_terms([path])[0]) == [Term(text, "ORG", "Q1", 2.0) for text in ("阿里巴巴", "阿里", "Alibaba")]


def test_what_cannot_be_used_is_named_with_file_and_line(tmp_path):
    one, other = tmp_path / "a.tsv", tmp_path / "b.jsonl"
    one.write_text(
        "青岛\tLOC\n大连\n \tLOC\n沈阳\t\n长春\tLOC\tQ\tmany\n吉林\tLOC\tQ\t-1\na\tb\tc\t1\te\n", encoding="utf-8"
    )
    other.write_text(
        '{"term": "北京", "label": "LOC"}\n{"term": 3, "label": "LOC"}\n[1]\n{"term"\n{"term": "a", "labe": "X"}\n'
        '{"term": "a\\nb", "label": "X"}\n{"term": "a", "label": "X", "aliases": "b"}\n',
        encoding="utf-8",
    )
    columns, problems = read_terms([one, other])
    assert [term.text for term in columns][:2] == ["青岛", "北京"]
    assert [(problem.path, problem.line) for problem in problems] == [
        *((one, line) for line in (2, 3, 4, 5, 6, 7)),
        *((other, line) for line in (2, 3, 4, 5, 6, 7)),
    ]
    assert all("expected" in str(problem) for problem in problems)
    assert "12 terms could not be used" in summary(problems) and "and 7 more" in summary(problems)


@pytest.mark.parametrize("text, words", [("大连\n", "expected terms, got: .*a.tsv:1"), ("", "empty")])
def test_a_file_without_a_term(tmp_path, text, words):
    (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=words):
        read_terms([tmp_path / "a.tsv"])


def test_another_ending(tmp_path):
    (tmp_path / "a.xlsx").write_text("青岛\tLOC", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a.xlsx: expected a file of terms with an ending out of .tsv"):
        read_terms([tmp_path / "a.xlsx"])


def test_stops(tmp_path):
    (tmp_path / "a.txt").write_text("# never\n苹果\n 高明 \n", encoding="utf-8")
    assert read_stops([tmp_path / "a.txt"]) == ["苹果", "高明"]


@pytest.mark.parametrize("weights", [(1.0, 1.0), (0.5, 1.0)])
@pytest.mark.parametrize("kb_id", ["", "Q1"])
def test_packing(weights, kb_id):
    columns = TermColumns.of([("青岛", "LOC", kb_id, weights[0]), ("🙂 a", "X", "", weights[1])])
    assert list(unpack(pack(columns))) == list(columns)
    assert list(unpack(pack(TermColumns()))) == []


def test_variants():
    columns = TermColumns.of([("软件", "X", "Q1"), ("青岛", "LOC")])
    assert list(variants_of(columns, ["s2twp", "s2t"])) == [
        Term("軟體", "X", "Q1"), Term("青島", "LOC"), Term("軟件", "X", "Q1"), Term("青島", "LOC"),
    ]  # fmt: skip
    with pytest.raises(InputError, match="expected a conversion of OpenCC out of .*s2twp.*got 'x2y'"):
        variants_of(columns, ["x2y"])


@pytest.mark.parametrize(
    "value",
    [
        "青岛", ("青岛",), ("青岛", 3), {"term": "青岛"}, ("青岛", "LOC", 5), ("a\tb", "X"), None,
        {"term": "青岛", "label": "LOC", "id": 0},
        ("\ud83d", "X"), ("青岛", "LOC\ud800"), ("青岛", "L\x01"), ("青岛", "LOC", "\ud800"),
        ("青岛", "LOC", "", 1e39), ("青岛", "LOC", "", 1e-50), ("青岛", "LOC", "", 10**400), ("青岛", "LOC", "", True),
    ],
)  # fmt: skip
def test_no_term(value):
    with pytest.raises(InputError, match="expected"):
        TermColumns.of([value])


def test_white_space_around_a_label_is_left_out():
    assert list(TermColumns.of([("青岛 ", " LOC")])) == [Term("青岛", "LOC")]


def test_a_file_whose_labels_are_identifiers(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"名{i}\tQ{i}\n" for i in range(70_000)), encoding="utf-8")
    with pytest.raises(InputError, match="expected at most 65,536 labels, got 70,000"):
        TermIndex(read_terms([path])[0], Folding())
