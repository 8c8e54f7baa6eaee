import pytest
import spacy
from conftest import SEGMENTED, SENTENCES

from spacy_cner.corpus.silver import Counts, silver_docs

TEXTS = [text for text, _ in SENTENCES]
BARE = SENTENCES[4][0]


def annotated(nlp, texts=TEXTS, **settings):
    counts = Counts()
    return list(silver_docs(nlp.pipe, texts, counts=counts, **settings)), counts


def test_what_the_pipeline_finds(trained):
    docs, counts = annotated(trained, min_score=0.0, empty=1.0)
    assert [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs] == [ents for _, ents in SENTENCES]
    assert counts == Counts(read=6, entities=9)
    assert not any(doc.spans for doc in docs)


def test_texts_with_an_unsure_entity_are_left_out(trained):
    least = {doc.text: min((ent._.score for ent in doc.ents), default=1.0) for doc in trained.pipe(TEXTS)}
    bar = sorted(least.values())[2]
    docs, counts = annotated(trained, min_score=bar, empty=1.0)
    assert [doc.text for doc in docs] == [text for text in TEXTS if least[text] >= bar]
    assert (counts.unsure, counts.kept) == (2, 4)


@pytest.mark.parametrize("share, kept", [(0.0, 0), (1.0, 200)])
def test_texts_without_entities(trained, share, kept):
    docs, counts = annotated(trained, [BARE] * 200, empty=share)
    assert (len(docs), counts.empty) == (kept, 200 - kept)


def test_a_share_of_them_that_the_seed_draws(trained):
    texts = [f"{BARE}{i}" for i in range(200)]
    first, again, other = (annotated(trained, texts, empty=0.5, seed=seed)[0] for seed in (0, 0, 1))
    assert 60 < len(first) < 140
    assert [d.text for d in first] == [d.text for d in again] != [d.text for d in other]


def test_entities_without_a_score_are_certain():
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "王海"}])
    docs, counts = annotated(nlp, ["王海来了", "没有谁"], min_score=1.0, empty=0.0)
    assert [doc.text for doc in docs] == ["王海来了"]
    assert counts == Counts(read=2, empty=1, entities=1)


def test_words_stay(trained_joint):
    (doc,), _ = annotated(trained_joint, TEXTS[:1], min_score=0.0)
    assert set(doc.spans) == {"words"}
    assert [word.text for word in doc.spans["words"]] == SEGMENTED[0].split()
