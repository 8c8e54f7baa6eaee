"""The battery that spaCy's own components pass, and what Chinese text adds to it."""

import copy
import pickle

import numpy
import pytest
import spacy
import srsly
import torch
from conftest import SENTENCES, entities, make_examples, partial_examples, small_model, train
from spacy.cli._util import app as spacy_app
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from thinc.api import Adam
from typer.testing import CliRunner

from spacy_cner.errors import InputError
from spacy_cner.pipeline import network_tagging
from spacy_cner.pipeline.entity_writer import Entity
from spacy_cner.text.char_view import windows_of
from spacy_cner.text.chars import simplified_forms


def blank(**config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model(), **config})
    return nlp


def test_overfits_and_survives_every_way_of_saving(trained, tmp_path):
    texts = [text for text, _ in SENTENCES]
    gold = [ents for _, ents in SENTENCES]
    assert [entities(trained(text)) for text in texts] == gold
    trained.to_disk(tmp_path)
    loaded = {
        "disk": spacy.load(tmp_path),
        "bytes": _from_bytes(trained),
        "pickle": pickle.loads(pickle.dumps(trained)),
    }
    for way, nlp in loaded.items():
        docs = list(nlp.pipe(texts))
        assert [entities(doc) for doc in docs] == gold, way
        for doc, before in zip(docs, trained.pipe(texts)):
            scores = [ent._.score for ent in doc.ents]
            assert scores == pytest.approx([ent._.score for ent in before.ents], abs=1e-5), way


def _from_bytes(nlp):
    other = spacy.blank("zh")
    other.add_pipe("cner", config={"model": small_model()})
    return other.from_bytes(nlp.to_bytes())


def test_component_to_disk_and_bytes(trained, tmp_path):
    pipe = trained.get_pipe("cner")
    pipe.to_disk(tmp_path / "cner")
    for load in (lambda p: p.from_disk(tmp_path / "cner"), lambda p: p.from_bytes(pipe.to_bytes())):
        other = load(blank().get_pipe("cner"))
        assert other.labels == pipe.labels
        assert other.tags == pipe.tags
        doc = trained.make_doc(SENTENCES[0][0])
        assert [e[:3] for e in other.predict([doc])[0]] == SENTENCES[0][1]


def test_batch_equals_single(trained):
    texts = [text for text, _ in SENTENCES] + ["", " ", SENTENCES[0][0] * 30]
    together = list(trained.pipe(texts, batch_size=len(texts)))
    for text, doc in zip(texts, together):
        alone = trained(text)
        assert entities(alone) == entities(doc)
        assert [e._.score for e in alone.ents] == pytest.approx([e._.score for e in doc.ents], abs=1e-5)


def test_two_processes(trained):
    texts = [text for text, _ in SENTENCES] * 2
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    # Enough work for threads, which forked processes must not wait for.
    trained("".join(texts) * 40)
    docs = list(trained.pipe(texts, n_process=2, batch_size=3))
    torch.set_num_threads(threads)
    assert [entities(doc) for doc in docs] == [ents for _, ents in SENTENCES] * 2
    assert all(ent._.score is not None for doc in docs for ent in doc.ents)


@pytest.mark.parametrize("text", ["", " ", "  \n\t ", "\u3000\u3000", "😀👍🏽", "𠮷野家", "\u200d", "a b  c\n\n王海"])
def test_odd_texts(trained, text):
    doc = trained(text)
    assert doc.text == text
    assert doc.has_annotation("ENT_IOB") or not len(doc)
    assert "cner" in doc.spans


def test_traditional_text_has_the_entities_of_the_same_text_in_simplified_characters(trained):
    traditional = {form: char for char, form in simplified_forms().items()}
    differ = 0
    for text, expected in SENTENCES:
        doc = trained("".join(traditional.get(char, char) for char in text))
        differ += doc.text != text
        assert entities(doc) == expected
    assert differ


