import copy

import numpy
import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model, train

from spacy_cner.errors import InputError
from spacy_cner.loading import save_pipeline
from spacy_cner.models.averaging import average_pipelines
from spacy_cner.pipeline.compiled import compile_pipeline

TEXTS = [text for text, _ in SENTENCES]


@pytest.fixture(scope="module")
def runs(trained, tmp_path_factory):
    """Three trainings from one start, on other sentences each."""
    folder = tmp_path_factory.mktemp("runs")
    trained.to_disk(folder / "start")
    for i in range(3):
        nlp = spacy.load(folder / "start")
        train(nlp, make_examples(nlp, SENTENCES[i::3]), steps=3, rate=0.005)
        nlp.meta["performance"] = {"ents_f": 0.5 + i}
        nlp.to_disk(folder / str(i))
    return [str(folder / str(i)) for i in range(3)]


def arrays(nlp, name="cner"):
    """All weights of a component."""
    for node in nlp.get_pipe(name).model.walk():
        yield from (node.get_param(each) for each in node.param_names)
        for shim in node.shims:
            yield from (value.numpy().copy() for value in shim._model.state_dict().values())


def test_weights_are_the_means(runs):
    parts, average = [list(arrays(spacy.load(run))) for run in runs], list(arrays(average_pipelines(runs)))
    assert len(average) == len(parts[0]) > 10
    assert any(not numpy.array_equal(a, b) for a, b in zip(*parts[:2]))
    for value, *values in zip(average, *parts):
        numpy.testing.assert_allclose(value, sum(values) / 3, rtol=1e-5, atol=1e-7)
        assert value.dtype == values[0].dtype


def test_it_finds_what_its_parts_find_and_has_no_scores(runs, tmp_path):
    save_pipeline(average_pipelines(runs), tmp_path / "average")
    nlp = spacy.load(tmp_path / "average")
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == [found for _, found in SENTENCES]
    assert nlp.meta["performance"] == {}
    assert spacy.load(runs[0]).meta["performance"] == {"ents_f": 0.5}


def test_the_average_of_one_pipeline_with_itself_is_that_pipeline(runs):
    average = average_pipelines([runs[0], runs[0]])
    for value, wanted in zip(arrays(average), arrays(spacy.load(runs[0]))):
        numpy.testing.assert_array_equal(value, wanted)


def test_components_of_spacy(tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("ner")
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    for i in range(2):
        train(nlp, examples, steps=2)
        nlp.to_disk(tmp_path / str(i))
    names = [str(tmp_path / str(i)) for i in range(2)]
    parts = [list(arrays(spacy.load(name), "ner")) for name in names]
    for value, *values in zip(arrays(average_pipelines(names), "ner"), *parts):
        numpy.testing.assert_allclose(value, sum(values) / 2, rtol=1e-5, atol=1e-7)


def make(folder, *, seed=0, model=None, sentences=SENTENCES):
    spacy.util.fix_random_seed(seed)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": model or small_model()})
    examples = make_examples(nlp, sentences)
    nlp.initialize(lambda: examples)
    nlp.to_disk(folder)
    return str(folder)


def test_another_start_is_refused(runs, tmp_path):
    other = make(tmp_path / "other", seed=1)
    with pytest.raises(InputError, match="other: expected 'cner' of the start of .*0, got .* nothing in common"):
        average_pipelines([runs[0], other])


def test_a_last_layer_that_began_elsewhere_is_averaged(trained, tmp_path):
    """It is linear, and new where labels are new."""
    for i in range(2):
        nlp = copy.deepcopy(trained)
        layer = nlp.get_pipe("cner").model.get_ref("output").shims[0]._model
        for value in layer.parameters():
            value.data.normal_()
        nlp.to_disk(tmp_path / str(i))
    average = average_pipelines([str(tmp_path / str(i)) for i in range(2)])
    assert average.pipe_names == ["cner"]


def test_other_settings_labels_shapes_and_components_are_refused(runs, tmp_path):
    deeper = small_model(encoder={"@architectures": "spacy_cner.BiLSTM.v1", "width": 16})
    other = make(tmp_path / "settings", model=deeper)
    with pytest.raises(
        InputError, match=r"settings: expected components\.cner\.model\.encoder\.width = 32, as .*, got 16"
    ):
        average_pipelines([runs[0], other])
    relabelled = [(text, [(start, end, label + "S") for start, end, label in found]) for text, found in SENTENCES]
    other = make(tmp_path / "labels", sentences=relabelled)
    with pytest.raises(InputError, match="labels: expected 'cner' with the labels of .*, LOC, .*, got LOCS, "):
        average_pipelines([runs[0], other])
    nlp = spacy.load(runs[0])
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "more")
    with pytest.raises(
        InputError, match=r"more: expected the components of .*\['cner'\], got \['cner', 'sentencizer'\]"
    ):
        average_pipelines([runs[0], str(tmp_path / "more")])


def test_features_of_other_rows_are_refused(tmp_path):
    features = {"@architectures": "spacy_cner.SparseFeatures.v1", "min_count": 1, "templates": ["c[0]", "c[-1]c[0]"]}
    names = [
        make(tmp_path / str(i), model=small_model(features=features), sentences=SENTENCES + more)
        for i, more in enumerate(([], [("他们都在贵阳。", [(4, 6, "LOC")])]))
    ]
    with pytest.raises(InputError, match="1: expected 'cner' of the start of .*0, got .* train on the same documents"):
        average_pipelines(names)


def test_what_has_no_network_must_be_the_same(runs, tmp_path):
    for name, pattern in (("a", "王海"), ("b", "王海"), ("c", "李娜")):
        nlp = spacy.load(runs[0])
        nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": pattern}])
        nlp.to_disk(tmp_path / name)
    a, b, c = (str(tmp_path / name) for name in "abc")
    assert average_pipelines([a, b]).pipe_names == ["cner", "entity_ruler"]
    with pytest.raises(InputError, match="c: expected 'entity_ruler' of .*a, which has no network, got another one"):
        average_pipelines([a, b, c])


def test_what_has_no_weights_to_average_is_refused(runs, tmp_path):
    compile_pipeline(spacy.load(runs[0])).to_disk(tmp_path / "compiled")
    with pytest.raises(InputError, match="compiled: expected a pipeline that was trained, got a compiled one"):
        average_pipelines([str(tmp_path / "compiled")] * 2)
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "rules")
    with pytest.raises(InputError, match=r"rules: expected a pipeline with a network, got \['sentencizer'\]"):
        average_pipelines([str(tmp_path / "rules")] * 2)
    with pytest.raises(InputError, match="expected two or more pipelines, got 1"):
        average_pipelines([runs[0]])
