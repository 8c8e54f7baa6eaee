import gc
import random
from collections import Counter
from itertools import islice
from types import SimpleNamespace

import pytest
import spacy
from conftest import entities, small_model, words
from corpus.strategies import annotated_texts
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus, Example
from spacy.training.initialize import init_nlp
from spacy.util import load_config_from_str, registry, resolve_dot_names

from spacy_cner import scratch, training
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.errors import InputError
from spacy_cner.text.words import WORDS_KEY
from spacy_cner.training.mixed import CORPUS_KEY, cut, keep, make_mixed_corpus, windows
from spacy_cner.training.pseudo import make_pseudo_samples

NLP = spacy.blank("zh")


def sentences(count, label="PER", *, entities=True, words=True, prefix="第"):
    """Invented sentences like 第3号船出海。, each different from the others."""
    made = []
    for i in range(count):
        text = f"{prefix}{i}号船出海。"
        ship = (0, text.index("船") + 1)
        rest = [(ship[1], ship[1] + 2), (ship[1] + 2, len(text))]
        made.append(AnnotatedText(text, [(*ship, label)] if entities else None, [ship, *rest] if words else None))
    return made


def reader(texts, vocab=NLP.vocab):
    """Not a spacy.Corpus: called each epoch."""
    return lambda nlp: [Example(nlp.make_doc(text.text), text.to_doc(vocab)) for text in texts]


def save(path, texts):
    DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[text.to_doc(NLP.vocab) for text in texts]).to_disk(path)
    return path


def epoch(mixed):
    return [example.reference for example in mixed(NLP)]


def texts_of(docs, corpus):
    return [doc.text for doc in docs if doc.user_data[CORPUS_KEY] == corpus]


NER, CWS = sentences(4, words=False), sentences(40, entities=False, prefix="那")


def test_all_documents_of_all_corpora_each_epoch_in_its_own_order():
    mixed = make_mixed_corpus({"ner": reader(NER), "cws": reader(CWS)})
    first, second = epoch(mixed), epoch(mixed)
    for docs in (first, second):
        assert sorted(doc.text for doc in docs) == sorted(text.text for text in NER + CWS)
        assert Counter(doc.user_data[CORPUS_KEY] for doc in docs) == {"ner": 4, "cws": 40}
        for doc in docs:
            assert AnnotatedText.from_doc(doc) in NER + CWS
    assert [doc.text for doc in first] != [doc.text for doc in second]
    assert any(a.user_data != b.user_data for a, b in zip(first, first[2:])), "corpora are not apart"


def test_the_seed_makes_the_order_and_the_samples():
    def epochs(seed):
        mixed = make_mixed_corpus({"ner": reader(NER), "cws": reader(CWS)}, {"cws": 1.0}, seed=seed)
        return [[doc.text for doc in epoch(mixed)] for _ in range(2)]

    state = random.getstate()
    assert epochs(1) == epochs(1) != epochs(2)
    assert random.getstate() == state, "spaCy's own random numbers are left alone"


@pytest.mark.parametrize("size, count", [(0.01, 1), (0.5, 2), (1.0, 4), (2.6, 10), (99.0, 40)])
def test_samples_are_relative_to_the_others_and_new_each_epoch(size, count):
    mixed = make_mixed_corpus({"cws": reader(CWS), "ner": reader(NER)}, {"cws": size})
    samples = []
    for _ in range(8):
        docs = epoch(mixed)
        assert sorted(texts_of(docs, "ner")) == [text.text for text in NER]
        samples.append(texts_of(docs, "cws"))
        assert len(set(samples[-1])) == len(samples[-1]) == count
    assert len({text for sample in samples for text in sample}) > count or count == 40


def test_several_corpora_make_up_what_sizes_are_relative_to():
    corpora = {"a": reader(sentences(3)), "b": reader(CWS), "c": reader(sentences(5, prefix="这"))}
    assert len(texts_of(epoch(make_mixed_corpus(corpora, {"b": 0.5})), "b")) == 4


def test_without_shuffling_corpora_follow_each_other():
    docs = epoch(make_mixed_corpus({"cws": reader(CWS), "ner": reader(NER)}, shuffle=False))
    # The first of them must show both kinds of annotation.
    assert [doc.text for doc in docs] == [text.text for text in (CWS[0], NER[0], *CWS[1:], *NER[1:])]


