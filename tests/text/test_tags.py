import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.errors import InputError
from spacy_cner.text.tags import SCHEMES, allowed_transitions, spans_to_tags, tag_list, tags_to_spans

LABELS = ["PER", "LOC.NAM", "ORG-X"]


@st.composite
def spans_and_length(draw):
    spans, position = [], 0
    for _ in range(draw(st.integers(0, 6))):
        start = position + draw(st.integers(0, 3))
        position = start + draw(st.integers(1, 4))
        spans.append((start, position, draw(st.sampled_from(LABELS))))
    return spans, position + draw(st.integers(0, 3))


@given(spans_and_length(), st.sampled_from(sorted(SCHEMES)), st.sampled_from(sorted(SCHEMES)))
def test_spans_survive_every_scheme(data, source, target):
    spans, length = data
    tags = spans_to_tags(spans, length, source)
    assert len(tags) == length
    assert tags_to_spans(tags, source) == spans
    assert tags_to_spans(tags, source, "repair") == spans
    converted = spans_to_tags(tags_to_spans(tags, source), len(tags), target)
    assert tags_to_spans(converted, target) == spans


@given(st.sampled_from(sorted(SCHEMES)), st.data())
def test_allowed_transitions_are_the_legal_sequences(scheme, data):
    tags = tag_list(["PER", "LOC"], scheme)
    allowed = allowed_transitions(tags, scheme)
    path = data.draw(st.lists(st.integers(0, len(tags) - 1), min_size=1, max_size=6))
    legal = allowed.start[path[0]] and allowed.end[path[-1]]
    legal = legal and all(allowed.between[a, b] for a, b in itertools.pairwise(path))
    try:
        tags_to_spans([tags[i] for i in path], scheme)
        strict = True
    except InputError:
        strict = False
    assert legal == strict


@given(st.sampled_from(sorted(SCHEMES)), st.data())
def test_repair_drops_no_tag(scheme, data):
    tags = data.draw(st.lists(st.sampled_from(tag_list(["PER", "LOC"], scheme)), max_size=8))
    spans = tags_to_spans(tags, scheme, "repair")
    covered = {i: label for start, end, label in spans for i in range(start, end)}
    assert covered == {i: tag.partition("-")[2] for i, tag in enumerate(tags) if tag != "O"}
    repaired = spans_to_tags(spans, len(tags), scheme)
    assert tags_to_spans(repaired, scheme) == spans


def test_repair_examples():
    assert tags_to_spans(["O", "I-PER", "I-LOC", "O"], "bio", "repair") == [(1, 2, "PER"), (2, 3, "LOC")]
    assert tags_to_spans(["B-PER", "E-LOC", "M-PER"], "bmes", "repair") == [(0, 1, "PER"), (1, 2, "LOC"), (2, 3, "PER")]
    assert tags_to_spans(["B-PER", "B-PER", "I-PER"], "bio") == [(0, 1, "PER"), (1, 3, "PER")]


def test_continues_marks_the_inside_of_a_span():
    tags = tag_list(["PER"], "bioes")
    continues = allowed_transitions(tags, "bioes").continues
    inside = {(tags[a], tags[b]) for a, b in zip(*continues.nonzero())}
    assert inside == {("B-PER", "I-PER"), ("B-PER", "E-PER"), ("I-PER", "I-PER"), ("I-PER", "E-PER")}


def test_added_labels_leave_the_indices_alone():
    for scheme in SCHEMES:
        assert tag_list(["PER", "LOC"], scheme)[: len(tag_list(["PER"], scheme))] == tag_list(["PER"], scheme)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: spans_to_tags([], 1, "iob9"), ["expected a tag scheme", "'iob9'"]),
        (lambda: spans_to_tags([(0, 3, "PER")], 2, "bio"), ["inside of 0-2", "(0, 3, 'PER')"]),
        (lambda: spans_to_tags([(0, 2, "PER"), (1, 3, "LOC")], 3, "bio"), ["do not overlap"]),
        (lambda: tags_to_spans(["O", "I-PER"], "bio"), ["I-PER", "position 1"]),
        (lambda: tags_to_spans(["B-PER", "O"], "bmes"), ["before the open span of PER has ended", "position 1"]),
        (lambda: tags_to_spans(["B-PER"], "bilou"), ["the end of the sequence"]),
        (lambda: tags_to_spans(["X-PER"], "bio"), ["expected a tag of the scheme bio", "'X-PER'"]),
        (lambda: tags_to_spans(["B-"], "bio"), ["'B-'"]),
        (lambda: tags_to_spans(["O"], "bio", "guess"), ["policy", "'guess'"]),
    ],
)
def test_errors_say_what_came(call, words):
    with pytest.raises(InputError) as error:
        call()
    for word in words:
        assert word in str(error.value)