def test_no_label_is_an_error():
    nlp = blank()
    with pytest.raises(InputError, match="expected entity labels"):
        nlp.initialize()
    nlp = blank()
    examples = make_examples(nlp, [("没有实体。", [])])
    with pytest.raises(InputError, match="no example has an entity"):
        nlp.initialize(lambda: examples)


def test_explicit_and_implicit_labels_agree():
    explicit, implicit, given = blank(), blank(), blank()
    for label in ("LOC", "ORG", "PER"):
        explicit.get_pipe("cner").add_label(label)
    explicit.initialize()
    examples = make_examples(implicit)
    implicit.initialize(lambda: examples)
    labels = implicit.get_pipe("cner").label_data
    given.get_pipe("cner").initialize(lambda: examples, nlp=given, labels=labels)
    assert explicit.get_pipe("cner").labels == implicit.get_pipe("cner").labels == ("LOC", "ORG", "PER")
    assert given.get_pipe("cner").tags == implicit.get_pipe("cner").tags == explicit.get_pipe("cner").tags


def test_init_labels_command(tmp_path):
    nlp = blank()
    DocBin(docs=[example.reference for example in make_examples(nlp)]).to_disk(tmp_path / "train.spacy")
    config = nlp.config.copy()
    path = str(tmp_path / "train.spacy")
    config["paths"] = {"train": path, "dev": path, "vectors": None, "init_tok2vec": None}
    config["initialize"]["components"] = {}
    config.to_disk(tmp_path / "config.cfg")
    result = CliRunner().invoke(spacy_app, ["init", "labels", str(tmp_path / "config.cfg"), str(tmp_path / "labels")])
    assert result.exit_code == 0, result.output
    assert srsly.read_json(tmp_path / "labels" / "cner.json") == ["LOC", "ORG", "PER"]


@pytest.mark.parametrize("label", [1, "", None])
def test_label_must_be_text(label):
    with pytest.raises(ValueError, match="expected a label"):
        blank().get_pipe("cner").add_label(label)


def test_add_label_twice():
    pipe = blank().get_pipe("cner")
    assert pipe.add_label("PER") == 1
    assert pipe.add_label("PER") == 0


def test_added_label_keeps_what_was_known_and_can_be_learned(trained):
    nlp = _from_bytes(trained)
    before = nlp.get_pipe("cner").model.predict([nlp.make_doc(SENTENCES[0][0])])[0]
    nlp.get_pipe("cner").add_label("TIME")
    after = nlp.get_pipe("cner").model.predict([nlp.make_doc(SENTENCES[0][0])])[0]
    assert after.shape[1] > before.shape[1]
    numpy.testing.assert_allclose(after[:, : before.shape[1]], before, atol=1e-5)
    more = [*SENTENCES, ("王海昨天来过。", [(0, 2, "PER"), (2, 4, "TIME")])]
    train(nlp, make_examples(nlp, more))
    assert entities(nlp(more[-1][0])) == more[-1][1]
    assert entities(_from_bytes(nlp)(more[-1][0])) == more[-1][1]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_label_added_in_training_is_learned_with_the_same_optimizer(lazy):
    sparse = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["c[0]"], "lazy": lazy}
    nlp = blank(model=small_model(features=sparse))
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples, sgd=Adam(0.02, use_averages=True))
    for _ in range(20):
        known = nlp.update(examples, sgd=optimizer)["cner"]
    nlp.get_pipe("cner").add_label("TIME")
    text, gold = "王海昨天来过。", [(0, 2, "PER"), (2, 4, "TIME")]
    more = [*examples, *make_examples(nlp, [(text, gold)])]
    # What was known still is.
    assert nlp.update(examples, sgd=False)["cner"] < known + 1
    with nlp.use_params(optimizer.averages):
        assert nlp.get_pipe("cner").model.predict([nlp.make_doc(text)])[0].shape[1] == 1 + 4 * 4
    for _ in range(40):
        nlp.update(more, sgd=optimizer)
    assert [entities(nlp(each)) for each in (text, SENTENCES[0][0])] == [gold, SENTENCES[0][1]]


