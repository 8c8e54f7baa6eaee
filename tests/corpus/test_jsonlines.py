import json

import pytest

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.jsonlines import NO_ENTITIES, read_cluener, read_doccano
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError

TEXT = "林小燕在大连"
ENTITIES = [(0, 3, "PER"), (4, 6, "LOC")]


def read(reader, content, tmp_path):
    line = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    source = Source(tmp_path / "corpus.jsonl", "\n" + line + "\n", "utf-8")
    ((number, sentence),) = reader(source)
    assert number == 2
    return sentence, source


def test_cluener(tmp_path):
    label = {"LOC": {"大连": [[4, 5]]}, "PER": {"林小燕": [[0, 2]]}}
    assert read(read_cluener, {"text": TEXT, "label": label}, tmp_path)[0] == AnnotatedText(TEXT, ENTITIES)


@pytest.mark.parametrize(
    "content",
    [
        {"text": TEXT, "label": [[4, 6, "LOC"], [0, 3, "PER"]]},
        {"data": TEXT, "labels": [[0, 3, "PER"], [4, 6, "LOC"]], "id": 7},
        {
            "text": TEXT,
            "entities": [
                {"id": 2, "label": "PER", "start_offset": 0, "end_offset": 3},
                {"id": 5, "label": "LOC", "start_offset": 4, "end_offset": 6},
            ],
            "relations": [],
        },
    ],
)
def test_doccano(content, tmp_path):
    sentence, source = read(read_doccano, content, tmp_path)
    assert sentence == AnnotatedText(TEXT, ENTITIES) and not source.notes


def test_text_of_several_lines(tmp_path):
    sentence, _ = read(read_doccano, {"text": "大连\n好😄!", "label": []}, tmp_path)
    assert sentence == AnnotatedText("大连\n好😄!", [])


@pytest.mark.parametrize("reader", [read_cluener, read_doccano])
def test_no_annotation_is_missing_annotation(reader, tmp_path):
    sentence, source = read(reader, {"text": TEXT}, tmp_path)
    assert sentence == AnnotatedText(TEXT, None) and list(source.notes) == [NO_ENTITIES]


def test_relations_are_noted(tmp_path):
    _, source = read(read_doccano, {"text": TEXT, "entities": [], "relations": [{"id": 1}]}, tmp_path)
    assert list(source.notes) == ["relations, not converted"]


@pytest.mark.parametrize(
    "reader, content, message",
    [
        (read_doccano, '{"text": ', "expected one JSON object a line"),
        (read_doccano, "[1]", "expected a JSON object, got list"),
        (read_doccano, {"label": []}, 'expected a string under "text", got None'),
        (read_doccano, {"text": 5, "label": []}, 'expected a string under "text", got 5'),
        (read_doccano, {"text": "", "label": []}, "empty"),
        (read_doccano, {"text": TEXT, "label": [[0, 9, "PER"]]}, "inside of 0-6"),
        (read_doccano, {"text": TEXT, "label": [[0, 3, "PER"], [2, 4, "LOC"]]}, "do not overlap"),
        (read_doccano, {"text": "林 来", "label": [[0, 2, "PER"]]}, "without white space"),
        (read_doccano, {"text": TEXT, "label": ["sport"]}, "expected [[start, end, label]]"),
        (read_doccano, {"text": TEXT, "label": [["0", "3", "PER"]]}, "expected [[start, end, label]]"),
        (read_doccano, {"text": TEXT, "label": None}, "expected [[start, end, label]]"),
        (read_doccano, {"text": TEXT, "entities": [{"label": "PER"}]}, "expected [[start, end, label]]"),
        (read_cluener, {"text": TEXT, "label": {"PER": {"林小燕": [[0, 3]]}}}, "expected '林小燕' at 0-3"),
        (read_cluener, {"text": TEXT, "label": {"PER": {"王": [[8, 8]]}}}, "expected '王' at 8-8"),
        (read_cluener, {"text": TEXT, "label": {"PER": {"林小燕": [0, 2]}}}, "expected {type: {mention"),
        (read_cluener, {"text": TEXT, "label": {"PER": [[0, 2]]}}, "expected {type: {mention"),
        (read_cluener, {"text": TEXT, "label": [[0, 3, "PER"]]}, "expected {type: {mention"),
    ],
)
def test_lines_that_break_the_format(reader, content, message, tmp_path):
    error, source = read(reader, content, tmp_path)
    assert isinstance(error, CorpusError)
    assert str(error).startswith(f"{source.path}:2: ") and message in str(error)
