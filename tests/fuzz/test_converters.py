"""Any file is converted or refused with an InputError, and nothing is lost on the way.

CNER_FUZZ is the number of examples for each test; a few hundred if it is not set."""

import json
import os
import tempfile
from html import escape
from pathlib import Path

import pytest
from corpus.markup_writer import to_markup
from corpus.strategies import annotated_texts
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from spacy_cner.corpus.convert import FORMATS, convert
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.offsets import UNITS
from spacy_cner.errors import InputError
from spacy_cner.text.tags import spans_to_tags

fuzz = settings(
    max_examples=int(os.environ.get("CNER_FUZZ", 200)), deadline=None, suppress_health_check=list(HealthCheck)
)
VOCAB = chinese_vocab()
PIECES = {
    "columns": ["B-PER", "I-PER", "E-PER", "M-X", "S-X", "O", "B-", "_", "\t", " ", "\n", "\n\n", "王0", "海1",
        "# text = 王"],
    "json": [
        *'{}[]:,"', '"text"', '"label"', '"spans"', '"entities"', '"王海"', "null", "true", "NaN", "-1", "0", "1", "2",
        "9" * 5000, "9" * 25,
        '"PER"', "\\ud83d", '"\\ud83d"', "\n", '"start"', '"end"', '"data"', '"annotations"', '"result"',
        '"value"', '"labels"', '"answer"', '"reject"', "[[0,1,", '{"text":"王海","label":[[0,2,"PER"]]}', "[" * 2000,
    ],
    "words": ["/nr", "/ns", "/", "[", "]nt", "]", " ", "\u3000", "\n", "（", "〈", "/w", "]/nt",
        "19980101-01-001-001/m"],
    "enamex": ["<ENAMEX TYPE=\"PERSON\">", "</ENAMEX>", "<", ">", "&", "&amp;", "&#1;", "&#999999999;", " ", "\n",
        "<DOC>"],
    "markup": ["[", "]", "]PER", "\\", "\\u", "\\ud83d", "\\n", "# ", " ", "\n", "\\u0041", "]LOC2"],
    "any": ["王", "海", "A", "😀", "\u0301", "\u200d", "\r", "\r\n", "\ufeff", "\0", "\ue000", "\x1b", "\u2028", "~{"],
}  # fmt: skip
EVERY_PIECE = [piece for pieces in PIECES.values() for piece in pieces]
TEXTS = st.lists(st.sampled_from(EVERY_PIECE) | st.text(max_size=3), max_size=30).map("".join)
CODES = ["utf-8", "utf-8", "utf-8", "gb18030", "big5", "shift_jis", "euc_kr", "utf-16", "utf-16-le", "latin-1"]


@st.composite
def files(draw):
    """Bytes of all kinds: any at all, pieces of all formats in any encoding, some with a few bytes changed."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    code = draw(st.sampled_from(CODES))
    data = bytearray(draw(TEXTS).encode(code, "surrogatepass" if code.startswith("utf") else "ignore"))
    for _ in range(draw(st.integers(0, 2))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


def converted(data, format, annotations="", **options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
        path.with_suffix(".ann").write_bytes(annotations.encode("utf-8", "surrogatepass"))
        docs, report = convert(path, format, **options)
        return [AnnotatedText.from_doc(doc) for doc in docs.get_docs(VOCAB)], report


def options_of(draw, format):
    choices = {
        "strict_tags": st.booleans(),
        "scheme": st.sampled_from(["bio", "bioes", "bmes"]),
        "column": st.integers(1, 3),
        "tag_column": st.integers(0, 3),
        "labels": st.just({"nr": "PER"}),
        "tag_set": st.sampled_from(["pku", "ltp", "lac"]),
        "offsets": st.sampled_from(list(UNITS)),
    }
    return {name: draw(choices[name]) for name in FORMATS[format].options if draw(st.booleans())}


@pytest.mark.parametrize("format", FORMATS)
@fuzz
@given(data=st.data())
def test_any_file_is_read_or_refused(format, data):
    content = data.draw(files())
    annotations = data.draw(st.just("") | st.lists(st.sampled_from(
        ["T1\tPER 0 1\t王\n", "T2\tX 1 3;4 5\t海\n", "T3\tPER 9 8\t\n", "T", "\t", " ", "0", "9" * 30, "R1\tx\n", "海"]
    ), max_size=6).map("".join))  # fmt: skip
    options = options_of(data.draw, format)
    encoding = data.draw(
        st.sampled_from([None, None, "utf-8", "gb18030", "cesu-8", "punycode", "undefined", "hex", ""])
    )
    lenient = data.draw(st.booleans())
    try:
        sentences, report = converted(content, format, annotations, encoding=encoding, lenient=lenient, **options)
    except InputError as error:
        assert str(error)
        return
    assert len(sentences) == report.sentences > 0
    assert sum(len(sentence.entities or ()) for sentence in sentences) == report.entities
    assert sum(len(sentence.text) for sentence in sentences) == report.characters
    assert lenient or not report.skipped


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