@pytest.mark.parametrize("kinds", [["words"], ["ents"], ["ents", "words"]])
def test_annotation_that_is_not_kept_is_missing(kinds, tmp_path):
    texts = sentences(3)
    for corpus in (reader(texts), Corpus(save(tmp_path / "x.spacy", texts))):
        mixed = make_mixed_corpus({"x": corpus}, annotations={"x": kinds})
        for _ in range(2):
            for doc in epoch(mixed):
                assert doc.has_annotation("ENT_IOB") == bool(doc.ents) == ("ents" in kinds)
                assert (WORDS_KEY in doc.spans) == ("words" in kinds)


@settings(deadline=None, max_examples=50)
@given(annotated_texts(), st.sampled_from([["words"], ["ents"], ["ents", "words"]]))
def test_what_is_kept_is_unchanged(text, kinds):
    example = Example(NLP.make_doc(text.text), text.to_doc(NLP.vocab))
    kept = AnnotatedText.from_doc(keep(example, kinds).reference)
    assert kept == AnnotatedText(
        text.text, text.entities if "ents" in kinds else None, text.words if "words" in kinds else None
    )
    assert AnnotatedText.from_doc(example.reference) == text, "the example given stays as it is"


@pytest.mark.parametrize("amount, max_length", [(0.0, 0), (1.0, 0), (0.0, 5)])
def test_memory_does_not_hold_the_documents_of_an_epoch(tmp_path, monkeypatch, amount, max_length):
    """Those of a corpus of five million characters, with what training leaves on them, take three gigabytes."""
    monkeypatch.setattr(training.mixed, "UNPACKED", -1)
    path = save(tmp_path / "x.spacy", sentences(500))
    corpus = Corpus(path, augmenter=make_pseudo_samples(amount=amount, train=str(path)))
    mixed = make_mixed_corpus({"x": corpus}, max_length=max_length)
    gc.collect()
    before = documents()
    for _ in range(2):
        for i, example in enumerate(mixed(NLP)):
            example.get_aligned_ner()
            if i % 100 == 0:
                assert documents() < before + 10
        assert i >= 499


def test_what_is_kept_packed_is_the_same(tmp_path, monkeypatch):
    path = save(tmp_path / "x.spacy", sentences(150))
    found = []
    for most in (0, 400, 10**6):
        monkeypatch.setattr(training.mixed, "UNPACKED", most)
        augmenter = make_pseudo_samples(amount=0.5, train=str(path))
        mixed = make_mixed_corpus({"x": Corpus(path, augmenter=augmenter)}, max_length=5)
        found.append([[(doc.text, entities(doc), words(doc)) for doc in epoch(mixed)] for _ in range(2)])
    assert found[0] == found[1] == found[2]


def test_what_is_packed_lies_on_disk_or_in_memory_if_that_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(training.mixed, "UNPACKED", 0)
    path = save(tmp_path / "x.spacy", sentences(150))
    found = []
    for free in (10**9, 3000, 0):
        monkeypatch.setattr(scratch.shutil, "disk_usage", lambda folder, free=free: SimpleNamespace(free=free))
        mixed = make_mixed_corpus({"x": Corpus(path)})
        found.append([(doc.text, entities(doc), words(doc)) for doc in epoch(mixed)])
        kept = [isinstance(item.example, bytes) for item in mixed._read(NLP, "x")[1:]]
        assert (any(kept), all(kept)) == {10**9: (False, False), 3000: (True, False), 0: (True, True)}[free]
    assert found[0] == found[1] == found[2]


def documents():
    return sum(type(each) is Doc for each in gc.get_objects())


def test_rare_labels_come_first_and_in_every_sample():
    rare = [*sentences(150, "LOC"), *sentences(1, "RARE", prefix="孤")]
    corpora = {"main": reader(sentences(150, "PER", words=False)), "more": reader(rare)}
    mixed = make_mixed_corpus(corpora, {"more": 0.1})
    for _ in range(5):
        docs = epoch(mixed)
        assert len(docs) == 165
        assert {ent.label_ for doc in docs[:4] for ent in doc.ents} == {"PER", "LOC", "RARE"}
        assert any(WORDS_KEY in doc.spans for doc in docs[:4])


