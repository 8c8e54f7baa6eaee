import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.text.windows import Window, border, join_spans, split_windows

CHARS = st.lists(st.sampled_from(list('王海A。！…；，、：”）’"') + ["\n\n", " ", "\u3000\n"]), max_size=40)
SIZES = st.integers(1, 12)
SENTENCE = r"[。！？!?…；;\n\r\u2028\u2029]"
CLAUSE = r"[，,、：: \t\u3000]"
CLOSING = r"[”’」』】）)》\"']"


def after(ends: str, left: str, right: str) -> bool:
    """Whether a text may be cut between `left` and `right`: behind one of `ends` and all the closing marks after it."""
    return bool(re.search(f"{ends}{CLOSING}*$", left)) and not re.match(CLOSING, right)


@given(CHARS, SIZES)
def test_windows_cover_the_text_and_fit(chars, size):
    windows = split_windows(chars, size)
    assert [i for start, end in windows for i in range(start, end)] == list(range(len(chars)))
    assert all(0 < end - start <= size for start, end in windows)


@given(CHARS, SIZES)
def test_each_cut_is_the_last_good_one_that_fits(chars, size):
    """By the first character of each token, as one of white space may be a run."""
    text = "".join(char[0] for char in chars)
    for start, end in split_windows(chars, size):
        if len(text) - start <= size:
            assert end == len(text)
            continue
        cuts = range(start + 1, start + size + 1)
        for ends in (SENTENCE, CLAUSE):
            good = [cut for cut in cuts if after(ends, text[start:cut], text[cut:])]
            if good:
                assert end == good[-1]
                break
        else:
            assert end == start + size


def test_closing_marks_are_not_looked_at_again_for_each_cut():
    class Counted(list):
        looks = 0

        def __getitem__(self, place):
            self.looks += 1
            return super().__getitem__(place)

    marks = Counted("”" * 5000)
    split_windows(marks, 500, 50)
    assert marks.looks < 10 * len(marks)


@given(CHARS, SIZES)
def test_a_window_depends_on_nothing_before_it(chars, size):
    windows = split_windows(chars, size)
    for start, _ in windows:
        rest = [(a + start, b + start) for a, b in split_windows(chars[start:], size)]
        assert rest == [window for window in windows if window[0] >= start]


@pytest.mark.parametrize(
    "text, size, parts",
    [
        ("他来了。她走了。", 20, ["他来了。她走了。"]),
        ("他来了。她走了。", 5, ["他来了。", "她走了。"]),
        ("他说：“来！”她走了。", 8, ["他说：“来！”", "她走了。"]),
        # The quotes would not fit, so the comma it is.
        ("一，二三。”）四五", 6, ["一，", "二三。”）", "四五"]),
        ("一二三四，五六七八九十", 7, ["一二三四，", "五六七八九十"]),
        ("一二三四五六七", 3, ["一二三", "四五六", "七"]),
        ("””””", 2, ["””", "””"]),
        ("", 3, []),
    ],
)
def test_examples(text, size, parts):
    assert [text[start:end] for start, end in split_windows(list(text), size)] == parts


def test_a_run_of_white_space_is_one_token():
    assert split_windows(["一", "二", "\n\n", "三", "四"], 4) == [(0, 3), (3, 5)]


@pytest.mark.parametrize("size", [0, -1])
def test_size_too_small(size):
    with pytest.raises(ValueError, match=f"at least 1, got {size}"):
        split_windows(["一"], size)


@given(CHARS, st.integers(4, 12), st.integers(0, 2))
def test_windows_overlap_only_where_they_are_cut_inside_a_sentence(chars, size, overlap):
    windows = split_windows(chars, size, overlap)
    text = "".join(char[0] for char in chars)
    assert [i for start, end in windows for i in range(start, end) if i >= max([0, *ends_before(windows, start)])] == [
        *range(len(chars))
    ]
    assert all(0 < end - start <= size for start, end in windows)
    for (start, end), (following, _) in zip(windows, windows[1:]):
        good = after(SENTENCE, text[start:end], text[end:]) or after(CLAUSE, text[start:end], text[end:])
        assert following == (end if good else end - overlap)
        assert good or end - start == size


def ends_before(windows, start):
    return [end for begin, end in windows if begin < start]


def test_an_overlap_of_more_than_half():
    with pytest.raises(ValueError, match="overlap of at most half of the window size 4, got 3"):
        split_windows(["一"], 4, 3)


def test_the_second_window_takes_over_where_it_may_next_to_the_middle():
    first, second = Window(0, 0, 12), Window(0, 4, 16)
    assert border(first, second, lambda i: True) == 8
    assert border(first, second, lambda i: i in (5, 10)) == 10
    # Neither at the first token of the second window nor behind the first one, where each sees but one side.
    assert border(first, second, lambda i: i in (4, 12)) == 8


SPANS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from("XY")), max_size=5)


def placed(gaps, window):
    """Spans that do not overlap, inside of a window."""
    spans, end = [], window.start
    for gap, length, label in gaps:
        start, end = end + gap - 1, end + gap - 1 + length
        if end <= window.stop:
            spans.append((start, end, label))
    return spans


@given(SPANS, SPANS, SPANS)
def test_joined_spans_do_not_overlap_and_what_windows_agree_on_stays(one, two, three):
    windows = [Window(0, 0, 12), Window(0, 8, 20), Window(0, 20, 30)]
    parts = [(window, placed(each, window)) for window, each in zip(windows, (one, two, three))]
    spans = join_spans(reversed(parts))
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))
    first, second, third = (set(found) for _, found in parts)
    assert set(spans) <= first | second | third
    assert third <= set(spans)
    # Each window is alone outside of what two have in common.
    assert {span for span in first if span[1] <= 8} | {span for span in second if span[0] >= 12} <= set(spans) | {
        span for span in second if any(other[1] > span[0] for other in first)
    }


def test_what_two_windows_agree_on_is_found_once():
    first, second = Window(0, 0, 12), Window(0, 4, 16)
    name = (7, 10, "PER")  # over the middle
    assert join_spans([(first, [name]), (second, [name])]) == [name]
    # A name that the end of the first cuts, and one that the start of the second cuts
    assert join_spans([(first, [(10, 12, "PER")]), (second, [(10, 13, "PER")])]) == [(10, 13, "PER")]
    assert join_spans([(first, [(3, 6, "PER")]), (second, [(4, 6, "LOC")])]) == [(3, 6, "PER")]
