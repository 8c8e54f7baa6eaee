"""Any file is converted or refused with an InputError, and nothing is lost on the way.

CNER_FUZZ is the number of examples for each test; a few hundred if it is not set. CNER_FUZZ_SEED is the first seed of
the random files, so that runs with others see others."""

import json
import os
from html import escape

import pytest
from corpus.markup_writer import to_markup
from corpus.strategies import annotated_texts
from fuzz.random_files import check_seed, converted
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from spacy_cner.corpus.convert import FORMATS
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.text.tags import spans_to_tags

EXAMPLES, FIRST = int(os.environ.get("CNER_FUZZ", 200)), int(os.environ.get("CNER_FUZZ_SEED", 0))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("format", FORMATS)
def test_any_file_is_read_or_refused(format):
    reports = [check_seed(FIRST + seed, format) for seed in range(EXAMPLES)]
    assert any(reports) and not all(reports)


def columns(sentence, scheme):
    tags = spans_to_tags(sentence.entities, len(sentence.text), scheme)
    return "".join(f"{char}\t{tag}\n" for char, tag in zip(sentence.text, tags)) + "\n"


def json_of(sentence, unit="codepoint"):
    size = {
        "codepoint": len,
        "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
        "utf8": lambda text: len(text.encode()),
    }
    places = [
        [size[unit](sentence.text[:start]), size[unit](sentence.text[:end]), label]
        for start, end, label in sentence.entities
    ]
    return {"text": sentence.text, "label": places}


def write_doccano(sentences, unit):
    return "\n".join(json.dumps(json_of(sentence, unit), ensure_ascii=False) for sentence in sentences)


def write_prodigy(sentences, unit):
    rows = [json_of(sentence, unit) for sentence in sentences]
    spans = [[dict(zip(("start", "end", "label"), span)) for span in row["label"]] for row in rows]
    return "\n".join(json.dumps({"text": row["text"], "spans": found}) for row, found in zip(rows, spans))


def write_train_data(sentences, unit):
    rows = [json_of(sentence, unit) for sentence in sentences]
    return json.dumps([[row["text"], {"entities": row["label"]}] for row in rows], indent=1)


def write_label_studio(sentences, unit):
    def task(row, sentence):
        regions = [
            {
                "value": {"start": start, "end": end, "labels": [label], "text": sentence.text[first:last]},
                "type": "labels",
            }
            for (start, end, label), (first, last, _) in zip(row["label"], sentence.entities)
        ]
        return {"data": {"text": row["text"]}, "annotations": [{"result": regions}]}

    return json.dumps([task(json_of(sentence, unit), sentence) for sentence in sentences], ensure_ascii=False)


def write_cluener(sentences, unit):
    def one(row, sentence):
        labels = {}
        for (start, end, label), (first, last, _) in zip(row["label"], sentence.entities):
            labels.setdefault(label, {}).setdefault(sentence.text[first:last], []).append([start, end - 1])
        return json.dumps({"text": row["text"], "label": labels})

    return "\n".join(one(json_of(sentence, unit), sentence) for sentence in sentences)


SENTENCES = st.lists(annotated_texts(), min_size=1, max_size=4)
JSON_WRITERS = {
    "doccano": write_doccano,
    "prodigy": write_prodigy,
    "train-data": write_train_data,
    "label-studio": write_label_studio,
    "cluener": write_cluener,
}


def without_words(sentences):
    return [AnnotatedText(sentence.text, sentence.entities) for sentence in sentences]


@pytest.mark.parametrize("format", JSON_WRITERS)
@fuzz
@given(sentences=SENTENCES, unit=st.sampled_from(["codepoint", "utf16", "utf8"]))
def test_json_round_trip(format, sentences, unit):
    found, report = converted(JSON_WRITERS[format](sentences, unit), format, offsets=unit)
    assert found == without_words(sentences)
    assert report.entities == sum(len(sentence.entities) for sentence in sentences)


@pytest.mark.parametrize("scheme", ["bio", "bioes", "bmes"])
@fuzz
@given(sentences=SENTENCES)
def test_columns_round_trip(scheme, sentences):
    assume(not any(char in "\n\r" for sentence in sentences for char in sentence.text))
    content = "".join(columns(sentence, scheme) for sentence in sentences)
    assert converted(content, scheme)[0] == without_words(sentences)


@fuzz
@given(sentences=st.lists(annotated_texts(aligned=True), min_size=1, max_size=4))
def test_markup_round_trip(sentences):
    assert converted("\n".join(map(to_markup, sentences)), "markup")[0] == sentences


@fuzz
@given(sentences=SENTENCES)
def test_brat_round_trip(sentences):
    sentences = [sentence for sentence in sentences if "\n" not in sentence.text and sentence.text.strip()]
    assume(sentences)
    start, annotations = 0, []
    for sentence in sentences:
        for first, last, label in sentence.entities:
            annotations.append(f"{label} {start + first} {start + last}\t{sentence.text[first:last]}\n")
        start += len(sentence.text) + 1
    content = "\n".join(sentence.text for sentence in sentences)
    found, _ = converted(content, "brat", "".join(f"T{i}\t{line}" for i, line in enumerate(annotations)))
    assert found == without_words(sentences)


@fuzz
@given(
    words=st.lists(
        st.tuples(st.text("王海北<>&;a1", min_size=1, max_size=3), st.sampled_from(["", "", "nr", "ns", "nt"])),
        min_size=1,
        max_size=8,
    )
)
def test_words_and_names_are_conserved(words):
    text = "".join(word for word, _ in words)
    kinds = {"nr": "PERSON", "ns": "LOC", "nt": "ORG"}
    line = " ".join(
        f'<ENAMEX TYPE="{kinds[tag]}">{escape(word)}</ENAMEX>' if tag else escape(word) for word, tag in words
    )
    (found,), _ = converted(line, "enamex")
    assert found.text == text and len(found.words) == len(words)
    assert [found.text[start:end] for start, end, _ in found.entities] == [word for word, tag in words if tag]
    (found,), _ = converted(" ".join(f"{word}/{tag or 'v'}" for word, tag in words), "tagged")
    assert found.text == text and len(found.words) == len(words)
    covered = [found.text[start:end] for start, end, _ in found.entities]
    assert "".join(covered) == "".join(word for word, tag in words if tag)


@fuzz
@given(sentences=SENTENCES, code=st.sampled_from(["gb18030", "utf-8-sig", "utf-16", "utf-32"]))
def test_a_named_encoding_changes_nothing(sentences, code):
    content = write_doccano(sentences, "codepoint")
    assert converted(content.encode(code), "doccano", encoding=code)[0] == without_words(sentences)
