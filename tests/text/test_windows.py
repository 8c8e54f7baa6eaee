import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.text.windows import split_windows

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
