import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.evaluation.buckets import LENGTHS, axes, counts, name_of, names, script, sentence_length
from spacy_cner.evaluation.judged import Judged
from spacy_cner.text.windows import SENTENCE_ENDS


def test_names_of_groups():
    assert names(LENGTHS) == ["1", "2", "3", "4", "5–6", "7–10", "11+"]
    assert [name_of(n, LENGTHS) for n in (1, 4, 5, 6, 7, 99)] == ["1", "4", "5–6", "5–6", "7–10", "11+"]


@pytest.mark.parametrize(
    "text, expected",
    [("青岛", "Han"), ("臺灣", "traditional"), ("IBM", "Latin"), ("Ｋ歌", "mixed"), ("3号", "Han"), ("114", "other")],
)
def test_scripts(text, expected):
    assert script(text) == expected


def test_a_sentence_ends_at_its_marks():
    text = "今天好。王海在青岛！走了"
    assert sentence_length(text, (4, 6, "PER")) == 5
    assert sentence_length(text, (10, 12, "PER")) == 2


@given(st.text("王海。！，", max_size=30), st.data())
def test_a_sentence_is_what_stands_between_two_marks(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = start, end
    while first > 0 and text[first - 1] not in SENTENCE_ENDS:
        first -= 1
    while last < len(text) and text[last] not in SENTENCE_ENDS:
        last += 1
    assert sentence_length(text, (start, end, "PER")) == last - first


def test_axes_that_there_are():
    short = Judged("王海在青岛", [(0, 2, "PER")], [(0, 2, "PER"), (3, 5, "LOC")], [None, None])
    assert list(axes([short])) == ["entity length", "sentence length", "script"]
    long = Judged("海" * 300, [(280, 282, "PER")], [], [], "news")
    found = axes([short, long], {("王海", "PER")})
    assert list(found)[0] == "in training" and list(found)[-2:] == ["place in the document", "kind of text"]
    groups, bucket = found["in training"]
    assert counts([short, long], groups, bucket).tolist() == [[[1, 1, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 1]]]
    groups, bucket = found["place in the document"]
    assert counts([long], groups, bucket)[0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert found["kind of text"][0] == ["other kinds", "news"]
