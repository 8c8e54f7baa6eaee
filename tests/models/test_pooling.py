"""Two recognisers pooled: their scores add up, whatever the partner is."""

import numpy
import pytest
import spacy
from conftest import SENTENCES, make_examples, small_model, train
from thinc.api import ConfigValidationError

from spacy_cner.models.weights import export_weights

TEXTS = [text for text, _ in SENTENCES]
SETS = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["c[0]", "c[-1]c[0]"]}
TRANSFORMER = {
    "embed": {"@architectures": "spacy_cner.CharNgramEmbed.v1", "widths": [16], "buckets": [50]},
    "encode": {"@architectures": "spacy_cner.Transformer.v1", "width": 16, "layers": 1, "heads": 2},
}


def tagger(labels=("LOC", "ORG", "PER"), partner=None, share=0.5, recogniser=None, **model):
    """An initialised pipeline; sentences have other labels where `labels` says so."""
    names = dict(zip(("LOC", "ORG", "PER"), labels))
    sentences = [(text, [(a, b, names[label]) for a, b, label in ents]) for text, ents in SENTENCES]
    block = {
        "@callbacks": "spacy_cner.load_weights.v1",
        "layer": "pretrained",
        "recogniser": recogniser,
        "partner": partner,
        "share": share,
    }
    nlp = spacy.blank("zh", config={"initialize": {"after_init": block}} if partner or recogniser else {})
    nlp.add_pipe("cner", config={"model": model or small_model()})
    nlp.initialize(lambda: make_examples(nlp, sentences))
    return nlp, sentences


def learned(folder, **model):
    """A trained pipeline, and the file of its weights."""
    nlp, sentences = tagger(**model)
    train(nlp, make_examples(nlp, sentences), steps=40)
    return nlp, exported(nlp, folder)


