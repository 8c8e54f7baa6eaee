import crfsuite
import pytest
import spacy
from peers import run_crfsuite
from spacy.tokens import DocBin, Span

from papers.run.records import make_records


@pytest.fixture
def corpus(tmp_path):
    nlp = spacy.blank("zh")
    docs = []
    for name in ["小林", "王小明", "阿珍"]:
        doc = nlp(f"{name}在南京。")
        doc.ents = [Span(doc, 0, len(name), "PER.NAM"), Span(doc, len(name) + 1, len(name) + 3, "LOC.NAM")]
        docs.append(doc)
    for part in ("train", "dev", "test"):
        DocBin(docs=docs).to_disk(tmp_path / f"{part}.spacy")
    return tmp_path


def test_crfsuite_learns_three_sentences(corpus, monkeypatch):
    monkeypatch.setattr(crfsuite, "GRID", [(0.0, 0.01)])
    common = {"row": "crfsuite", "corpus": "three", "ratio": 1.0, "seed": 0}
    records = list(make_records(common, run_crfsuite(corpus)))
    assert {(r["split"], r["subset"]) for r in records} >= {("dev", "all"), ("test", "all"), ("test", "named")}
    assert all(r["f"] == 100.0 for r in records if r["subset"] == "all")


def test_features_see_two_characters_to_each_side():
    first, *_, last = crfsuite.features(["东", "边", "１", "A"])
    assert {"c0=东", "c1=边", "c2=1", "cc0=东边", "c-1=<edge>", "t2=N"} <= set(first)
    assert {"c0=A", "c-1=1", "c-2=边", "around=1<edge>", "ttt=NLE"} <= set(last)
