import pickle
import random
import re
from collections import Counter

import pytest
import spacy
from corpus.strategies import annotated_texts
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus, Example
from spacy.util import registry

from spacy_cner.corpus.docbin import chinese_vocab, save
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.errors import CorpusError, InputError
from spacy_cner.text.words import WORDS_KEY
from spacy_cner.training.pseudo import PseudoSampler, make_pseudo_samples, name_pool, read_gazetteer, replace_entities

NLP = spacy.blank("zh")
VOCAB = chinese_vocab()
LABELS = ["PER", "LOC.NAM", "x_1-y"]
NAMES = ["林小燕", "王 海", "A1", "蓝天银行", "é\u0301😄", "　".join("大连")]
SENTENCES = [
    AnnotatedText("林小燕去青岛 了。", [(0, 3, "PER"), (4, 6, "LOC")], [(0, 1), (1, 3), (3, 4), (4, 6), (7, 9)]),
    AnnotatedText("王海在大连南站。", [(0, 2, "PER"), (3, 7, "LOC")], [(0, 2), (2, 3), (3, 5), (5, 7), (7, 8)]),
    AnnotatedText("今天没有谁出门。", [], [(0, 2), (2, 4), (4, 5), (5, 7), (7, 8)]),
    AnnotatedText("蓝天银行不开门。", [(0, 4, "ORG")]),
]


def a_name(text, label="PER", words=None):
    return AnnotatedText(text, [(0, len(text), label)], words or [(0, len(text))])


@pytest.fixture
def train(tmp_path):
    path = tmp_path / "train.spacy"
    save(DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[text.to_doc(VOCAB) for text in SENTENCES]), path)
    return str(path)


@pytest.fixture
def gazetteer(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("陈晨\tPER\n厦门\tLOC\n", encoding="utf-8")
    return str(path)


def samples(sampler, sentences=SENTENCES):
    return [sample for text in sentences for sample in sampler.samples(text.to_doc(VOCAB))]


def with_names(texts, **settings):
    """A sampler whose names are the entities of `texts`, as if read from a file."""
    sampler = PseudoSampler(train="names", **settings)
    sampler._train_texts = lambda: texts
    return sampler


def outside(text):
    """What stands before, between and after the entities."""
    borders = [0, *(offset for entity in text.entities for offset in entity[:2]), len(text.text)]
    return [text.text[start:end] for start, end in zip(borders[::2], borders[1::2], strict=True)]


def inside(text):
    return [(text.text[start:end], label) for start, end, label in text.entities]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(annotated_texts(), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(LABELS)), max_size=6),
    st.sampled_from([None, LABELS[:1], LABELS[1:]]),
    st.integers(0, 3),
)
def test_labels_fit_the_new_text(sentences, names, types, seed):
    sources = [*sentences, *(a_name(name, label) for name, label in names)]
    known = {entity for source in sources for entity in inside(source)}
    types = types and [label for label in types if label in dict(map(reversed, known))]
    sampler = with_names(sources, amount=2, types=types, seed=seed)
    for source in sentences:
        doc = source.to_doc(NLP.vocab)
        example, *pseudo = sampler(NLP, Example(NLP.make_doc(doc.text), doc))
        assert example.reference is doc
        may_change = [
            types is None or label in types if any(name != text and label == its for name, its in known) else False
            for text, label in inside(source)
        ]
        assert len(pseudo) == (2 if any(may_change) else 0)
        for example in pseudo:
            assert not example.predicted.ents and not example.predicted.spans
            assert [token.text for token in example.predicted] == [token.text for token in example.reference]
            new = AnnotatedText.from_doc(example.reference)  # so words tile the text
            assert example.predicted.text == new.text
            assert outside(new) == outside(source)
            assert [label for _, label in inside(new)] == [label for _, label in inside(source)]
            assert known.issuperset(inside(new))
            assert [old != now for old, now in zip(inside(source), inside(new), strict=True)] == may_change
            assert (new.words is None) == (source.words is None)