@pytest.mark.parametrize(
    "model",
    [
        small_model(),
        small_model(features={"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["c[0]"]}),
        small_model(encoder={"@architectures": "spacy_cner.ClassificationAttention.v1"}),
    ],
)
@pytest.mark.parametrize("saved", [False, True])
def test_initialised_again_a_pipeline_begins_anew(model, saved):
    def begin(nlp):
        spacy.util.fix_random_seed(3)
        return nlp.initialize(lambda: examples)

    nlp = blank(model=model)
    examples = make_examples(nlp)
    optimizer = begin(nlp)
    optimizer.learn_rate = 0.02
    before = nlp.get_pipe("cner").model.to_bytes()
    first = [nlp.update(examples, sgd=optimizer)["cner"] for _ in range(20)]
    if saved:
        nlp = blank(model=model).from_bytes(nlp.to_bytes())
    assert nlp.update(examples, sgd=False)["cner"] < first[0] / 2
    begin(nlp)
    assert nlp.get_pipe("cner").model.to_bytes() == before
    # An optimizer that is used on knows nothing of the new weights either.
    assert nlp.update(examples, sgd=optimizer)["cner"] == pytest.approx(first[0])


def test_resumes_training_from_a_saved_pipeline(trained, tmp_path):
    trained.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    examples = make_examples(nlp)
    first = train(nlp, examples, steps=1, rate=0.001)
    last = train(nlp, examples, steps=20, rate=0.001)
    assert last < first
    assert entities(nlp(SENTENCES[0][0])) == SENTENCES[0][1]


def test_unknown_label_in_training_says_which(trained):
    nlp = _from_bytes(trained)
    with pytest.raises(InputError, match="'BOOK' for '红楼'"):
        nlp.update(make_examples(nlp, [("他读红楼。", [(2, 4, "BOOK")])]), sgd=nlp.resume_training())


def test_missing_annotation_is_no_loss(trained):
    nlp = _from_bytes(trained)
    doc = nlp.make_doc(SENTENCES[0][0])
    missing = Example(doc, Doc(nlp.vocab, words=[t.text for t in doc], spaces=[False] * len(doc)))
    before = nlp.get_pipe("cner").model.to_bytes()
    losses = nlp.update([missing], sgd=nlp.resume_training(), losses={})
    assert losses["cner"] == 0.0
    assert nlp.get_pipe("cner").model.to_bytes() == before


def test_partly_missing_annotation_trains_the_rest():
    nlp = blank()
    full = make_examples(nlp)
    nlp.initialize(lambda: full)
    partial = []
    for example in full:
        reference = example.reference.copy()
        # Only what is marked is known; the rest of the sentence may be anything.
        reference.set_ents(list(reference.ents), default="missing")
        partial.append(Example(nlp.make_doc(reference.text), reference))
    train(nlp, partial, steps=40)
    found = [set(entities(nlp(text))) >= set(gold) for text, gold in SENTENCES]
    assert sum(found) >= len(found) - 1


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
def test_missing_annotation_behind_an_entity_keeps_its_end(scheme):
    spacy.util.fix_random_seed(0)
    nlp = blank(model=small_model(tag_scheme=scheme))
    examples = partial_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    assert entities(nlp("王海在青岛工作。")) == [(0, 2, "PER")]
    assert entities(nlp("林小燕昨天去了大连。")) == [(0, 3, "PER")]


def test_score_and_span_group(trained):
    doc = trained(SENTENCES[0][0])
    group = doc.spans["cner"]
    assert [(s.start, s.end, s.label_) for s in group] == [(e.start, e.end, e.label_) for e in doc.ents]
    assert all(0.5 < score <= 1.0 + 1e-6 for score in group.attrs["scores"])
    assert [ent._.score for ent in doc.ents] == pytest.approx(group.attrs["scores"])
    assert doc[0:1]._.score is None
    stored = Doc(trained.vocab).from_bytes(doc.to_bytes())
    assert [ent._.score for ent in stored.ents] == pytest.approx(group.attrs["scores"])
    stored = next(iter(DocBin(docs=[doc]).get_docs(trained.vocab)))
    assert [ent._.score for ent in stored.ents] == pytest.approx(group.attrs["scores"])


def test_threshold(trained):
    pipe = _from_bytes(trained).get_pipe("cner")
    doc = trained.make_doc(SENTENCES[0][0])
    scores = sorted(entity.score for entity in pipe.predict([doc])[0])
    pipe.threshold = (scores[0] + scores[1]) / 2
    assert [entity.score for entity in pipe.predict([doc])[0]] == pytest.approx(scores[1:])


def test_spans_that_the_best_path_leaves_out(trained):
    pipe = _from_bytes(trained).get_pipe("cner")
    docs = [trained.make_doc(text) for text in ("林小燕昨天海南。", "", "在王海青山。" * 60)]
    path = pipe.predict(docs)
    pipe.decoding, pipe.threshold = "spans", 0.02
    found = pipe.predict(docs)
    for entities_of_path, entities_found in zip(path, found, strict=True):
        assert sum(e.score - 0.02 for e in entities_found) >= sum(e.score - 0.02 for e in entities_of_path) - 1e-6
        assert all(a.end <= b.start for a, b in zip(entities_found, entities_found[1:]))
        assert all(0.02 <= entity.score <= 1.0 for entity in entities_found)
    # Two spans of more than one half cannot overlap.
    pipe.threshold = 0.5
    for entities_of_path, entities_found in zip(path, pipe.predict(docs), strict=True):
        scores = {entity[:3]: entity.score for entity in entities_found}
        for entity in entities_of_path:
            assert entity.score < 0.5 or scores[entity[:3]] == pytest.approx(entity.score, abs=1e-5)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"decoding": "viterbi"}, "expected one of path, spans, got 'viterbi', as decoding"),
        ({"threshold": 45.0}, "expected a number from 0 to 1, got 45.0, as threshold"),
    ],
)
@pytest.mark.parametrize("factory", ["cner", "cner_features"])
def test_decoding_that_cannot_be(factory, settings, message):
    with pytest.raises(ValueError, match=message):
        spacy.blank("zh").add_pipe(factory, config=settings)


