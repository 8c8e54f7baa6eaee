import pickle
import re

import numpy
import pytest
import spacy
from conftest import SENTENCES, blank_joint, entities, joint_examples, train
from spacy.cli.find_threshold import find_threshold
from spacy.tokens import DocBin, Span
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.evaluation.calibration import Candidate, _of_plateau, calibrate
from spacy_cner.evaluation.pipeline import evaluate_pipeline
from spacy_cner.evaluation.temperature import best_temperature


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


def settings(nlp):
    pipe = nlp.get_pipe("cner")
    return pipe.decoding, pipe.threshold, pipe.temperature


def test_what_is_better_is_set_and_saved(shy, gold, tmp_path):
    found = calibrate(shy, gold * 8, thresholds=(0.4, 0.5, 1.0))
    assert found.before_f == found.path_f < found.spans_f[found.chosen[1]] == found.f
    assert found.chosen == found.best == ("spans", 0.4) and found.rise[0] > 0 and not found.is_kept
    shy.to_disk(tmp_path)
    for nlp in (shy, spacy.load(tmp_path)):
        assert settings(nlp) == (*found.chosen, found.temperature[1])


def unsure():
    """A pipeline that was trained a little, and gold documents."""
    spacy.util.fix_random_seed(0)
    nlp = blank_joint()
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=8)
    return nlp, [example.reference for example in examples]


def test_the_scores_it_keeps_are_those_of_the_pipeline_that_is_saved(tmp_path):
    nlp, gold = unsure()
    nlp.meta["performance"] = {"ents_f": 0.123, "cner_loss": 5.0}
    found = calibrate(nlp, gold * 3)
    scores = evaluate_pipeline(nlp, gold * 3)
    del scores["speed"]
    assert scores["ents_f"] == found.f and "words_f" in scores
    decoding, threshold, temperature = settings(nlp)
    chosen = {"decoding": decoding, "threshold": threshold, "temperature": temperature}
    assert nlp.meta["performance"] == {**scores, **chosen}
    nlp.to_disk(tmp_path)
    kept = spacy.load(tmp_path).meta["performance"]
    assert (kept["decoding"], kept["threshold"]) == (decoding, threshold)
    assert kept["ents_f"] == pytest.approx(scores["ents_f"])


def test_it_never_gets_worse():
    nlp, gold = unsure()
    before = evaluate_pipeline(nlp, gold * 3)["ents_f"]
    for start in (("path", 0.0, 1.0), ("path", 0.3, 1.0), ("spans", 0.3, 0.5), ("spans", 0.05, 3.0)):
        pipe = nlp.get_pipe("cner")
        pipe.decoding, pipe.threshold, pipe.temperature = start
        before = evaluate_pipeline(nlp, gold * 3)["ents_f"]
        found = calibrate(nlp, gold * 3)
        assert found.before_f == pytest.approx(before)
        assert evaluate_pipeline(nlp, gold * 3)["ents_f"] >= before
        assert found.f >= before - 1e-12


def candidates(scores):
    """Ways to decode with these F1, of 100 gold and found entities."""
    return [Candidate(("spans", i / 10), numpy.array([[100 * f, 100, 100]])) for i, f in enumerate(scores, 1)]


@pytest.mark.parametrize(
    "scores, best",
    [
        ([0.5, 0.9, 0.5, 0.7, 0.8, 0.75, 0.6], 0.5),  # a threshold is judged with its neighbours
        ([0.6, 0.5, 0.4], 0.1),
        ([0.5, 0.5], 0.1),
        ([0.3], 0.1),
        ([0.8] * 7 + [0.2], 0.3),  # the middle of a plateau, whose last one has a worse neighbour
        ([0.8, 0.2] + [0.8] * 5, 0.5),  # of the longest one
    ],
)
def test_the_best_threshold(scores, best):
    assert _of_plateau(candidates(scores)).choice == ("spans", best)