def test_every_label_of_every_corpus_comes_early():
    """Components that learn from one corpus each have labels of their own."""
    texts = [*sentences(200, "PER"), *sentences(1, "LOC", prefix="孤")]
    docs = epoch(make_mixed_corpus({name: reader(texts) for name in "甲乙"}))
    shown = {(doc.user_data[CORPUS_KEY], ent.label_) for doc in docs[:8] for ent in doc.ents}
    assert shown == {("甲", "PER"), ("甲", "LOC"), ("乙", "PER"), ("乙", "LOC")}


def test_every_corpus_comes_early():
    """Those who tell corpora apart are initialised from the first examples."""
    corpora = {"ner": reader(NER), **{name: reader(sentences(300, entities=False, prefix=name)) for name in "甲乙丙"}}
    docs = epoch(make_mixed_corpus(corpora))
    assert {doc.user_data[CORPUS_KEY] for doc in docs[:8]} == {"ner", *"甲乙丙"}


def test_labels_that_are_not_kept_are_not_shown():
    corpora = {"ner": reader(NER), "cws": reader([*CWS, *sentences(1, "RARE", prefix="孤")])}
    docs = epoch(make_mixed_corpus(corpora, annotations={"cws": ["words"]}))
    assert {ent.label_ for doc in docs for ent in doc.ents} == {"PER"}


def test_a_corpus_of_spacy_is_read_once_and_augmented_each_epoch(tmp_path):
    calls = []

    def augmenter(nlp, example):
        calls.append(example.reference.text)
        assert example.reference.ents, "an augmenter sees all annotation"
        yield example
        text = f"{len(calls)}号艇返航。"
        yield Example.from_dict(nlp.make_doc(text), {"entities": [(0, text.index("艇") + 1, "PER")]})

    path = save(tmp_path / "x.spacy", sentences(12))
    mixed = make_mixed_corpus({"x": Corpus(path, augmenter=augmenter)}, annotations={"x": ["ents"]})
    first = epoch(mixed)
    path.unlink()
    second = epoch(mixed)
    assert len(first) == len(second) == 24 and len(calls) == 24
    made = [{doc.text for doc in docs if "艇" in doc.text} for docs in (first, second)]
    assert len(made[0]) == len(made[1]) == 12 and made[0].isdisjoint(made[1])


def test_an_epoch_is_made_as_far_as_it_is_asked_for(tmp_path):
    calls = []

    def augmenter(nlp, example):
        calls.append(example)
        yield example

    mixed = make_mixed_corpus({"x": Corpus(save(tmp_path / "x.spacy", sentences(250)), augmenter=augmenter)})
    assert len(list(islice(mixed(NLP), 100))) == len(calls) == 100


def long_text():
    text = "小船出海，风很大。“真冷！”老王说。然后大家回家吃饭"
    words = [(0, 2), (2, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9), (9, 10), (10, 11), (11, 12), (12, 13), (13, 14)]
    words += [(14, 16), (16, 17), (17, 18), (18, 20), (20, 22), (22, 24), (24, 26)]
    return AnnotatedText(text, [(0, 2, "SHIP"), (14, 16, "PER")], words)


def parts_of(text, size):
    example = Example(NLP.make_doc(text.text), text.to_doc(NLP.vocab))
    return [AnnotatedText.from_doc(part.reference) for part in cut(NLP, example, size)]


def test_long_documents_are_cut_at_sentence_ends_with_their_annotation():
    parts = parts_of(long_text(), 12)
    assert [part.text for part in parts] == ["小船出海，风很大。", "“真冷！”老王说。", "然后大家回家吃饭"]
    assert [part.entities for part in parts] == [[(0, 2, "SHIP")], [(5, 7, "PER")], []]
    assert parts[1].words == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 7), (7, 8), (8, 9)]
    assert parts_of(long_text(), 0) == parts_of(long_text(), 26) == [long_text()]


