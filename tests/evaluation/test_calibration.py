import pickle
import re

import pytest
import spacy
from conftest import SENTENCES, blank_joint, entities, joint_examples, train
from spacy.tokens import DocBin, Span
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.evaluation.calibration import Calibration, calibrate
from spacy_cner.evaluation.pipeline import evaluate_pipeline


@pytest.fixture
def nlp(trained):
    return pickle.loads(pickle.dumps(trained))


@pytest.fixture
def gold(nlp):
    docs = []
    for text, ents in SENTENCES:
        doc = nlp.make_doc(text)
        doc.ents = [doc.char_span(start, end, label) for start, end, label in ents]
        docs.append(doc)
    return docs


@pytest.fixture
def shy(nlp):
    """A pipeline whose most probable tags lack an entity, the least certain one, which is still rather probable."""
    cner = nlp.get_pipe("cner")
    while [entities(nlp(text)) for text, _ in SENTENCES] == [ents for _, ents in SENTENCES]:
        cner.outside_penalty -= 0.25
    return nlp


def test_the_threshold_with_the_best_score_is_set_and_saved(shy, gold, tmp_path):
    found = calibrate(shy, gold * 3, thresholds=(0.4, 0.5, 1.0))
    assert found.path_f < found.spans_f[found.threshold]
    shy.to_disk(tmp_path)
    for pipe in (shy.get_pipe("cner"), spacy.load(tmp_path).get_pipe("cner")):
        assert (pipe.decoding, pipe.threshold) == ("spans", found.threshold)


def test_the_scores_it_keeps_are_those_of_the_pipeline_that_is_saved(tmp_path):
    spacy.util.fix_random_seed(0)
    nlp = blank_joint()
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=8)  # unsure of all
    nlp.meta["performance"] = {"ents_f": 0.123, "cner_loss": 5.0}
    gold = [example.reference for example in examples] * 3  # enough entities to choose by
    found = calibrate(nlp, gold)
    scores = evaluate_pipeline(nlp, gold)
    del scores["speed"]
    decoding, threshold = found.settings
    assert scores["ents_f"] == (found.spans_f[threshold] if decoding == "spans" else found.path_f)
    assert "words_f" in scores
    assert nlp.meta["performance"] == {**scores, "decoding": decoding, "threshold": threshold}
    nlp.to_disk(tmp_path)
    kept = spacy.load(tmp_path).meta["performance"]
    assert (kept["decoding"], kept["threshold"]) == ("spans", found.threshold)
    assert kept["ents_f"] == pytest.approx(scores["ents_f"])


@pytest.mark.parametrize(
    "scores, best",
    [([0.5, 0.9, 0.5, 0.7, 0.8, 0.75, 0.6], 0.5), ([0.6, 0.5, 0.4], 0.1), ([0.5, 0.5], 0.1), ([0.3], 0.1)],
)
def test_a_threshold_is_judged_with_its_neighbours(scores, best):
    assert Calibration(0.0, {(i + 1) / 10: score for i, score in enumerate(scores)}, 99).threshold == best


@pytest.mark.parametrize(
    "path_f, entities, settings",
    [
        (0.7, 20, ("spans", 0.1)),
        (0.7, 19, ("path", 0.0)),  # too few
        (0.8, 20, ("path", 0.0)),  # a tie
        (0.9, 20, ("path", 0.0)),
    ],
)
def test_the_most_probable_tags_stay_unless_a_threshold_is_better(path_f, entities, settings):
    assert Calibration(path_f, {0.1: 0.8, 0.2: 0.8, 0.3: 0.7}, entities).settings == settings


def test_a_tie_keeps_the_most_probable_tags(nlp, gold, caplog):
    found = calibrate(nlp, gold * 3, thresholds=(0.4, 0.5))
    assert (found.path_f, found.spans_f, found.entities) == (1.0, {0.4: 1.0, 0.5: 1.0}, 27)
    assert (nlp.get_pipe("cner").decoding, nlp.get_pipe_config("cner")["decoding"]) == ("path", "path")
    assert not caplog.records


