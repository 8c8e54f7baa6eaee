import json
import subprocess
import sys

import pyarrow as pa
import pytest
import spacy
from conftest import SEGMENTED, SENTENCES
from scale.conftest import POISON, contract_rows, shown
from spacy.language import Language
from spacy.tokens import Span

from spacy_cner.errors import InputError
from spacy_cner.scale.annotator import Annotator, explained
from spacy_cner.serve.results import Wanted, document_json

TEXTS = [text for text, _ in SENTENCES]


def table(texts, **columns):
    return pa.table({"id": list(range(len(texts))), "text": pa.array(texts, pa.string()), **columns})


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("annotator") / "model"
    trained.to_disk(path)
    return str(path)


@pytest.mark.parametrize("unit", ["codepoint", "utf16", "utf8"])
def test_the_contract(ruler, unit):
    texts, expected = zip(*contract_rows(unit))
    assert shown(Annotator(ruler, offsets=unit)(table(texts)).to_pylist()) == list(expected)


def test_rows_columns_and_metadata_stay(ruler):
    given = table(["王海", None, ""], more=pa.array([[1], None, [2, 3]]))
    given = given.replace_schema_metadata({b"own": b"1"})
    found = Annotator(ruler)(given)
    assert found.select(given.column_names).equals(given)
    assert found.column("ents").is_null().to_pylist() == [False, True, False]
    assert found.column("error").null_count == 3
    assert found.schema.metadata[b"own"] == b"1"
    about = json.loads(found.schema.metadata[b"spacy_cner"])
    assert (about["model"]["name"], about["model"]["version"], about["offsets"]) == ("zh_ruler", "1.2.3", "codepoint")
    (batch,) = given.to_batches()
    assert pa.Table.from_batches([Annotator(ruler)(batch)]).equals(found)


def test_scores_labels_and_batches_are_those_of_the_pipeline(model, trained):
    expected = [
        [(ent.start_char, ent.end_char, ent.label_, ent._.score) for ent in doc.ents] for doc in trained.pipe(TEXTS * 3)
    ]
    for size in (1, 40, 100_000):
        rows = Annotator(model, batch_characters=size)(table(TEXTS * 3)).column("ents").to_pylist()
        found = [[(e["start"], e["end"], e["label"], pytest.approx(e["score"], abs=1e-5)) for e in row] for row in rows]
        assert found == expected
    rows = Annotator(model, labels=["PER"], min_score=0.5)(table(TEXTS)).column("ents").to_pylist()
    assert {ent["label"] for row in rows for ent in row} == {"PER"}
    assert not any(Annotator(model, min_score=1.0)(table(TEXTS)).column("ents").to_pylist())
    with pytest.raises(InputError, match="model: expected labels out of LOC, ORG, PER, got PERSON"):
        Annotator(model, labels=["PER", "PERSON"])


def test_words(trained_joint, ruler, tmp_path):
    trained_joint.to_disk(tmp_path / "joint")
    rows = Annotator(str(tmp_path / "joint"), words=True)(table(TEXTS)).to_pylist()
    assert [[r["text"][w["start"] : w["end"]] for w in r["words"]] for r in rows] == list(map(str.split, SEGMENTED))
    assert Annotator(ruler, words=True)(table(TEXTS)).column("words").null_count == len(TEXTS)
    # The same words where their tokens were merged since
    nlp = spacy.load(tmp_path / "joint")
    nlp.add_pipe("merge_entities")
    nlp.to_disk(tmp_path / "merged")
    merged = Annotator(str(tmp_path / "merged"), words=True)(table(TEXTS)).to_pylist()
    assert [row["words"] for row in merged] == [row["words"] for row in rows]
    for doc in nlp.pipe(TEXTS[:3]):
        shown_words = json.loads(f"{{{document_json(doc, Wanted(words=True), None)}}}")["words"]
        assert [word["text"] for word in shown_words] == SEGMENTED[TEXTS.index(doc.text)].split()


def test_readings(model, trained, ruler):
    found = Annotator(model, n_best=3, offsets="utf16")(table([TEXTS[0], "😀" + TEXTS[0], None, ""]))
    first, second, none, empty = found.to_pylist()
    best = first["n_best"][0]
    assert (best["start"], best["end"]) == (0, len(TEXTS[0])) and 0 < best["score"] <= 1
    keys = ("start", "end", "label", "text")
    assert [[ent[key] for key in keys] for ent in best["ents"]] == [[ent[key] for key in keys] for ent in first["ents"]]
    scores = [reading["score"] for reading in first["n_best"]]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True) and sum(scores) <= 1 + 1e-6
    assert second["n_best"][0]["end"] == len(TEXTS[0]) + 2
    assert none["n_best"] is None and empty["n_best"] == []
    with pytest.raises(InputError, match="expected a pipeline with readings for n_best, got entity_ruler"):
        Annotator(ruler, n_best=2)


def test_one_that_fails_costs_its_own_row(ruler):
    texts = [f"王海{i}去了青岛" for i in range(1000)]
    texts[417] = POISON
    found = Annotator(ruler)(table(texts))
    errors = found.column("error").to_pylist()
    assert [i for i, error in enumerate(errors) if error] == [417]
    assert "E088" in errors[417] and "毒" not in errors[417]
    ents = found.column("ents").to_pylist()
    assert ents[417] is None and all(len(row) == 2 for i, row in enumerate(ents) if i != 417)