@settings(max_examples=80, deadline=None)
@given(annotated_texts(), st.data())
def test_words_outside_stay_and_words_inside_are_the_names(source, data):
    drawn = data.draw(st.lists(st.booleans(), min_size=len(source.entities), max_size=len(source.entities)))
    two = {"林小燕": [(0, 1), (1, 3)]}
    names = [
        a_name("林小燕", label, two["林小燕"]) if new else None
        for new, (_, _, label) in zip(drawn, source.entities, strict=True)
    ]
    result = replace_entities(source, names)
    assert (result.words is None) == (source.words is None)
    if source.words is None:
        return
    # Borders as positions of the source; those of the names' inner words are taken out.
    borders, shift = set(), 0
    for (start, end, _), (old_start, old_end, _), name in zip(result.entities, source.entities, names, strict=True):
        assert start - shift == old_start
        if name is not None:
            assert [(a - start, b - start) for a, b in result.words if start <= a < end] == two["林小燕"]
        shift += (end - start) - (old_end - old_start)
    replaced = [entity[:2] for entity, name in zip(source.entities, names, strict=True) if name]
    for word in source.words:
        if all(word[1] <= start or end <= word[0] for start, end in replaced):
            moved = sum(3 - (end - start) for start, end in replaced if end <= word[0])
            borders.add((word[0] + moved, word[1] + moved))
    assert borders.issubset(result.words)


def test_as_in_the_paper():
    source = AnnotatedText("李刚在阿里工作", [(0, 2, "PER"), (3, 5, "ORG")], [(0, 2), (2, 3), (3, 5), (5, 7)])
    assert replace_entities(source, [a_name("王小超"), a_name("谷歌", "ORG")]) == AnnotatedText(
        "王小超在谷歌工作", [(0, 3, "PER"), (4, 6, "ORG")], [(0, 3), (3, 4), (4, 6), (6, 8)]
    )


def test_words_are_cut_at_the_entity_and_not_elsewhere():
    source = AnnotatedText("老王 海说A连", [(1, 2, "PER"), (6, 7, "LOC")], [(0, 4), (4, 5), (5, 7)])
    result = replace_entities(source, [a_name("陈晨"), None])
    assert result == AnnotatedText(
        "老陈晨 海说A连", [(1, 3, "PER"), (7, 8, "LOC")], [(0, 1), (1, 3), (4, 5), (5, 6), (6, 8)]
    )


def test_names_bring_the_words_of_their_source():
    pool = name_pool(
        [*SENTENCES, AnnotatedText("老王海和蓝天", [(1, 3, "PER"), (4, 6, "ORG")], [(0, 2), (2, 3), (3, 6)])]
    )
    assert pool == {
        "PER": [a_name("林小燕", words=[(0, 1), (1, 3)]), a_name("王海")],
        "LOC": [a_name("青岛", "LOC"), a_name("大连南站", "LOC", [(0, 2), (2, 4)])],
        "ORG": [a_name("蓝天银行", "ORG"), a_name("蓝天", "ORG")],
    }


def test_names_have_the_words_they_have_most_often():
    one, two = [(0, 3)], [(0, 1), (1, 3)]
    sources = [AnnotatedText("林小燕", [(0, 3, "PER")], words) for words in (None, None, one, two, two)]
    assert name_pool(sources) == {"PER": [a_name("林小燕", words=two)]}


def test_every_entity_that_has_another_name_is_replaced(train):
    first, second = samples(PseudoSampler(train=train))
    assert (first.text, first.words) == ("王海去大连南站 了。", [(0, 2), (2, 3), (3, 5), (5, 7), (8, 10)])
    assert (second.text, second.words) == ("林小燕在青岛。", [(0, 1), (1, 3), (3, 4), (4, 6), (6, 7)])


def test_types(train, gazetteer):
    (first, second) = samples(PseudoSampler(train=train, types=["LOC"]))
    assert (first.text, second.text) == ("林小燕去大连南站 了。", "王海在青岛。")
    texts = {s.text for s in samples(PseudoSampler(gazetteers=[gazetteer], types=["PER"], amount=3))}
    assert texts == {"陈晨去青岛 了。", "陈晨在大连南站。"}