def test_a_cut_keeps_what_spans_are():
    doc = long_text().to_doc(NLP.vocab)
    doc.spans["names"] = [Span(doc, 14, 16, "PER", kb_id="Q1", span_id="I")]
    _, part, _ = cut(NLP, Example(NLP.make_doc(doc.text), doc), 12)
    (span,) = part.reference.spans["names"]
    assert (span.text, span.label_, span.kb_id_, span.id_) == ("老王", "PER", "Q1", "I")


def test_a_cut_moves_back_before_an_entity_and_a_word():
    text = AnnotatedText("我们去了蓝天集团学校参观", [(4, 8, "ORG")], [(0, 2), (2, 4), (4, 8), (8, 10), (10, 12)])
    assert [part.text for part in parts_of(text, 7)] == ["我们去了", "蓝天集团学校", "参观"]
    # What is longer than a window has to be cut; its pieces are then unknown.
    doc = text.to_doc(NLP.vocab)
    parts = [part.reference for part in cut(NLP, Example(NLP.make_doc(doc.text), doc), 3)]
    assert [part.text for part in parts] == ["我们", "去了", "蓝天集", "团学校", "参观"]
    assert not any(part.ents for part in parts)
    assert [token.ent_iob_ for token in parts[3]] == ["", "O", "O"]
    assert [part.has_annotation("ENT_IOB") for part in parts] == [True, True, False, True, True]
    assert [[word.text for word in part.spans[WORDS_KEY]] for part in parts] == [
        ["我们"],
        ["去了"],
        [],
        ["学校"],
        ["参观"],
    ]


@settings(deadline=None, max_examples=50)
@given(annotated_texts(st.text(st.sampled_from("王海。，” \nA"), min_size=1, max_size=30)), st.integers(1, 12))
def test_windows_cover_the_text_and_lose_nothing_that_fits(text, size):
    doc = text.to_doc(NLP.vocab)
    found = list(windows(doc, size))
    assert [i for start, end in found for i in range(start, end)] == list(range(len(doc)))
    assert all(0 < end - start <= size for start, end in found)
    parts = [part.reference for part in cut(NLP, Example(NLP.make_doc(doc.text), doc), size)]
    assert "".join(part.text for part in parts) == doc.text
    spans = [*doc.ents, *doc.spans.get(WORDS_KEY, ())]
    cuts = [start for start, _ in found[1:]]
    for at, start in zip(cuts, [0, *cuts]):
        if any(span.start < at < span.end for span in spans):  # nowhere else to cut
            places = range(start + 1, at)
            assert all(any(span.start < place < span.end for span in spans) for place in places)
    kept = Counter(span.text for span in spans if not any(span.start < at < span.end for at in cuts))
    assert kept == Counter(span.text for part in parts for span in (*part.ents, *part.spans.get(WORDS_KEY, ())))


def test_parts_of_word_tokenised_documents_and_other_annotation():
    words = ["小船", "昨天", "出海", "。", "大船", "今天", "出海", "。"]
    doc = Doc(NLP.vocab, words=words, spaces=[False] * 8, tags=list("ntv.ntv."), user_data={"source": "x"})
    doc.spans["ships"] = [doc[0:1], doc[4:5]]
    parts = [part.reference for part in cut(NLP, Example(NLP.make_doc(doc.text), doc), 5)]
    assert [part.text for part in parts] == ["小船昨天出海。", "大船今天出海。"]
    assert all([token.tag_ for token in part] == list("ntv.") for part in parts)
    assert [[span.text for span in part.spans["ships"]] for part in parts] == [["小船"], ["大船"]]
    assert all(part.user_data == {"source": "x"} for part in parts)


CONFIG = """
[nlp]
lang = "zh"
pipeline = ["cner"]

[components]

[components.cner]
factory = "cner"

[corpora]

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = null

[corpora.train]
@readers = "spacy_cner.MixedCorpus.v1"
max_length = 20

[corpora.train.corpora]

[corpora.train.corpora.ner]
@readers = "spacy.Corpus.v1"
path = null
gold_preproc = false

[corpora.train.corpora.cws]
@readers = "spacy.Corpus.v1"
path = null
gold_preproc = false

[corpora.train.corpora.cws.augmenter]
@augmenters = "spacy.lower_case.v1"
level = 0.0

[corpora.train.sizes]
cws = 1.0

[corpora.train.annotations]
cws = ["words"]

[training]
seed = 0
gpu_allocator = null
max_epochs = -1

[training.batcher]
@batchers = "spacy_cner.batch_by_task.v1"

[training.batcher.batcher]
@batchers = "spacy.batch_by_padded.v1"
size = 200
buffer = 20
discard_oversize = false
"""