def test_entities_of_earlier_components_win_unless_overwritten(trained):
    for overwrite, expected in ((False, [(0, 4, "NAME"), (7, 9, "LOC")]), (True, SENTENCES[0][1])):
        nlp = _from_bytes(trained)
        nlp.get_pipe("cner").overwrite = overwrite
        ruler = nlp.add_pipe("entity_ruler", before="cner")
        ruler.add_patterns([{"label": "NAME", "pattern": "林小燕昨"}])
        assert entities(nlp(SENTENCES[0][0])) == expected


class Words:
    """A tokenizer of given words, as jieba or pkuseg would make them."""

    def __init__(self, vocab, words):
        self.vocab, self.words = vocab, words

    def __call__(self, text):
        return Doc(self.vocab, words=self.words, spaces=[False] * len(self.words))


@pytest.mark.parametrize(
    "mode, expected",
    [("expand", [(0, 3, "PER"), (6, 9, "LOC")]), ("contract", [(0, 3, "PER")]), ("strict", [(0, 3, "PER")])],
)
def test_word_tokenised_pipeline(trained, mode, expected):
    nlp = _from_bytes(trained)
    # 了青岛 cuts into the entity 青岛.
    nlp.tokenizer = Words(nlp.vocab, ["林", "小燕", "昨天", "去", "了青岛", "。"])
    nlp.get_pipe("cner").alignment_mode = mode
    doc = nlp(SENTENCES[0][0])
    assert entities(doc) == expected
    nlp.tokenizer = Words(nlp.vocab, ["林小燕", "昨天", "去", "了", "青岛", "。"])
    doc = nlp(SENTENCES[0][0])
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("林小燕", "PER"), ("青岛", "LOC")]
    assert all(ent._.score > 0.5 for ent in doc.ents)


