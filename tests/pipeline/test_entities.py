from itertools import chain, combinations

import pytest
import spacy
from conftest import make_examples
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from spacy.cli.find_threshold import find_threshold
from spacy.tokens import DocBin

from spacy_cner.decoding.find_spans import without_overlap

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


@pytest.fixture
def pipelines(trained):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features")
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return {"cner": trained, "cner_features": nlp}


@pytest.mark.parametrize("decoding", ["path", "spans"])
@pytest.mark.parametrize("factory", ["cner", "cner_features"])
def test_find_threshold_of_spacy_begins_at_0(pipelines, factory, decoding, tmp_path):
    nlp, folder = pipelines[factory], tmp_path / "pipeline"
    nlp.to_disk(folder)
    config = nlp.config.copy()
    config["components"][factory]["decoding"] = decoding
    config.to_disk(folder / "config.cfg")
    assert spacy.load(folder).get_pipe(factory).decoding == decoding
    DocBin(docs=[example.reference for example in make_examples(nlp)]).to_disk(tmp_path / "dev.spacy")
    best, score, scores = find_threshold(folder, tmp_path / "dev.spacy", factory, "threshold", "ents_f", n_trials=3)
    assert list(scores) == [0.0, 0.5, 1.0]
    assert score == scores[best] == max(scores.values()) > 0.9