def test_a_rise_by_chance_changes_nothing(shy, gold):
    found = calibrate(shy, [*gold * 3, *gold[:3]], thresholds=(0.4, 0.5))
    one = [doc for doc in gold if doc.text.startswith("今天")]
    assert found.chosen == ("spans", 0.4)
    shy.get_pipe("cner").decoding, shy.get_pipe("cner").threshold = "path", 0.0
    # The least certain entity is in one of many documents now: by chance it may be missing.
    certain = [doc for doc in gold if entities(shy(doc.text)) == entities(doc)]
    rare = next(doc for doc in gold if doc not in certain)
    found = calibrate(shy, [*certain * 8, *one * 8, rare], thresholds=(0.4, 0.5))
    assert found.best == ("spans", 0.4) and found.rise[0] == 0
    assert found.is_kept and settings(shy)[:2] == found.chosen == ("path", 0.0)


def test_a_tie_keeps_what_there_is(nlp, gold, caplog):
    found = calibrate(nlp, gold * 3, thresholds=(0.4, 0.5))
    assert (found.path_f, found.spans_f, found.entities) == (1.0, {0.4: 1.0, 0.5: 1.0}, 27)
    assert (nlp.get_pipe("cner").decoding, nlp.get_pipe_config("cner")["decoding"]) == ("path", "path")
    assert found.is_kept and not caplog.records


def test_few_or_no_entities_change_nothing(shy, gold, caplog):
    before = settings(shy)
    found = calibrate(shy, gold)
    assert max(found.spans_f.values()) > found.path_f and settings(shy) == before and found.is_kept
    assert (
        "expected at least 20 entities in the development data to choose by, got 9: nothing is changed" in caplog.text
    )
    for doc in gold:
        doc.set_ents([], default="outside")
    assert calibrate(shy, gold).entities == 0
    assert settings(shy) == before and "got 0" in caplog.text


def test_a_pipeline_that_is_always_wrong(nlp, gold):
    for doc in gold:
        doc.set_ents([Span(doc, 0, 1, label="X")])
    found = calibrate(nlp, gold * 4)
    assert (found.path_f, set(found.spans_f.values()), found.chosen) == (0.0, {0.0}, ("path", 0.0))


def test_the_temperature_makes_probabilities_true(nlp, gold):
    """Half of the entities of a sure pipeline become wrong: no temperature but a high one is right."""
    for doc in gold[::2]:
        doc.set_ents([], default="outside")
    found = calibrate(nlp, gold * 8)
    (before, after), (cold, warm) = found.temperature, found.ece
    assert before == 1 and after > 2 and warm < cold / 2
    assert settings(nlp)[2] == nlp.get_pipe_config("cner")["temperature"] == after


def test_a_temperature_changes_probabilities_and_not_the_path(nlp):
    texts = [text for text, _ in SENTENCES]
    before = list(nlp.pipe(texts))
    nlp.get_pipe("cner").temperature = 3.0
    after = list(nlp.pipe(texts))
    for one, other in zip(before, after, strict=True):
        assert entities(one) == entities(other)
        assert all(x._.score > y._.score for x, y in zip(one.ents, other.ents, strict=True))
    with pytest.raises(InputError, match="expected a number over 0, got 0, as temperature"):
        nlp.get_pipe("cner").temperature = 0


