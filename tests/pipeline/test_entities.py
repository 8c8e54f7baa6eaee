import random
from itertools import chain, combinations

from conftest import SENTENCES
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from spacy_cner.models.decoding import without_overlap
from spacy_cner.pipeline.entities import Entity, trimmed

THRESHOLD = 0.25


@st.composite
def scored_spans(draw):
    places = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4)), max_size=7))
    scores = st.floats(THRESHOLD, 1.0)
    return [(start, start + length, draw(st.sampled_from("XY")), draw(scores)) for start, length in places]


@given(scored_spans())
def test_no_other_choice_is_worth_more(spans):
    def apart(chosen):
        ordered = sorted(chosen)
        return all(a[1] <= b[0] for a, b in zip(ordered, ordered[1:]))

    def worth(chosen):
        return sum(span[3] - THRESHOLD for span in chosen)

    found = without_overlap(spans, THRESHOLD)
    assert apart(found) and found == sorted(found) and set(found) <= set(spans)
    subsets = chain.from_iterable(combinations(spans, n) for n in range(len(spans) + 1))
    assert worth(found) == approx(max(worth(subset) for subset in subsets if apart(subset)))


def test_no_entity_begins_or_ends_with_white_space(trained):
    draw, found = random.Random(0), 0
    for _ in range(200):
        text, _ = draw.choice(SENTENCES)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(text) + 1)
            text = text[:place] + draw.choice([" ", "\n", "\t", "\u3000", "  "]) + text[place:]
        doc = trained(text)
        found += len(doc.ents)
        assert doc.text == text
        assert (
            [ent.text for ent in doc.ents] == [ent.text.strip() for ent in doc.ents] == [*map(str, doc.spans["cner"])]
        )
        assert len(doc.spans["cner"].attrs["scores"]) == len(doc.ents)
    assert found > 200
    space = Entity(2, 4, "LOC", 0.5)
    assert trimmed("王海 \n大连\t", [Entity(0, 4, "PER", 0.9), space, Entity(3, 7, "LOC", 0.8)]) == [
        Entity(0, 2, "PER", 0.9),
        Entity(4, 6, "LOC", 0.8),
    ]


def test_a_span_at_the_threshold_counts_where_nothing_is_in_its_way():
    at, over = (0, 2, "X", THRESHOLD), (1, 3, "X", 0.5)
    assert without_overlap([at], THRESHOLD) == [at]
    assert without_overlap([at, over], THRESHOLD) == [over]
