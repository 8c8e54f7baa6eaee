"""The everyday corpus: as large and as varied as its README says, and no sentence twice."""

import re
from collections import Counter
from pathlib import Path

import pytest

from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.docbin import chinese_vocab, docs_of

FOLDER = Path(__file__).parents[2] / "assets" / "everyday"
KINDS = ["news", "weibo", "review", "contract", "medical", "chat", "hktw", "tech", "finance", "sport"]
PARTS = {"test": 500, "dev": 100, "train": 15000}
NEAR = 0.5  # sentences are near duplicates if they share so many of the shorter one's sequences of four characters


@pytest.fixture(scope="module")
def corpus():
    vocab = chinese_vocab()
    return {part: list(docs_of(convert(FOLDER / f"{part}.txt", "markup")[0], vocab)) for part in PARTS}


def test_its_size_and_kinds(corpus):
    for part, least in PARTS.items():
        assert len(corpus[part]) >= least
        kinds = Counter(doc.user_data["kind"] for doc in corpus[part])
        # Encyclopaedias are in the training part alone.
        assert list(kinds) == [*KINDS, *["reference"] * (part == "train")]
        assert min(kinds[kind] for kind in KINDS) >= least / 15
        assert {ent.label_ for doc in corpus[part] for ent in doc.ents} == {"PER", "LOC", "ORG"}
        assert 0.09 < sum(not doc.ents for doc in corpus[part]) / len(corpus[part]) < 0.2


def test_no_markup_is_left_in_the_text(corpus):
    for part, docs in corpus.items():
        for doc in docs:
            assert not re.search(r"[\[\]|\\\\]|(PER|LOC|ORG)\b", doc.text), (part, doc.text)


def fours(text):
    plain = re.sub(r"\W", "", text)
    return {plain[i : i + 4] for i in range(len(plain) - 3)}


def test_no_near_duplicates(corpus):
    sentences = [(part, doc.text) for part, docs in corpus.items() for doc in docs]
    grams = [fours(text) for _, text in sentences]
    places: dict[str, list[int]] = {}
    for i, own in enumerate(grams):
        shared = Counter(j for gram in own for j in places.get(gram, ()))
        for j, count in shared.items():
            assert count < NEAR * min(len(own), len(grams[j])), (sentences[i], sentences[j])
        for gram in own:
            places.setdefault(gram, []).append(i)


def test_traditional_characters_are_one_kind(corpus):
    for docs in corpus.values():
        traditional = Counter(doc.user_data["kind"] for doc in docs if re.search("[們這來個對時國過說開]", doc.text))
        assert traditional["hktw"] > 0.9 * sum(traditional.values())