def test_few_or_no_entities_choose_nothing(shy, gold, caplog):
    found = calibrate(shy, gold)
    assert found.spans_f[found.threshold] > found.path_f and shy.get_pipe("cner").decoding == "path"
    assert "expected at least 20 entities to choose a threshold by, got 9" in caplog.text
    for doc in gold:
        doc.set_ents([], default="outside")
    assert calibrate(shy, gold).entities == 0
    assert shy.get_pipe("cner").decoding == "path" and "got 0" in caplog.text


def test_a_pipeline_that_is_always_wrong(nlp, gold):
    for doc in gold:
        doc.set_ents([Span(doc, 0, 1, label="X")])
    found = calibrate(nlp, gold * 4)
    assert (found.path_f, set(found.spans_f.values()), found.settings) == (0.0, {0.0}, ("path", 0.0))


@pytest.mark.parametrize("first", [False, True])
def test_each_threshold_has_the_score_of_a_run_with_it(first):
    """With a shared tok2vec before the component, and another that finds entities before or after it."""
    spacy.util.fix_random_seed(0)
    nlp = blank_joint()
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=8)  # unsure of all
    ruler = nlp.add_pipe("entity_ruler", before="cner" if first else None)
    ruler.add_patterns([{"label": "LOC", "pattern": [{"TEXT": "大"}, {"TEXT": "连"}]}])
    gold = [example.reference for example in examples]
    thresholds = (0.02, 0.05, 0.1, 0.2, 0.4)
    found = calibrate(nlp, gold, thresholds=thresholds)
    cner, expected = nlp.get_pipe("cner"), {}
    for threshold in thresholds:
        cner.decoding, cner.threshold = "spans", threshold
        expected[threshold] = evaluate_pipeline(nlp, gold)["ents_f"]
    assert found.spans_f == expected
    assert len(set(expected.values())) > 2


@pytest.mark.parametrize("name, has", [("entity_ruler", "cner"), ("nope", "cner")])
def test_component_without_the_setting(nlp, gold, name, has):
    nlp.add_pipe("entity_ruler")
    with pytest.raises(InputError, match=rf"decoding \(this pipeline: {has}\), got '{name}'"):
        calibrate(nlp, gold, name)


def test_pipeline_without_the_setting(gold):
    with pytest.raises(InputError, match="such as cner or cner_features, got an empty one"):
        calibrate(spacy.blank("zh"), gold)


def test_command(shy, gold, tmp_path):
    config = shy.get_pipe_config("cner")
    config["outside_penalty"] = shy.get_pipe("cner").outside_penalty
    shy.to_disk(tmp_path / "model")
    DocBin(docs=gold * 3).to_disk(tmp_path / "dev.spacy")
    result = CliRunner().invoke(app, ["calibrate", *(str(tmp_path / name) for name in ("model", "dev.spacy", "out"))])
    assert result.exit_code == 0, result.output
    assert " 0.10 100.00  *\n 0.15 100.00\n" in result.output
    said = r"decoding spans, threshold 0.1, F 100.00 \(most probable tags: [89].\...\)"
    assert re.search(said, " ".join(result.output.split()))
    doc = spacy.load(tmp_path / "out")(SENTENCES[0][0])
    assert [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] == SENTENCES[0][1]


def test_command_where_nothing_is_better(nlp, gold, tmp_path, caplog):
    nlp.to_disk(tmp_path / "model")
    for times, warning in ((3, ""), (1, "expected at least 20 entities to choose a threshold by, got 9")):
        DocBin(docs=gold * times).to_disk(tmp_path / "dev.spacy")
        result = CliRunner().invoke(
            app, ["calibrate", *(str(tmp_path / name) for name in ("model", "dev.spacy", "out"))]
        )
        assert result.exit_code == 0 and "*" not in result.output
        assert "decoding path, F 100.00 (spans, threshold 0.1: 100.00)" in result.output
        assert warning in caplog.text
        assert spacy.load(tmp_path / "out").get_pipe("cner").decoding == "path"


def test_command_without_entities(nlp, tmp_path):
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[nlp.make_doc("没有标注")]).to_disk(tmp_path / "bare.spacy")
    result = CliRunner().invoke(app, ["calibrate", *(str(tmp_path / name) for name in ("model", "bare.spacy", "out"))])
    assert result.exit_code == 1
    assert "bare.spacy: expected documents with entity annotation, got none in 1 documents" in result.stderr
