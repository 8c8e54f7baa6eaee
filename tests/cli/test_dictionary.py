import pickle

import pytest
import spacy
from conftest import SENTENCES, entities
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def folder(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    (tmp_path / "names.tsv").write_text("天气\tLOC\tQ1\n没有\n", encoding="utf-8")
    (tmp_path / "never.txt").write_text("青岛\n", encoding="utf-8")
    return tmp_path


def test_terms_go_into_a_pipeline(folder):
    result = run("dictionary", folder / "model", folder / "out", folder / "names.tsv", "--never", folder / "never.txt")
    assert result.exit_code == 0, result.output
    assert "no entities" not in result.stderr
    assert "1 terms (LOC), mode hard; 1 lines left out" in " ".join(result.output.split())
    nlp = spacy.load(folder / "out")
    assert [(ent.text, ent.kb_id_) for ent in nlp(SENTENCES[4][0]).ents] == [("天气", "Q1")]
    assert entities(nlp(SENTENCES[0][0])) == [(0, 3, "PER")]
    (folder / "more.tsv").write_text("真好\tX\n", encoding="utf-8")
    result = run("dictionary", folder / "out", folder / "soft", folder / "more.tsv", "--mode", "soft")
    assert result.exit_code == 0, result.output
    assert "has learned become no entities: X; mode hard makes" in " ".join(result.stderr.split())
    pipe = spacy.load(folder / "soft").get_pipe("cner_dictionary")
    assert (len(pipe), pipe.mode) == (2, "soft")
    (folder / "third.tsv").write_text("再来\tX\n", encoding="utf-8")
    result = run("dictionary", folder / "soft", folder / "third", folder / "third.tsv")  # the mode stays
    assert "3 terms (LOC, X), mode soft" in " ".join(result.output.split())
    assert spacy.load(folder / "third").get_pipe("cner_dictionary").mode == "soft"
    assert run("dictionary", folder / "out", folder / "new", folder / "more.tsv", "--clear").exit_code == 0
    assert len(spacy.load(folder / "new").get_pipe("cner_dictionary")) == 1


def test_identifiers_get_addresses(folder):
    names, template = folder / "names.tsv", "https://www.wikidata.org/wiki/{}"
    result = run("dictionary", folder / "model", folder / "out", names, "--kb-url", template)
    assert result.exit_code == 0, result.output
    assert run("dictionary", folder / "out", folder / "again", names).exit_code == 0  # it stays
    (ent,) = spacy.load(folder / "again")(SENTENCES[4][0]).ents
    assert (ent.kb_id_, ent._.kb_url) == ("Q1", "https://www.wikidata.org/wiki/Q1")
    result = run("dictionary", folder / "model", folder / "bad", names, "--kb-url", "wikidata")
    assert result.exit_code == 1 and "with {} in place of the id" in " ".join(result.stderr.split())


def test_a_wrong_mode(folder):
    result = run("dictionary", folder / "model", folder / "out", folder / "names.tsv", "--mode", "firm")
    assert result.exit_code == 1 and "expected one of hard, soft, mark, got 'firm'" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("late", "expected 'cner_dictionary' before the recogniser for mode soft, got it behind one"),
        ("disabled", "expected a dictionary that is enabled, got 'cner_dictionary', which nlp.disabled names"),
        ("other", "expected no other component of the name 'cner_dictionary', got one"),
    ],
)
def test_a_dictionary_that_would_find_nothing(folder, name, message):
    nlp = spacy.load(folder / "model")
    nlp.add_pipe("sentencizer" if name == "other" else "cner_dictionary", name="cner_dictionary")
    if name == "disabled":
        nlp.disable_pipe("cner_dictionary")
    nlp.to_disk(folder / "model")
    result = run("dictionary", folder / "model", folder / "out", folder / "names.tsv", "--mode", "soft")
    assert result.exit_code == 1 and message in " ".join(result.stderr.split())
    assert not (folder / "out").exists()


def test_calibrate_chooses_its_weights(folder, trained):
    nlp = pickle.loads(pickle.dumps(trained))
    nlp.add_pipe("cner_dictionary", first=True, config={"mode": "soft"}).add([("天气", "LOC")])
    nlp.get_pipe("cner_dictionary").weights = nlp.get_pipe_config("cner_dictionary")["weights"] = {"LOC": 60.0}
    nlp.to_disk(folder / "soft")
    docs = []
    # So many that the rise is no chance.
    for text, ents in SENTENCES * 12:
        doc = nlp.make_doc(text)
        doc.ents = [doc.char_span(start, end, label) for start, end, label in ents]
        docs.append(doc)
    DocBin(docs=docs).to_disk(folder / "dev.spacy")
    result = run("calibrate", folder / "soft", folder / "dev.spacy", folder / "out")
    assert result.exit_code == 0, result.output
    assert "cner_dictionary: LOC 0\ncner_dictionary: F 100.00 (before: " in result.output
    assert spacy.load(folder / "out").get_pipe("cner_dictionary").weights == {"LOC": 0.0}


def test_calibrate_names_the_components_that_can_be(folder, trained):
    nlp = pickle.loads(pickle.dumps(trained))
    nlp.add_pipe("cner_dictionary", first=True, config={"mode": "soft"}).add([("天气", "LOC")])
    nlp.add_pipe("cner_rules")
    nlp.to_disk(folder / "ruled")
    docs = [nlp.make_doc(text) for text, _ in SENTENCES * 5]
    for doc, (_, ents) in zip(docs, SENTENCES * 5):
        doc.ents = [doc.char_span(*ent) for ent in ents]
    DocBin(docs=docs).to_disk(folder / "dev.spacy")
    result = run("calibrate", folder / "ruled", folder / "dev.spacy", folder / "new", "--component", "cner_rules")
    assert result.exit_code == 1
    assert "with the setting decoding (this pipeline: cner), got 'cner_rules'" in " ".join(result.stderr.split())