def test_names_are_drawn_uniformly_from_the_others():
    names = ["王海", "林小燕", "陈晨", "赵云飞"]
    sampler = with_names([a_name("王海"), *map(a_name, names)], amount=3000)
    drawn = Counter(sample.text for sample in samples(sampler, [a_name("王海")]))
    assert drawn.keys() == set(names[1:])
    assert all(900 < count < 1100 for count in drawn.values())


@pytest.mark.parametrize("amount, low, high", [(0, 0, 0), (0.3, 45, 75), (1, 200, 200), (2.5, 475, 525)])
def test_amount(train, amount, low, high):
    count = len(samples(PseudoSampler(train=train, amount=amount), SENTENCES[:1] * 200))
    assert low <= count <= high


def test_nothing_is_read_without_need(tmp_path):
    nowhere = str(tmp_path / "none.spacy")
    assert samples(PseudoSampler(amount=0)) == samples(PseudoSampler(amount=0, train=nowhere)) == []
    sampler = PseudoSampler(train=nowhere, gazetteers=[nowhere])
    assert samples(sampler, SENTENCES[2:3]) == []


def test_seed(train, gazetteer):
    def texts(seed):
        random.seed()
        sampler = PseudoSampler(train=train, gazetteers=[gazetteer], amount=1.5, seed=seed)
        return [[sample.text for sample in samples(sampler, SENTENCES * 5)] for _ in range(2)]

    assert texts(0) == texts(0) != texts(1)
    first, second = texts(0)
    assert first != second  # read again, the samples are new


def test_pickled_sampler_continues_as_it_would_have(train, gazetteer):
    sampler = PseudoSampler(train=train, gazetteers=[gazetteer], amount=2.5)
    fresh = pickle.loads(pickle.dumps(sampler))
    assert samples(fresh) == samples(sampler)
    assert samples(pickle.loads(pickle.dumps(sampler))) == samples(sampler)


def missing_entities(doc):
    doc.set_ents([], default="missing")


def partly_missing_entities(doc):
    doc.set_ents([doc[:3]], missing=[doc[3:]])


@pytest.mark.parametrize("change", [missing_entities, partly_missing_entities])
def test_missing_entities(train, change):
    doc = SENTENCES[0].to_doc(NLP.vocab)
    change(doc)
    example = Example(NLP.make_doc(doc.text), doc)
    assert list(make_pseudo_samples(train=train)(NLP, example)) == [example]


def test_documents_with_other_tokens(train):
    words = ["王海在", "大连南站", "。"]
    doc = Doc(NLP.vocab, words=words, spaces=[True, False, False], ents=["O", "B-LOC", "O"])
    (sample,) = PseudoSampler(train=train).samples(doc)
    assert sample == AnnotatedText("王海在 青岛。", [(4, 6, "LOC")])


def test_in_a_config_with_spacys_reader(train, gazetteer):
    config = {
        "@readers": "spacy.Corpus.v1",
        "path": train,
        "gold_preproc": False,
        "augmenter": {
            "@augmenters": "spacy_cner.pseudo_samples.v1",
            "amount": 2,
            "types": ["PER"],
            "train": train,
            "gazetteers": [gazetteer],
        },
    }
    corpus = registry.resolve({"corpus": config})["corpus"]
    assert isinstance(corpus, Corpus)
    epochs = [[AnnotatedText.from_doc(example.reference) for example in corpus(NLP)] for _ in range(5)]
    for texts in epochs:
        assert [len(text.entities) for text in texts] == [2, 2, 2, 2, 2, 2, 0, 1]
        assert [text for i, text in enumerate(texts) if i not in (1, 2, 4, 5)] == SENTENCES
        assert all(text.text.startswith(("王海去青岛 了", "陈晨去青岛 了")) for text in texts[1:3])
    assert len({tuple(text.text for text in texts) for texts in epochs}) > 1


