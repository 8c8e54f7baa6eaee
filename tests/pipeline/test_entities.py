from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from spacy_cner.models.decoding import without_overlap

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


def test_a_span_at_the_threshold_counts_where_nothing_is_in_its_way():
    at, over = (0, 2, "X", THRESHOLD), (1, 3, "X", 0.5)
    assert without_overlap([at], THRESHOLD) == [at]
    assert without_overlap([at, over], THRESHOLD) == [over]