def test_the_minimum_between_temperatures():
    tried = [0.5, 1.0, 2.0, 4.0]
    losses = numpy.log(numpy.array(tried) / 1.5) ** 2
    assert best_temperature(tried, losses) == pytest.approx(1.5)
    assert best_temperature(tried, numpy.array([3, 2, 1, 0])) == 4.0


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
    found = calibrate(nlp, gold, thresholds=thresholds)  # too few entities to change the temperature
    cner, expected = nlp.get_pipe("cner"), {}
    for threshold in thresholds:
        cner.decoding, cner.threshold = "spans", threshold
        expected[threshold] = evaluate_pipeline(nlp, gold)["ents_f"]
    assert found.spans_f == pytest.approx(expected)
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
    DocBin(docs=gold * 8).to_disk(tmp_path / "dev.spacy")
    result = CliRunner().invoke(app, ["calibrate", *(str(tmp_path / name) for name in ("model", "dev.spacy", "out"))])
    assert result.exit_code == 0, result.output
    said = r"decoding now spans over 0\.\d+, F from [89].\... to 100.00, \+\d+\.\d to \+\d+\.\d points of F1"
    assert re.search(said, " ".join(result.output.split()))
    (chosen,) = (line for line in result.output.splitlines() if line.endswith("*"))
    assert chosen.split()[1] == "100.00"
    doc = spacy.load(tmp_path / "out")(SENTENCES[0][0])
    assert [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] == SENTENCES[0][1]


def test_command_where_nothing_is_better(nlp, gold, tmp_path, caplog):
    nlp.to_disk(tmp_path / "model")
    for times, warning in ((3, ""), (1, "expected at least 20 entities")):
        DocBin(docs=gold * times).to_disk(tmp_path / "dev.spacy")
        result = CliRunner().invoke(
            app, ["calibrate", *(str(tmp_path / name) for name in ("model", "dev.spacy", "out"))]
        )
        assert result.exit_code == 0 and " path 100.00  *\n" in result.output
        assert "decoding kept as it was, F 100.00" in result.output
        assert warning in caplog.text
        assert spacy.load(tmp_path / "out").get_pipe("cner").decoding == "path"


def test_spacy_s_find_threshold_on_a_calibrated_pipeline(shy, gold, tmp_path, capsys):
    calibrate(shy, gold * 8)
    shy.to_disk(tmp_path / "model")
    DocBin(docs=gold).to_disk(tmp_path / "dev.spacy")
    best, _, scores = find_threshold(
        tmp_path / "model", tmp_path / "dev.spacy", "cner", "threshold", "ents_f", n_trials=3, silent=True
    )
    low, middle, high = scores.values()
    assert (best, low, high) == (0.0, pytest.approx(1.0), 0.0) and 0 < middle < 1
    with_zero = spacy.load(tmp_path / "model", config={"components.cner.threshold": 0.0})
    assert with_zero.get_pipe("cner").threshold == 0 and with_zero(SENTENCES[0][0]).ents


def test_command_without_entities(nlp, tmp_path):
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[nlp.make_doc("没有标注")]).to_disk(tmp_path / "bare.spacy")
    result = CliRunner().invoke(app, ["calibrate", *(str(tmp_path / name) for name in ("model", "bare.spacy", "out"))])
    assert result.exit_code == 1
    assert "bare.spacy: expected documents with entity annotation, got none in 1 documents" in result.stderr


def test_command_where_no_document_has_an_entity(nlp, tmp_path):
    """They are annotated; none has any."""
    nlp.to_disk(tmp_path / "model")
    doc = nlp.make_doc("今天天气真好。")
    doc.set_ents([], default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "none.spacy")
    result = CliRunner().invoke(app, ["calibrate", *(str(tmp_path / name) for name in ("model", "none.spacy", "out"))])
    assert result.exit_code == 0, result.output
    assert "out: decoding kept as it was, F -" in result.stderr
    assert entities(spacy.load(tmp_path / "out")(SENTENCES[0][0])) == entities(nlp(SENTENCES[0][0]))


def test_command_with_a_folder_that_it_must_not_replace(tmp_path):
    """It says so before anything else: the pipeline is never loaded."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").touch()
    result = CliRunner().invoke(app, ["calibrate", *(str(tmp_path / name) for name in ("model", "dev.spacy", "out"))])
    assert result.exit_code == 1
    assert "out: expected a new folder, or one with a pipeline alone to replace, found notes.txt" in result.stderr
