import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.models.word_table import WordTable
from spacy_cner.text.chars import normalize_text

ALPHABET = st.sampled_from("王海林A1，,\u3000 𠮷")
TEXTS = st.text(ALPHABET, max_size=10)
WORDS = st.lists(st.text(ALPHABET, min_size=1, max_size=4).map(normalize_text), unique=True, max_size=6)


def points(text):
    return numpy.array([ord(char) for char in text], dtype="uint32")


@given(text=TEXTS, words=WORDS)
def test_finds_every_occurrence_of_every_word(text, words):
    plain = normalize_text(text)
    table = WordTable(words, [1] * len(words))
    found = [
        (int(start), words[row], length)
        for length, starts, rows in table.matches(points(text))
        for start, row in zip(starts, rows)
    ]
    expected = [(i, word, len(word)) for word in words for i in range(len(plain)) if plain[i : i + len(word)] == word]
    assert sorted(found) == sorted(expected)


def test_sets_and_shares():
    table = WordTable(["青岛", "岛", "青岛人"], [6, 3, 1])
    sets = zip(*table.sets([points("大"), points("青岛人")]))
    seen = {(int(slot) // 4 - 1, "BMES"[slot % 4], table.words[row]): share for slot, row, share in sets}
    assert seen == {
        (0, "B", "青岛"): pytest.approx(4 * 6 / 7),
        (0, "B", "青岛人"): pytest.approx(4 * 1 / 7),
        (1, "E", "青岛"): pytest.approx(4 * 6 / 10),
        (1, "S", "岛"): pytest.approx(4 * 3 / 10),
        (1, "M", "青岛人"): pytest.approx(4 * 1 / 10),
        (2, "E", "青岛人"): pytest.approx(4),
    }


@given(texts=st.lists(TEXTS, max_size=5), words=WORDS)
def test_sets_of_all_texts_as_of_each(texts, words):
    table = WordTable(words, list(range(1, len(words) + 1)))
    begin, expected = 0, []
    for text in texts:
        slots, rows, shares = table.sets([points(text)])
        expected += zip((slots + 4 * begin).tolist(), rows.tolist(), shares.tolist())
        begin += len(text)
    found = [each.tolist() for each in table.sets([points(text) for text in texts])]
    assert sorted(zip(*found)) == sorted(expected)


@pytest.mark.parametrize("words, text", [([], "青岛"), (["青岛"], ""), (["青岛"], "大连"), (["青岛人"], "青岛")])
def test_no_matches(words, text):
    slots, rows, shares = WordTable(words, [1] * len(words)).sets([points(text)])
    assert len(slots) == len(rows) == len(shares) == 0


@pytest.mark.parametrize("words, counts", [(["海"], []), ([""], [1])])
def test_bad_words(words, counts):
    with pytest.raises(ValueError, match="expected"):
        WordTable(words, counts)