def test_streamed_training_from_a_config(tmp_path):
    # The label LAST is in the last of more than 100 documents only.
    ner = [*sentences(150, words=False), *sentences(1, "LAST", words=False, prefix="末")]
    train, cws = save(tmp_path / "ner.spacy", ner), save(tmp_path / "cws.spacy", sentences(400, "HIDDEN", prefix="那"))
    config = load_config_from_str(
        CONFIG,
        overrides={
            "corpora.dev.path": str(train),
            "corpora.train.corpora.ner.path": str(train),
            "corpora.train.corpora.cws.path": str(cws),
            "components.cner.model": small_model(),
        },
    )
    nlp = init_nlp(config)
    assert nlp.get_pipe("cner").labels == ("LAST", "PER")
    filled = nlp.config.interpolate()
    (corpus,) = resolve_dot_names(filled, ["corpora.train"])
    batcher = registry.resolve({"batcher": filled["training"]["batcher"]})["batcher"]
    batches = list(batcher(corpus(nlp)))
    tasks = [{eg.reference.user_data[CORPUS_KEY] for eg in batch} for batch in batches]
    assert all(len(task) == 1 for task in tasks)
    assert Counter(eg.reference.user_data[CORPUS_KEY] for batch in batches for eg in batch) == {"ner": 151, "cws": 151}
    optimizer = nlp.create_optimizer()
    before = [example.reference.to_bytes() for example in batches[0]]
    losses: dict = {}
    for batch in batches[:2]:
        nlp.update(batch, sgd=optimizer, losses=losses)
    assert losses["cner"] > 0
    assert [example.reference.to_bytes() for example in batches[0]] == before, "the next epoch may use it again"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"corpora": {}}, "corpora to mix, got none"),
        ({"corpora": {"ner": "train.spacy"}}, "as the corpus 'ner', got 'train.spacy'"),
        ({"sizes": {"pos": 1.0}}, "sizes for corpora out of ner, cws, got one for 'pos'"),
        ({"annotations": {"pos": ["ents"]}}, "annotations for corpora out of ner, cws, got one for 'pos'"),
        ({"annotations": {"cws": ["tags"]}}, r"out of ents, words for the corpus 'cws', got \['tags'\]"),
        ({"annotations": {"cws": []}}, r"out of ents, words for the corpus 'cws', got \[\]"),
        ({"sizes": {"cws": 0}}, "size over 0 for the corpus 'cws', got 0"),
        ({"sizes": {"cws": -1.0}}, "size over 0"),
        ({"sizes": {"cws": float("nan")}}, "size over 0"),
        ({"sizes": {"cws": 1.0, "ner": 1.0}}, "a corpus without a size"),
        ({"max_length": -1}, "max_length of 0 .* got -1"),
    ],
)
def test_settings_out_of_range(arguments, message):
    corpora = {"ner": reader(NER), "cws": reader(CWS)}
    with pytest.raises(InputError, match=message):
        make_mixed_corpus(**{"corpora": corpora, **arguments})


def test_an_empty_corpus():
    with pytest.raises(InputError, match="documents in the corpus 'cws', got none"):
        epoch(make_mixed_corpus({"ner": reader(NER), "cws": reader([])}))


def test_a_corpus_without_the_annotation_it_is_there_for():
    with pytest.raises(InputError, match="a corpus 'ner' with words, got 4 documents without"):
        epoch(make_mixed_corpus({"ner": reader(NER), "cws": reader(CWS)}, annotations={"ner": ["words"]}))


def test_a_corpus_of_another_ending_is_named(tmp_path):
    (tmp_path / "raw.txt").write_text("王海在看海。", encoding="utf-8")
    corpora = {"ner": Corpus(tmp_path / "raw.txt")}
    with (
        pytest.warns(UserWarning),
        pytest.raises(InputError, match=r"corpus 'ner' \(.spacy files in .*raw.txt\), got none"),
    ):
        epoch(make_mixed_corpus(corpora))
