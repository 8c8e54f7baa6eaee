import json

import pytest

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.source import Source
from spacy_cner.corpus.train_data import read_train_data

PAIRS = [["林小燕在大连", {"entities": [[0, 3, "PER"], [4, 6, "LOC"]]}], ["好", {"entities": []}], ["王", {"cats": {}}]]
SENTENCES = [
    AnnotatedText("林小燕在大连", [(0, 3, "PER"), (4, 6, "LOC")]),
    AnnotatedText("好", []),
    AnnotatedText("王", None),
]


def read(tmp_path, content, **options):
    source = Source(tmp_path / "a.json", content, "utf-8")
    return [sentence for _, sentence in read_train_data(source, **options)], source


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(PAIRS),
        json.dumps(PAIRS, indent=2, ensure_ascii=False),
        "\n".join(map(json.dumps, PAIRS)),
        json.dumps({"classes": ["PER"], "annotations": [*PAIRS, None]}),
    ],
)
def test_pairs_in_all_forms(tmp_path, content):
    assert read(tmp_path, content)[0] == SENTENCES


def test_texts_without_annotation_are_noted(tmp_path):
    _, source = read(tmp_path, json.dumps({"annotations": [None, PAIRS[0]]}))
    assert list(source.notes) == ["text without annotation, left out"]


def test_offsets_in_other_units(tmp_path):
    assert read(tmp_path, json.dumps([["😀王海", {"entities": [[2, 4, "PER"]]}]]), offsets="utf16")[0] == [
        AnnotatedText("😀王海", [(1, 3, "PER")])
    ]


@pytest.mark.parametrize(
    "pair, message",
    [
        (["王海"], 'expected [text, {"entities": [[start, end, label]]}]'),
        (["王海", [[0, 2, "PER"]]], 'expected [text, {"entities": [[start, end, label]]}]'),
        ({"text": "王海", "entities": []}, 'expected [text, {"entities": [[start, end, label]]}]'),
        (["王海", {"entities": [[0, 2]]}], 'expected [[start, end, label]] under "entities"'),
        (["王海", {"names": [[0, 2, "PER"]]}], "got names"),
    ],
)
def test_what_breaks_the_format(pair, message, tmp_path):
    found, _ = read(tmp_path, json.dumps([PAIRS[1], pair]))
    assert found[0] == SENTENCES[1] and message in str(found[-1])


def test_a_broken_first_line(tmp_path):
    lines = ['["小明", {"entities": [[0, 2, "PER"]}]', *map(json.dumps, PAIRS)]
    (error, *others), _ = read(tmp_path, "\n".join(lines))
    assert "a.json:1: " in str(error) and others == SENTENCES