def test_learns_in_a_word_tokenised_pipeline():
    nlp = spacy.blank("zh")
    nlp.tokenizer = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}}).tokenizer
    nlp.add_pipe("cner", config={"model": small_model()})
    char = spacy.blank("zh")
    examples = [Example(nlp.make_doc(eg.reference.text), eg.reference) for eg in make_examples(char)]
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    assert [entities(nlp(text)) for text, _ in SENTENCES[:2]] == [gold for _, gold in SENTENCES[:2]]


@pytest.mark.parametrize("scheme", ["bio", "bmes", "bilou"])
def test_other_tag_schemes(scheme):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model(tag_scheme=scheme)})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    docs = [nlp(text) for text, _ in SENTENCES]
    assert [entities(doc) for doc in docs] == [gold for _, gold in SENTENCES]
    assert all(ent._.score > 0.5 for doc in docs for ent in doc.ents)


def test_listens_to_a_shared_tok2vec_and_stands_alone_afterwards():
    nlp = spacy.blank("zh")
    model = small_model()
    nlp.add_pipe("tok2vec", config={"model": model["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "*"}
    nlp.add_pipe("cner", config={"model": {**model, "tok2vec": listener}})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    gold = [ents for _, ents in SENTENCES]
    assert [entities(doc) for doc in nlp.pipe([text for text, _ in SENTENCES])] == gold
    nlp.replace_listeners("tok2vec", "cner", ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    assert [entities(nlp(text)) for text, _ in SENTENCES] == gold
    other = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}})
    other.add_pipe("cner", source=nlp)
    assert entities(other(SENTENCES[0][0])) == gold[0]


def test_shared_tok2vec_needs_characters():
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}})
    nlp.add_pipe("tok2vec", config={"model": small_model()["tok2vec"]})
    with pytest.raises(InputError, match="one character per token, got the token"):
        nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("我们今天出发"), {})])


def test_long_documents_are_cut_at_sentence_ends(trained):
    nlp = _from_bytes(trained)
    nlp.get_pipe("cner").window = 16
    text = "".join(text for text, _ in SENTENCES)
    offsets = numpy.cumsum([0] + [len(t) for t, _ in SENTENCES])
    expected = [(o + s, o + e, label) for (_, ents), o in zip(SENTENCES, offsets) for s, e, label in ents]
    assert entities(nlp(text)) == expected


@pytest.mark.parametrize("decoding", ["path", "spans"])
def test_no_name_is_cut_in_a_long_text_without_punctuation(trained, decoding):
    nlp = _from_bytes(trained)
    pipe = nlp.get_pipe("cner")
    pipe.decoding, pipe.threshold = decoding, 0.0 if decoding == "path" else 0.3
    unit, ents = SENTENCES[2][0].rstrip("。"), SENTENCES[2][1]
    expected = [(len(unit) * i + s, len(unit) * i + e, label) for i in range(40) for s, e, label in ents]
    for window in (32, 33, 37):
        pipe.window = window
        doc = nlp(unit * 40)
        assert entities(doc) == expected
        assert all(ent._.score > 0.3 for ent in doc.ents)
    found = pipe.candidates([nlp.make_doc(unit * 40)], 0.3)[0]
    assert {entity[:3] for entity in found} >= set(expected)


def test_entity_cut_by_a_window_still_trains():
    nlp = blank(window=4)
    examples = make_examples(nlp, [("蓝天银行蓝天银行蓝天银行", [(2, 10, "ORG")])])
    nlp.initialize(lambda: examples)
    assert numpy.isfinite(train(nlp, examples, steps=3))


def test_same_seed_same_model():
    results = []
    for _ in range(2):
        spacy.util.fix_random_seed(7)
        nlp = blank()
        examples = make_examples(nlp)
        nlp.initialize(lambda examples=examples: examples)
        train(nlp, examples, steps=3)
        results.append(nlp.get_pipe("cner").model.predict([nlp.make_doc(SENTENCES[0][0])])[0])
    numpy.testing.assert_array_equal(*results)