def exported(nlp, folder):
    """The file of a pipeline's weights."""
    pipe = nlp.get_pipe("cner")
    path = folder / "weights.bin"
    path.write_bytes(export_weights(pipe.model, list(pipe.labels)))
    return str(path)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return learned(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    tok2vec = {"@architectures": "spacy.Tok2Vec.v2", **TRANSFORMER}
    model = {"@architectures": "spacy_cner.CrfTagger.v1", "tok2vec": tok2vec, "encoder": None}
    return learned(tmp_path_factory.mktemp("transformer"), **model)


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features", config={"templates": ["c[0]", "c[1]", "c[-1]c[0]"]})
    nlp.initialize(lambda: make_examples(nlp))
    folder = tmp_path_factory.mktemp("features") / "pipeline"
    nlp.to_disk(folder)
    return nlp, str(folder)


def beside_a_partner(width=16):
    """The small network, whose tags are scored by a partner, too."""
    own = small_model()
    return {
        "@architectures": "spacy_cner.CrfTagger.v1",
        "tok2vec": {
            "@layers": "concatenate.v1",
            "*": {"own": own["tok2vec"], "partner": {"@architectures": "spacy_cner.Partner.v1", **TRANSFORMER}},
        },
        "encoder": {"@architectures": "spacy_cner.Shortcut.v1", "width": width, "encoder": own["encoder"]},
    }


def scores(nlp, name="cner"):
    """Emissions of all texts, and the transitions."""
    _, batches = nlp.get_pipe(name).scored([nlp.make_doc(text) for text in TEXTS])
    found = [None] * len(TEXTS)
    for windows, each in batches:
        crf = each.crf
        for window, rows, length in zip(windows, each.emissions, each.lengths):
            found[window.index] = rows[:length]
    return [*found, crf.transitions, crf.start[None], crf.end[None]]


def assert_pooled(pooled, first, second, share):
    for rows, one, other in zip(scores(pooled), first, second, strict=True):
        numpy.testing.assert_allclose(rows, (1 - share) * one + share * other, atol=0.05)  # half precision


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_with_a_network(network, transformer, share):
    pooled, _ = tagger(recogniser=network[1], partner=transformer[1], share=share, **beside_a_partner())
    assert_pooled(pooled, scores(network[0]), scores(transformer[0]), share)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_with_sparse_features(network, features, share):
    pooled, _ = tagger(recogniser=network[1], partner=features[1], share=share, **small_model(features=SETS))
    assert_pooled(pooled, scores(network[0]), scores(features[0], "cner_features"), share)


def test_it_learns_on_and_keeps_the_partner_as_it_is(network, transformer, tmp_path):
    pooled, sentences = tagger(recogniser=network[1], partner=transformer[1], **beside_a_partner())
    partner = pooled.get_pipe("cner").model.get_ref("partner")
    before = partner.to_bytes()
    train(pooled, make_examples(pooled, sentences), steps=20)
    assert partner.to_bytes() == before
    pooled.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    for rows, others in zip(scores(loaded), scores(pooled)):
        numpy.testing.assert_allclose(rows, others, atol=1e-6)


def test_alone_it_knows_what_the_partner_knows(transformer):
    pooled, _ = tagger(partner=transformer[1], **beside_a_partner())
    assert found(pooled) == found(transformer[0]) != [[] for _ in TEXTS]


def test_labels_that_the_partner_does_not_have(transformer):
    pooled, sentences = tagger(("ANIMAL", "ORG", "PER"), partner=transformer[1], **beside_a_partner())
    both = {pair for row in found(transformer[0]) for pair in row if pair[1] != "LOC"}
    assert both <= {pair for row in found(pooled) for pair in row}
    train(pooled, make_examples(pooled, sentences), steps=60)
    assert ("青岛", "ANIMAL") in found(pooled)[0]


def test_it_begins_again_from_what_it_has_learned(network, transformer, tmp_path):
    names = {"labels": ("ANIMAL", "PLANT", "THING")}
    first, sentences = tagger(**names, recogniser=network[1], partner=transformer[1], **beside_a_partner())
    train(first, make_examples(first, sentences), steps=60)
    path = exported(first, tmp_path)
    again, _ = tagger(**names, recogniser=path, partner=transformer[1], **beside_a_partner())
    assert_pooled(again, scores(first), scores(first), 0.0)
    assert found(again) == found(first) and any(found(first))


def test_sparse_features_begin_again_from_what_they_have_learned(features, tmp_path):
    first, sentences = tagger(recogniser=None, partner=features[1], **small_model(features=SETS))
    train(first, make_examples(first, sentences), steps=20)
    path = exported(first, tmp_path)
    again, _ = tagger(recogniser=path, partner=features[1], **small_model(features=SETS))
    assert_pooled(again, scores(first), scores(first), 0.0)


def test_what_it_knows_of_labels_that_the_partner_lacks_stays(transformer, tmp_path):
    names = {"labels": ("ANIMAL", "PLANT", "THING")}
    first, sentences = tagger(**names)
    train(first, make_examples(first, sentences), steps=60)
    path = exported(first, tmp_path)
    beside, _ = tagger(**names, recogniser=path, partner=transformer[1], **beside_a_partner())
    assert_pooled(beside, scores(first), scores(first), 0.0)


def test_a_recogniser_that_had_a_partner_needs_one(network, transformer, tmp_path):
    pooled, _ = tagger(recogniser=network[1], partner=transformer[1], **beside_a_partner())
    path = exported(pooled, tmp_path)
    with pytest.raises(ConfigValidationError, match="weights.bin: expected inner.weight of emissions in the shape"):
        tagger(recogniser=path)


def found(nlp):
    return [[(ent.text, ent.label_) for ent in doc.ents] for doc in nlp.pipe(TEXTS)]


def test_partners_that_do_not_fit(network, transformer, features, tmp_path):
    def refused(message, **settings):
        with pytest.raises(ConfigValidationError, match=message):
            tagger(**settings)

    refused("partner.*expected a tagger that reads a partner's states", partner=transformer[1])
    refused("partner.*expected a tagger with sparse features", partner=features[1])
    refused("partner.*expected the layers .*differ in", partner=network[1], **beside_a_partner())
    refused("partner.*none.bin: expected the weights", partner=str(tmp_path / "none.bin"), **beside_a_partner())
    refused("partner.*share from 0 to 1, got 2", partner=transformer[1], share=2, **beside_a_partner())
    scheme = {**small_model(features=SETS), "tag_scheme": "bio"}
    refused("partner.*expected tags of the scheme bio", partner=features[1], **scheme)
    network[0].to_disk(tmp_path / "network")
    refused("expected a pipeline with a trained cner_features.*got cner", partner=str(tmp_path / "network"),
            **small_model(features=SETS))  # fmt: skip


def test_a_shortcut_takes_columns_that_are_there(transformer):
    with pytest.raises(ConfigValidationError, match="partner.*expected a shortcut of 16 columns, .* got 8"):
        tagger(partner=transformer[1], **beside_a_partner(width=8))
