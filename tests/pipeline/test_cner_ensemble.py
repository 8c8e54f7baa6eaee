import pickle

import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model, train
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.errors import InputError
from spacy_cner.pipeline.cner_ensemble import mean_candidates
from spacy_cner.pipeline.entities import Entity

TEXTS = [text for text, _ in SENTENCES] + ["", "青岛有一条大连路。" * 40]


@pytest.fixture(scope="module")
def features():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features", config={"c1": 0.0})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp


@pytest.fixture(scope="module")
def unsure():
    """Knows less of the sentences than `trained`, and of places only."""
    spacy.util.fix_random_seed(1)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    places = [(text, [entity for entity in found if entity[2] == "LOC"]) for text, found in SENTENCES]
    examples = make_examples(nlp, places)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=12)
    return nlp


@pytest.fixture
def folders(trained, features, unsure, tmp_path):
    paths = [tmp_path / name for name in ("trained", "features", "unsure")]
    for path, nlp in zip(paths, (trained, features, unsure)):
        nlp.to_disk(path)
    return paths


def ensemble(members, **config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_ensemble", config=config).initialize(members=members)
    return nlp


def scored(doc):
    return [(*entity, pytest.approx(ent._.score, abs=1e-5)) for entity, ent in zip(entities(doc), doc.ents)]


@pytest.mark.parametrize("member, threshold", [(0, 0.5), (0, 0.2), (1, 0.3), (2, 0.1)])
def test_alone_a_member_finds_what_it_finds_by_spans(trained, features, unsure, folders, member, threshold):
    nlp = pickle.loads(pickle.dumps((trained, features, unsure)[member]))
    pipe = nlp.get_pipe(nlp.pipe_names[-1])
    pipe.decoding, pipe.threshold = "spans", threshold
    expected = [scored(doc) for doc in nlp.pipe(TEXTS)]
    assert any(expected)
    assert [scored(doc) for doc in ensemble([folders[member]], threshold=threshold).pipe(TEXTS)] == expected


def test_the_mean_decides(trained, unsure, folders):
    rows = [nlp.get_pipe("cner").candidates([nlp.make_doc(TEXTS[0])], 0.01)[0] for nlp in (trained, unsure)]
    sums = {}
    for start, end, label, score in rows[0] + rows[1]:
        sums[start, end, label] = sums.get((start, end, label), 0.0) + score
    # A person, whom the second member does not know, has half of the first member's probability.
    assert sums[0, 3, "PER"] == pytest.approx(1.0, abs=0.2)
    found = scored(ensemble([folders[0], folders[2]], threshold=0.4)(TEXTS[0]))
    assert [entity[:3] for entity in found] == SENTENCES[0][1]
    assert found == [(*entity, sums[entity] / 2) for entity in SENTENCES[0][1]]
    assert (0, 3, "PER") not in entities(ensemble([folders[0], folders[2]], threshold=0.6)(TEXTS[0]))


def test_mean_candidates():
    first, second = [Entity(0, 2, "PER", 0.5), Entity(0, 3, "PER", 0.25)], [Entity(0, 2, "PER", 1.0)]
    assert mean_candidates([first, second]) == [Entity(0, 2, "PER", 0.75), Entity(0, 3, "PER", 0.125)]
    assert mean_candidates([[], []]) == []


def test_labels_of_all(folders):
    assert ensemble([folders[2]]).get_pipe("cner_ensemble").labels == ("LOC",)
    assert ensemble([folders[2], folders[1]]).get_pipe("cner_ensemble").labels == ("LOC", "ORG", "PER")


def test_members_with_shared_features(trained_joint, trained, tmp_path):
    for i, nlp in enumerate((trained_joint, trained)):
        nlp.to_disk(tmp_path / str(i))
    nlp = ensemble([tmp_path / "0", tmp_path / "1"])
    assert [entities(doc) for doc in nlp.pipe(TEXTS[:6])] == [found for _, found in SENTENCES]


def test_documents_of_words(folders):
    nlp = ensemble(folders)
    doc = Doc(nlp.vocab, words=["王海", "在", "蓝天", "银行", "工作", "。"], spaces=[False] * 6)
    assert entities(nlp.get_pipe("cner_ensemble")(doc)) == SENTENCES[2][1]


def test_saved(folders, tmp_path):
    nlp = ensemble(folders, threshold=0.3)
    expected = [scored(doc) for doc in nlp.pipe(TEXTS)]
    nlp.to_disk(tmp_path / "saved")
    for folder in folders:
        folder.rename(folder.with_suffix(".moved"))
    from_bytes = spacy.blank("zh")
    from_bytes.add_pipe("cner_ensemble", config={"threshold": 0.3})
    for other in (spacy.load(tmp_path / "saved"), from_bytes.from_bytes(nlp.to_bytes())):
        assert [scored(doc) for doc in other.pipe(TEXTS)] == expected


def test_bad_members(trained, tmp_path):
    with pytest.raises(InputError, match="expected members for the component 'cner_ensemble': .* got none"):
        ensemble([])
    with pytest.raises(InputError, match="nowhere: expected a pipeline that loads"):
        ensemble([tmp_path / "nowhere"])
    nlp = spacy.blank("zh")
    nlp.to_disk(tmp_path / "empty")
    nlp.add_pipe("cner", source=trained)
    nlp.add_pipe("cner_rules")
    nlp.to_disk(tmp_path / "rules")
    expected = "expected a pipeline whose entities are from cner or cner_features, got"
    with pytest.raises(InputError, match=f"empty: {expected} \\(an empty one\\)"):
        ensemble([tmp_path / "empty"])
    with pytest.raises(InputError, match=f"rules: {expected} that of 'cner_rules'"):
        ensemble([tmp_path / "rules"])


def test_without_members():
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_ensemble")
    with pytest.raises(ValueError, match="expected members of the component 'cner_ensemble', got none; call"):
        nlp("青岛")


def test_commands(folders, tmp_path, monkeypatch):
    def run(*args):
        result = CliRunner().invoke(app, args)
        assert result.exit_code == 0, result.output
        return result.output

    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS[:6]), encoding="utf-8")
    DocBin(docs=[example.reference for example in make_examples(spacy.blank("zh"))]).to_disk("dev.spacy")
    assert "both: 2 pipelines, LOC, ORG, PER" in run("ensemble", "both", "trained", "features")
    assert "decoding spans, threshold 0.1, F 100.00\n" in run("calibrate", "both", "dev.spacy", "calibrated")
    nlp = spacy.load("calibrated")
    assert nlp.get_pipe("cner_ensemble").threshold == nlp.config["components"]["cner_ensemble"]["threshold"] == 0.1
    run("annotate", "calibrated", "silver.spacy", "texts.txt", "--min-score", "0", "--empty", "0")
    silver = {doc.text: entities(doc) for doc in read_docs(tmp_path / "silver.spacy")}
    assert silver == {text: found for text, found in SENTENCES if found}
