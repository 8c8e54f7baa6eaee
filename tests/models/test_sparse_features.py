import numpy
import pytest
import spacy
from conftest import small_model
from spacy.tokens import DocBin
from spacy.util import registry
from thinc.api import SGD

from spacy_cner.errors import InputError
from spacy_cner.features.template_sets import TEMPLATE_SETS
from spacy_cner.models.tagger import set_labels

NLP = spacy.blank("zh")
DOCS = [NLP.make_doc(text) for text in ("王海来", "林", "青岛很远")]
TEMPLATES = ["c[0]", "c[-1]c[0]", "class[1]", "surname[0]"]


def layer(**settings):
    block = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": TEMPLATES, **settings}
    return registry.resolve({"model": block})["model"]


def tagger(features=None):
    features = features or {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": TEMPLATES}
    model = registry.resolve({"model": small_model(features=features)})["model"]
    set_labels(model, ["PER"])
    model.initialize(X=DOCS)
    return model


def learn(model, docs=DOCS, rate=0.1):
    output, backprop = model(docs, True)
    backprop([numpy.ones_like(rows) for rows in output])
    model.finish_update(SGD(rate))


@pytest.mark.parametrize("lazy", [False, True])
def test_zero_before_training_and_learned_by_it(lazy):
    model = layer(width=3, lazy=lazy)
    model.initialize(X=DOCS)
    assert [x.shape for x in model.predict(DOCS)] == [(3, 3), (1, 3), (4, 3)]
    assert not any(x.any() for x in model.predict(DOCS))
    learn(model)
    assert all((x < 0).all() for x in model.predict(DOCS))


def test_features_that_training_has_not_seen_add_nothing():
    model = layer(width=2, templates=["c[0]"])
    model.initialize(X=DOCS)
    learn(model)
    (rows,) = model.predict([NLP.make_doc("王先")])
    assert rows[0].any() and not rows[1].any()


def test_features_of_a_file(tmp_path):
    path = tmp_path / "train.spacy"
    DocBin(docs=[NLP.make_doc("大连大")]).to_disk(path)
    model = layer(width=2, templates=["c[0]"], train=str(path), min_count=2)
    model.initialize(X=DOCS)
    assert len(model.attrs["index"]) == 2
    learn(model, [NLP.make_doc("大连")])
    (rows,) = model.predict([NLP.make_doc("大连")])
    assert rows[0].any() and not rows[1].any()


@pytest.mark.parametrize("lazy", [False, True])
def test_initialised_again_they_are_those_of_the_new_text(lazy):
    model, other = layer(width=2, templates=["c[0]"], lazy=lazy), [NLP.make_doc("林")]
    model.initialize(X=DOCS)
    learn(model)
    model.initialize(X=other)
    assert not any(rows.any() for rows in model.predict(DOCS))
    learn(model, other)
    assert [rows.any() for rows in model.predict(DOCS)] == [False, True, False]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="nothing.spacy: expected a .spacy file"):
        layer(width=2, train=str(tmp_path / "nothing.spacy")).initialize(X=DOCS)


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_dropout_that_is_none(dropout):
    with pytest.raises(ValueError, match=f"expected a dropout from 0 to below 1, got {dropout}"):
        layer(dropout=dropout)


def test_lists_of_the_user(tmp_path):
    path = tmp_path / "ships.txt"
    path.write_text("远\n", encoding="utf-8")
    model = layer(width=2, templates=["ship[0]"], lists={"ship": str(path)})
    model.initialize(X=DOCS)
    rows = model.attrs["index"].rows(DOCS)[:, 0]
    assert len(set(rows[:-1])) == 1 and rows[-1] != rows[0]
    with pytest.raises(InputError, match="expected a column out of .*, got 'ship'"):
        layer(templates=["ship[0]"])
    # Who loads the pipeline needs no file.
    data = model.to_bytes()
    path.unlink()
    other = layer(width=2, templates=["ship[0]"], lists={"ship": str(path)})
    assert (other.from_bytes(data).attrs["index"].rows(DOCS)[:, 0] == rows).all()


def test_one_document_does_not_depend_on_the_others():
    model = layer(width=2)
    model.initialize(X=DOCS)
    learn(model)
    together = model.predict([*DOCS, NLP.make_doc("")])
    for doc, rows in zip(DOCS, together):
        assert (model.predict([doc])[0] == rows).all()
    assert together[-1].shape == (0, 2) and model.predict([]) == []


def test_saved_and_read_again():
    model = layer(width=2)
    model.initialize(X=DOCS)
    learn(model)
    again = layer(width=2).from_bytes(model.to_bytes())
    docs = [NLP.make_doc("王海不来")]
    assert (again.predict(docs)[0] == model.predict(docs)[0]).all()


# In a tagger


def test_scores_are_added_to_those_of_the_network():
    model = tagger()
    before = model.predict(DOCS)
    learn(model.get_ref("features"))
    added = model.get_ref("features").predict(DOCS)
    for x, y, z in zip(before, added, model.predict(DOCS)):
        assert y.any()
        numpy.testing.assert_allclose(x + y, z, atol=1e-6)


def test_gradient_reaches_both_parts():
    model = tagger()
    before = [model.get_ref(name).to_bytes() for name in ("tok2vec", "head", "features")]
    learn(model)
    after = [model.get_ref(name).to_bytes() for name in ("tok2vec", "head", "features")]
    assert all(x != y for x, y in zip(before, after))


def test_a_new_label_keeps_what_is_known():
    model = tagger()
    learn(model)
    before = model.get_ref("features").predict(DOCS)
    set_labels(model, ["PER", "LOC"])
    for x, y in zip(before, model.get_ref("features").predict(DOCS)):
        assert (y[:, : x.shape[1]] == x).all() and not y[:, x.shape[1] :].any()


def test_no_templates():
    with pytest.raises(InputError, match="expected at least 1 template, got none; to have no sparse features, leave"):
        layer(templates=[])


def test_a_set_of_templates():
    by_name = {"@misc": "spacy_cner.templates.v1", "sets": ["characters"], "more": ["surname[0]"]}
    model = layer(templates=by_name, width=2)
    model.initialize(X=DOCS)
    assert model.attrs["index"].templates == [*TEMPLATE_SETS["characters"], "surname[0]"]