def test_a_second_run_keeps_the_scores(trained):
    doc = trained(SENTENCES[0][0])
    found = [(ent.text, ent._.score) for ent in doc.ents]
    again = trained(trained(doc))
    assert [(ent.text, ent._.score) for ent in again.ents] == found
    assert [span.text for span in again.spans["cner"]] == [text for text, _ in found]
    assert again.spans["cner"].attrs["scores"] == [score for _, score in found]


def test_blocked_tokens_stay_free(trained):
    doc = trained.make_doc(SENTENCES[0][0])
    doc.set_ents([], blocked=[doc[0:2]], default="unmodified")
    doc = trained.get_pipe("cner")(doc)
    assert [ent.text for ent in doc.ents] == ["青岛"]
    assert [token.ent_iob_ for token in doc[0:2]] == ["B", "B"]


def test_a_second_recogniser_and_merged_tokens_keep_the_scores(trained):
    nlp, text = _from_bytes(trained), SENTENCES[0][0]
    expected = [(ent.text, pytest.approx(ent._.score)) for ent in trained(text).ents]
    nlp.add_pipe("cner", source=trained, name="again")
    nlp.add_pipe("merge_entities")
    doc = nlp(text)
    assert len(doc) < len(text)
    # The whole pipeline once more, on tokens that are names now
    for found in (doc, nlp(doc)):
        assert [(ent.text, ent._.score) for ent in found.ents] == expected
    assert [span.text for span in doc.spans["cner"]] == [text for text, _ in expected]
    assert doc.spans["cner"].attrs["scores"] == [score for _, score in expected]


def scored_groups(doc):
    return {key: list(zip(map(str, group), group.attrs["scores"], strict=True)) for key, group in doc.spans.items()}


def test_span_groups_have_what_each_recogniser_has_found(trained):
    nlp, text = _from_bytes(trained), SENTENCES[0][0]
    second = nlp.add_pipe("cner", name="second", config={"model": small_model()})
    second.from_bytes(trained.get_pipe("cner").to_bytes())
    second.spans_key, second.temperature = "second", 2.0
    doc = nlp(text)
    first = [(ent.text, ent._.score) for ent in doc.ents]
    found = scored_groups(doc)
    assert found["cner"] == first == scored_groups(trained(text))["cner"]
    assert [name for name, _ in found["second"]] == ["林小燕", "青岛"]
    assert all(score < known for (_, score), (_, known) in zip(found["second"], first, strict=True))
    (saved,) = DocBin(docs=[doc]).get_docs(nlp.vocab)
    for each in (saved, Doc(nlp.vocab).from_bytes(doc.to_bytes()), nlp(doc)):
        assert [(ent.text, ent._.score) for ent in each.ents] == first
        assert scored_groups(each) == found


def test_what_overlaps_an_earlier_entity_is_in_the_span_group_alone(trained):
    nlp = _from_bytes(trained)
    patterns = [{"label": "PER", "pattern": "林小燕"}, {"label": "X", "pattern": "了青岛"}]
    nlp.add_pipe("entity_ruler", first=True).add_patterns(patterns)
    doc = nlp(SENTENCES[0][0])
    found = scored_groups(trained(SENTENCES[0][0]))
    (saved,) = DocBin(docs=[doc]).get_docs(nlp.vocab)
    for each in (doc, saved, nlp(saved.copy()), nlp(doc)):
        assert [(ent.text, ent.label_, ent._.score) for ent in each.ents] == [
            ("林小燕", "PER", None),
            ("了青岛", "X", None),
        ]
        assert scored_groups(each) == found
        assert each.spans["cner"][1]._.score == found["cner"][1][1]


def test_what_overlaps_an_entity_that_the_document_gains_is_left_out():
    nlp = blank(alignment_mode="expand")
    doc = Doc(nlp.vocab, words=["甲", "乙丙", "丁"], spaces=[False] * 3, ents=["B-GIVEN", "O", "O"])
    found = [Entity(0, 2, "A", 0.9), Entity(2, 4, "B", 0.5), Entity(0, 1, "C", 0.4)]
    nlp.get_pipe("cner").set_annotations([doc], [found])
    assert entities(doc) == [(0, 1, "GIVEN"), (1, 4, "B")]
    assert scored_groups(doc) == {"cner": [("甲", 0.4), ("乙丙丁", 0.5)]}