def test_the_reference_keeps_its_words_in_training(train):
    example = next(iter(Corpus(train)(NLP)))
    _, pseudo = PseudoSampler(train=train)(NLP, example)
    assert [word.text for word in pseudo.reference.spans[WORDS_KEY]] == ["王海", "去", "大连", "南站", "了。"]


@pytest.mark.parametrize(
    "name, lines, names",
    [
        ("a.txt", "\ufeff王海\tPER\r\n\n 林 小燕 \t PER\n", [("王海", "PER"), ("林 小燕", "PER")]),
        ("a.tsv", "大\u2028连\tLOC", [("大\u2028连", "LOC")]),
        ("a.jsonl", '{"label": "LOC", "pattern": "大连", "id": "x"}\n\n', [("大连", "LOC")]),
    ],
)
def test_gazetteers(tmp_path, name, lines, names):
    (tmp_path / name).write_text(lines, encoding="utf-8", newline="")
    assert [inside(text)[0] for text in read_gazetteer(tmp_path / name)] == names


@pytest.mark.parametrize(
    "name, line, message",
    [
        ("a.txt", "王海", ":2: expected a name, a tab and a label in '王海'"),
        ("a.txt", "王海\tPER\t3", ":2: expected a name, a tab and a label"),
        ("a.txt", "\tPER", ":2: expected a text, got an empty one"),
        ("a.txt", "王海\t ", ":2: expected entities with labels, got an empty label"),
        ("a.jsonl", "王海\tPER", r':2: expected {"label": a string, "pattern": a string} in '),
        ("a.jsonl", '["王海", "PER"]', ":2: expected {"),
        ("a.jsonl", '{"label": "PER"}', ":2: expected {"),
        ("a.jsonl", '{"label": "PER", "pattern": [{"ORTH": "王"}]}', ":2: expected {"),
        ("a.jsonl", '{"label": "PER", "pattern": "\\ud83d"}', ":2: expected valid text, got half a surrogate pair"),
    ],
)
def test_gazetteers_that_cannot_be_read(tmp_path, name, line, message):
    path = tmp_path / name
    first = '{"label": "PER", "pattern": "陈晨"}' if name.endswith("jsonl") else "陈晨\tPER"
    path.write_text(f"{first}\n{line}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape(f"{path}{message}")):
        samples(PseudoSampler(gazetteers=[str(path)]))


def test_a_gazetteer_in_another_encoding(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("陈晨\tPER\n".encode("gb18030"))
    with pytest.raises(CorpusError, match="a.txt:1: expected text in utf-8"):
        samples(PseudoSampler(gazetteers=[str(path)]))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({}, "expected `train` or `gazetteers` to take the names for pseudo samples from, got neither"),
        ({"train": "x", "amount": -1}, "expected an amount of pseudo samples of 0 or more, got -1"),
        ({"train": "x", "amount": float("inf")}, "got inf"),
        ({"train": "x", "amount": float("nan")}, "got nan"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(InputError, match=message):
        make_pseudo_samples(**settings)


def test_names_that_are_not_there(train, tmp_path):
    with pytest.raises(InputError, match="expected names of GPE in .*train.spacy, found only PER, LOC, ORG"):
        samples(PseudoSampler(train=train, types=["PER", "GPE"]))
    empty = tmp_path / "empty.spacy"
    save(DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[SENTENCES[2].to_doc(VOCAB)]), empty)
    with pytest.raises(InputError, match="names for pseudo samples in .*empty.spacy, found no entity"):
        samples(PseudoSampler(train=str(empty)))
    with pytest.raises(InputError, match="none.spacy: expected a .spacy file"):
        samples(PseudoSampler(train=str(tmp_path / "none.spacy")))


def test_training_documents_that_break_the_rules(tmp_path):
    doc = SENTENCES[0].to_doc(VOCAB)
    doc.spans[WORDS_KEY] = [doc[0:2]]
    path = tmp_path / "train.spacy"
    save(DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=[doc]), path)
    with pytest.raises(CorpusError, match="train.spacy: expected every character in a word.* in '林小燕去"):
        samples(PseudoSampler(train=str(path)))