def test_wrong_bytes_cost_their_own_row(ruler):
    texts = pa.array(["王海去了青岛".encode(), "青岛".encode("gb18030"), None], pa.binary()).view(pa.string())
    found = Annotator(ruler)(pa.table({"text": texts}))
    assert found.column("error").to_pylist() == [None, "expected valid text under 'text', got wrong bytes", None]
    assert found.column("text").to_pylist() == [
        "王海去了青岛",
        "青岛".encode("gb18030").decode("utf-8", "replace"),
        None,
    ]
    assert [ents and len(ents) for ents in found.column("ents").to_pylist()] == [2, None, None]


def test_an_error_never_shows_the_text(ruler):
    annotator = Annotator(ruler)

    def fail(doc):
        raise ValueError(f"cannot read {doc.text!r}")

    annotator.nlp.add_pipe(Language.component("fails_at_each", func=fail) and "fails_at_each")
    assert annotator(table(["一个秘密的名字"])).column("error").to_pylist() == ["ValueError"]
    assert explained(KeyError("王海"), ["昨天王海来了"]) == "KeyError"
    assert explained(ValueError("no code 'Tim'"), ["我叫Tim。"]) == "ValueError"
    assert explained(ValueError("at 5"), ["王海"]) == "ValueError: at 5"
    assert explained(InputError("expected one"), ["王海"]) == "expected one"


def test_documents_that_a_pipeline_drops_have_an_error(ruler):
    annotator = Annotator(ruler)
    annotator.nlp.set_error_handler(lambda *args: None)
    found = annotator(table(["王海", "青岛"])).column("error").to_pylist()
    assert found == [None, None]

    class Dropping:
        def __call__(self, doc):
            return doc

        def pipe(self, docs, batch_size=1):
            return (doc for doc in docs if "王" not in doc.text)

    Language.factory("drops_one", func=lambda nlp, name: Dropping())
    annotator.nlp.add_pipe("drops_one")
    found = annotator(table(["王海", "青岛"]))
    assert found.column("error").to_pylist() == ["the pipeline dropped the document", None]


def test_knowledge_bases_and_values(ruler, monkeypatch):
    annotator = Annotator(ruler)

    def link(doc):
        doc.ents = [Span(doc, ent.start, ent.end, ent.label, kb_id="Q1") for ent in doc.ents]
        return doc

    annotator.nlp.add_pipe(Language.component("links_all", func=link) and "links_all")
    before = Span.get_extension("value") if Span.has_extension("value") else None  # that of `cner_values`
    Span.set_extension("value", getter=lambda ent: {"n": 1} if ent.label_ == "PER" else None, force=True)
    try:
        (row,) = annotator(table(["王海在青岛"])).column("ents").to_pylist()
    finally:
        Span.remove_extension("value")
        if before:
            Span.set_extension("value", getter=before[2])
    assert [(ent["kb_id"], ent["value"], ent["score"]) for ent in row] == [("Q1", '{"n": 1}', None), ("Q1", None, None)]


def test_the_vocabulary_does_not_grow(ruler):
    annotator = Annotator(ruler)
    annotator(table(["王海"]))
    before = len(annotator.nlp.vocab.strings), sum(1 for _ in annotator.nlp.vocab)
    annotator(table([chr(0x4E00 + i) for i in range(2000)]))
    assert (len(annotator.nlp.vocab.strings), sum(1 for _ in annotator.nlp.vocab)) == before


@pytest.mark.parametrize(
    "given, settings, message",
    [
        (pa.table({"x": ["王"]}), {}, "expected one column 'text' with the texts, got the columns x"),
        (pa.table({"text": [1]}), {}, "expected strings in the column 'text', got int64"),
        (table(["王"], ents=[1]), {}, "expected no column 'ents', the name of what is added"),
        (table(["王"]), {"offsets": "utf32"}, "expected offsets counted in one of codepoint, utf16, utf8, got 'utf32'"),
        (table(["王"]), {"labels": "PER"}, "expected a list of labels, got the string 'PER'"),
        (table(["王"]), {"min_score": 2}, "expected a score from 0 to 1, got 2"),
        (table(["王"]), {"batch_characters": 0}, "expected at least 1 character in a batch, got 0"),
    ],
)
def test_what_cannot_be(ruler, given, settings, message):
    with pytest.raises(InputError, match=message):
        Annotator(ruler, **settings)(given)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()])
def test_strings_of_all_kinds(ruler, kind):
    given = pa.table({"text": pa.array(["王海"], pa.string()).cast(kind)})
    assert shown(Annotator(ruler)(given).to_pylist()) == [[(0, 2, "PER", "王海")]]


def test_the_core_imports_neither_engine(ruler):
    code = (
        "import sys, spacy_cner.cli, spacy_cner.scale.local, spacy_cner.scale.on_ray, spacy_cner.scale.on_spark\n"
        "from spacy_cner.scale.annotator import Annotator\n"
        f"Annotator({ruler!r})\n"
        "print(sorted({'ray', 'pyspark'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"


def test_tables_without_rows(ruler):
    found = Annotator(ruler)(table([]))
    assert found.num_rows == 0 and found.column_names == ["id", "text", "ents", "error"]
