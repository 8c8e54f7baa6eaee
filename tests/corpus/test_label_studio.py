import json

import pytest

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.jsonlines import NO_ENTITIES
from spacy_cner.corpus.label_studio import read_label_studio
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError

TEXT = "林小燕在大连"


def region(start, end, label, text=None, **more):
    value = {"start": start, "end": end, "labels": [label], **({} if text is None else {"text": text})}
    return {"value": value, "from_name": "label", "to_name": "text", "type": "labels", **more}


def task(*regions, data=None, **more):
    return {"id": 1, "data": data or {"text": TEXT}, "annotations": [{"result": list(regions), **more}]}


def read(tmp_path, *tasks, **options):
    source = Source(tmp_path / "a.json", json.dumps(list(tasks), ensure_ascii=False), "utf-8")
    return [sentence for _, sentence in read_label_studio(source, **options)], source


def test_tasks(tmp_path):
    found, source = read(tmp_path, task(region(4, 6, "LOC", "大连"), region(0, 3, "PER")), task())
    assert found == [AnnotatedText(TEXT, [(0, 3, "PER"), (4, 6, "LOC")]), AnnotatedText(TEXT, [])]
    assert not source.notes


def test_short_tasks(tmp_path):
    label = [{"start": 0, "end": 3, "text": "林小燕", "labels": ["PER"]}]
    found, _ = read(tmp_path, {"id": 1, "text": TEXT, "label": label, "annotator": 1})
    assert found == [AnnotatedText(TEXT, [(0, 3, "PER")])]


def test_texts_under_a_name_of_their_own(tmp_path):
    found, _ = read(tmp_path, task(region(0, 3, "PER"), data={"sentence": TEXT, "row": 3}))
    assert found == [AnnotatedText(TEXT, [(0, 3, "PER")])]


def test_what_is_not_converted_is_noted(tmp_path):
    chosen = {"value": {"choices": ["good"]}, "type": "choices"}
    linked = {"from_id": "a", "to_id": "b", "type": "relation"}
    cancelled = {"result": [region(0, 1, "X")], "was_cancelled": True}
    one = task(region(0, 3, "PER"), chosen, linked)
    one["annotations"].append(cancelled)
    found, source = read(tmp_path, one, {"data": {"text": TEXT}, "annotations": []})
    assert found == [AnnotatedText(TEXT, [(0, 3, "PER")]), AnnotatedText(TEXT, None)]
    assert set(source.notes) == {
        "choices of Label Studio, not converted",
        "relation of Label Studio, not converted",
        "cancelled annotation, left out",
        NO_ENTITIES,
    }


def test_two_annotators(tmp_path):
    one = task(region(0, 3, "PER"))
    one["annotations"].append({"result": [region(0, 3, "PER")]})
    assert read(tmp_path, one)[0] == [AnnotatedText(TEXT, [(0, 3, "PER")])]
    one["annotations"].append({"result": [region(0, 3, "ORG")]})
    ((error,), _) = read(tmp_path, one)
    assert "expected annotations that agree, got 3 different ones" in str(error)


def test_offsets_in_other_units(tmp_path):
    one = task(region(2, 5, "PER", "林小燕"), data={"text": "😀" + TEXT})
    ((error,), _) = read(tmp_path, one)
    assert "it stands there if offsets are counted in utf16 (--offsets utf16)" in str(error)
    assert read(tmp_path, one, offsets="utf16")[0][0].entities == [(1, 4, "PER")]


def test_offsets_that_nothing_checks_are_noted_behind_an_emoji(tmp_path):
    data = {"text": "😀" + TEXT}
    assert not read(tmp_path, task(region(1, 4, "PER", "林小燕"), data=data))[1].notes
    assert not read(tmp_path, task(region(2, 5, "PER"), data=data), offsets="utf16")[1].notes
    odd = task(region(1, 4, "PER"), {"value": None, "type": "relation"}, data=data)
    odd["annotations"].append({"result": [None], "was_cancelled": True})
    assert any("--offsets" in note for note in read(tmp_path, odd)[1].notes)
    (note,) = read(tmp_path, task(region(1, 4, "PER"), data=data))[1].notes
    assert "--offsets" in note


@pytest.mark.parametrize(
    "content, message",
    [
        ({"data": {"text": TEXT}}, 'expected a list under "annotations", got data'),
        ({"data": {"a": "x", "b": "y"}, "annotations": []}, 'expected a string under "text" of "data"'),
        ({"data": {"text": TEXT}, "annotations": [1]}, 'expected annotations with a list under "result"'),
        (task(1), "expected regions that are objects"),
        (task(region("0", 3, "PER")), "expected a region with start, end and one label"),
        (
            task({"value": {"start": 0, "end": 3, "labels": ["A", "B"]}}),
            "expected a region with start, end and one label",
        ),
        (task(region(0, 3, 5)), "expected a region with a string as its label"),
        (task(region(0, 30, "PER")), "inside of 0-6"),
        (task(region(0, 2, "PER", "林小燕")), "expected '林小燕' at 0 2 of the text, got '林小'"),
        (5, "expected a JSON object, got int"),
    ],
)
def test_tasks_that_break_the_format(content, message, tmp_path):
    (error, good), _ = read(tmp_path, content, task())
    assert isinstance(error, CorpusError) and message in str(error) and good.entities == []
