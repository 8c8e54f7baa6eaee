import json

import pytest

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.jsonlines import NO_ENTITIES, read_cluener, read_doccano, read_prodigy
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


@pytest.mark.parametrize("full", ["label", "labels", "entities", "spans", "annotations", "annotation", "ents"])
@pytest.mark.parametrize("empty", [None, [], {}])
def test_the_key_that_is_filled_counts(full, empty, tmp_path):
    others = {key: empty for key in ("label", "entities", "spans") if key != full}
    sentence, source = read(read_doccano, {"text": TEXT, **others, full: [[0, 3, "PER"], [4, 6, "LOC"]]}, tmp_path)
    assert sentence == AnnotatedText(TEXT, ENTITIES) and not source.notes


def test_keys_that_agree(tmp_path):
    content = {"text": TEXT, "label": [[0, 3, "PER"]], "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    assert read(read_doccano, content, tmp_path)[0].entities == [(0, 3, "PER")]


def test_cluener_under_other_keys(tmp_path):
    label = {"LOC": {"大连": [[4, 5]]}, "PER": {"林小燕": [[0, 2]]}}
    assert read(read_cluener, {"text": TEXT, "labels": label, "label": {}}, tmp_path)[0] == AnnotatedText(
        TEXT, ENTITIES
    )


def test_further_keys_that_look_like_annotation_are_noted(tmp_path):
    content = {"text": TEXT, "label": [[0, 3, "PER"]], "guess": [[4, 6, "LOC"]], "tokens": [{"start": 0, "end": 1}]}
    _, source = read(read_doccano, content, tmp_path)
    assert list(source.notes) == ["key 'guess' that looks like annotation, not read"]


@pytest.mark.parametrize("reader", [read_doccano, read_prodigy])
@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_answers_that_reject_a_text(reader, answer, tmp_path):
    lines = [{"text": TEXT, "spans": [{"start": 0, "end": 2, "label": "PER"}], "answer": answer}]
    lines += [{"text": "王海", "spans": [{"start": 0, "end": 2, "label": "PER"}], "answer": "accept"}]
    source = Source(tmp_path / "a", "\n".join(json.dumps(line) for line in lines), "utf-8")
    assert [sentence for _, sentence in reader(source)] == [AnnotatedText("王海", [(0, 2, "PER")])]
    assert source.notes == {f"object with the answer {answer}, left out": [f"{tmp_path}/a:1"]}


def test_prodigy_without_spans(tmp_path):
    assert read(read_prodigy, {"text": TEXT, "answer": "accept"}, tmp_path)[0].entities == []
    assert read(read_prodigy, {"text": TEXT}, tmp_path)[0].entities is None
    source = Source(tmp_path / "a", json.dumps({"text": TEXT, "spans": [], "_is_binary": True}), "utf-8")
    assert not list(read_prodigy(source)) and list(source.notes) == [
        "object that answers a yes-or-no question, left out"
    ]


def test_white_space_at_the_ends_of_entities_is_trimmed_and_noted(tmp_path):
    sentence, source = read(read_doccano, {"text": "林 来\u3000了", "label": [[0, 2, "PER"], [3, 4, "LOC"]]}, tmp_path)
    assert sentence.entities == [(0, 1, "PER")]
    assert len(source.notes) == 2


OBJECTS = [{"text": TEXT, "label": [[0, 3, "PER"]]}, {"text": "王海\n来了", "label": [[0, 2, "PER"]]}]


@pytest.mark.parametrize(
    "content, lines",
    [
        (json.dumps(OBJECTS), [1, 1]),
        (json.dumps(OBJECTS, indent=2, ensure_ascii=False), [2, 12]),
        ("[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]\n", [2, 3]),
        ("\n".join(json.dumps(one, indent=1) for one in OBJECTS), [1, 11]),
        ("\n\n".join(map(json.dumps, OBJECTS)), [1, 3]),
    ],
)
def test_json_that_is_not_one_object_a_line(content, lines, tmp_path):
    found = list(read_doccano(Source(tmp_path / "a", content, "utf-8")))
    assert [sentence.entities for _, sentence in found] == [[(0, 3, "PER")], [(0, 2, "PER")]]
    assert [number for number, _ in found] == lines


@pytest.mark.parametrize(
    "content, message",
    [
        ('[\n{"text": "王", "label": []},\n{"text": ]', ":3: expected one JSON object a line, got invalid JSON"),
        ('[\n{"text": "王", "label": []}\n{"text": 1}]', ":3: expected a comma between the objects of an array"),
        ('[\n{"text": "王", "label": []}\n', ":3: expected a comma between the objects of an array"),
        ('[\n{"text": "王", "label": [], "label": []},\n{"text": "海", "label": []}]', ":2: expected each key once"),
    ],
)
def test_arrays_that_are_broken(content, message, tmp_path):
    found = [sentence for _, sentence in read_doccano(Source(tmp_path / "a", content, "utf-8"))]
    errors = [str(error) for error in found if isinstance(error, CorpusError)]
    assert len(found) == 2 and len(errors) == 1 and errors[0].startswith(f"{tmp_path}/a{message}")


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
        (read_doccano, "1", "expected a JSON object, got int"),
        (read_doccano, {"label": []}, 'expected a string under "text", got None'),
        (read_doccano, {"text": 5, "label": []}, 'expected a string under "text", got 5'),
        (read_doccano, {"text": "", "label": []}, "empty"),
        (read_doccano, {"text": TEXT, "label": [[0, 9, "PER"]]}, "inside of 0-6"),
        (read_doccano, {"text": TEXT, "label": [[0, 3, "PER"], [2, 4, "LOC"]]}, "do not overlap"),
        (read_doccano, {"text": TEXT, "label": ["sport"]}, "expected [[start, end, label]]"),
        (read_doccano, {"text": TEXT, "label": [["0", "3", "PER"]]}, "expected [[start, end, label]]"),
        (read_doccano, {"text": TEXT, "label": 5}, "expected [[start, end, label]]"),
        (read_doccano, {"text": TEXT, "label": [{"label": 1, "start_offset": 0, "end_offset": 3}]}, "got numbers"),
        (
            read_doccano,
            {"text": TEXT, "label": [[0, 3, "A"]], "entities": [[0, 3, "B"]]},
            "got label and entities, which",
        ),
        (read_doccano, {"text": TEXT, "ner": [[0, 3, "PER"]]}, "label, labels, entities, spans, annotations"),
        (read_doccano, {"text": TEXT, "ner": [[0, 3, "PER"]]}, ", got text, ner"),
        (read_doccano, {"text": TEXT, "gold": {"PER": [{"start": 0, "end": 3}]}}, ", got text, gold"),
        (
            read_doccano,
            {"text": TEXT, "label": [{"start": 0, "end": 2, "label": "A", "text": "小燕"}]},
            "expected '小燕'",
        ),
        (read_doccano, '{"text": "王", "text": "海", "label": []}', "expected each key once, got 'text' twice"),
        (read_doccano, '{"text": "王", "label": ' + "[" * 100_000 + "}", "nested too deep"),
        (read_doccano, '{"text": "王", "label": [[0, ' + "9" * 5000 + ', "PER"]]}', "invalid JSON"),
        (read_prodigy, {"text": TEXT, "spans": [{"start": 0, "end": 3}]}, "expected [[start, end, label]]"),
        (read_cluener, '{"text": "王海", "label": {"A": {"王": [[0, 0]]}, "A": {"海": [[1, 1]]}}}', "got 'A' twice"),
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