@pytest.mark.parametrize("tokens", [["林小燕昨天去了青岛。"], ["林小燕昨天去了青岛", "。"]])
def test_a_token_that_is_a_clause_is_no_entity(trained, tokens):
    nlp = _from_bytes(trained)
    nlp.tokenizer = Words(nlp.vocab, tokens)
    with pytest.warns(UserWarning, match="'cner' leaves out entities that are far shorter than the tokens"):
        doc = nlp(SENTENCES[0][0])
    assert not doc.ents and not len(doc.spans["cner"])


def test_the_limit_of_expansion():
    nlp = blank()
    pipe = nlp.get_pipe("cner")
    doc = Doc(nlp.vocab, words=["去" * 6, "去" * 7], spaces=[False] * 2)
    with pytest.warns(UserWarning):
        pipe.set_annotations([doc], [[Entity(0, 2, "LOC", 0.9), Entity(8, 10, "LOC", 0.9)]])
    assert entities(doc) == [(0, 6, "LOC")]


def test_wrong_alignment_mode():
    with pytest.raises(ValueError, match="expected one of expand, contract, strict, got 'widen', as alignment_mode"):
        blank(alignment_mode="widen")


def test_prediction_before_initialisation_says_so():
    nlp = blank()
    with pytest.raises(ValueError, match="initialize"):
        nlp("王海")


def test_deep_copies_are_independent(trained):
    nlp = _from_bytes(trained)
    pipe = copy.deepcopy(nlp.get_pipe("cner").model)
    assert pipe.predict([nlp.make_doc("王海")])[0].shape[0] == 2


def test_averaged_weights_are_used_for_all_parts(trained):
    nlp = _from_bytes(trained)
    optimizer = nlp.resume_training()
    optimizer.averages = {}
    examples = make_examples(nlp)
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    pipe = nlp.get_pipe("cner")
    doc = nlp.make_doc(SENTENCES[0][0])
    now = pipe.model.predict([doc])[0]
    with nlp.use_params(optimizer.averages):
        averaged = pipe.model.predict([doc])[0]
        saved = pipe.to_bytes()
    assert not numpy.allclose(now, averaged)
    numpy.testing.assert_array_equal(pipe.model.predict([doc])[0], now)
    loaded = _from_bytes(trained).get_pipe("cner").from_bytes(saved)
    numpy.testing.assert_allclose(loaded.model.predict([doc])[0], averaged, atol=1e-5)


def test_batches_are_bounded_and_smaller_for_a_long_document(trained, monkeypatch):
    monkeypatch.setattr(network_tagging, "padded_size", lambda ops: 64)
    pipe = _from_bytes(trained).get_pipe("cner")
    pipe.window = 16
    for times, most in ((10, 64), (150, 32)):
        doc = trained.make_doc("".join(text for text, _ in SENTENCES) * times)
        batches = list(pipe.batches([doc], overlap=2))
        assert {max(map(len, docs)) * len(docs) <= most for _, docs in batches} == {True}
        assert most // 2 < max(max(map(len, docs)) * len(docs) for _, docs in batches)
        assert sum(len(windows) for windows, _ in batches) == len(windows_of([doc], 16, overlap=2))


def test_the_precision_that_auto_chose_is_kept(monkeypatch):
    monkeypatch.setattr("spacy_cner.models.torch_layers.gains_by_bfloat16", lambda device, kind: kind == "recurrent")
    nlp = spacy.blank("zh")
    model = small_model()
    model["encoder"]["precision"] = "auto"
    nlp.add_pipe("cner", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp))
    assert nlp.meta["precision"] == {"cner": {"bilstm": "bfloat16"}}
    assert "precision" not in spacy.blank("zh").meta
