import io
import random

import numpy
import pytest

from spacy_cner.errors import InputError
from spacy_cner.vectors.words import WordVectors, train_word_vectors


def test_save_and_load(tmp_path):
    vectors = numpy.array([[1.0, -0.5, 0.25], [0, 0, 0], [100, 1, -100]])
    made = WordVectors(["青岛", " ", "A"], numpy.array([5, 4, 3]), vectors, {"method": "手写"})
    made.save(tmp_path / "folder" / "words.v1")
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["words.json", "words.v1"]
    loaded = WordVectors.load(tmp_path / "folder" / "words.v1")
    assert (loaded.words, loaded.counts.tolist(), loaded.recipe) == (made.words, [5, 4, 3], {"method": "手写"})
    # 8 bits: half a step of 1/127 of the greatest number in a row, and what float16 adds.
    assert (numpy.abs(loaded.vectors - vectors) <= 0.51 / 127 * numpy.abs(vectors).max(axis=1, keepdims=True)).all()


def test_each_flipped_bit_is_refused(tmp_path):
    path, draw = tmp_path / "words.npz", random.Random(0)
    WordVectors(["青岛", "海"], numpy.array([5, 4]), numpy.ones((2, 4))).save(path)
    whole = path.read_bytes()
    for _ in range(50):
        changed = bytearray(whole)
        changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(InputError, match="words.npz: expected the file that was saved"):
            WordVectors.load(path)


def npz(**arrays) -> bytes:
    out = io.BytesIO()
    numpy.savez(out, **arrays)
    return out.getvalue()


@pytest.mark.parametrize("data", [b"", b"text", npz(a=numpy.ones(1)), npz(words="a", counts=[1])])
def test_other_files_are_errors(tmp_path, data):
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(InputError, match="x.npz: expected word vectors"):
        WordVectors.load(tmp_path / "x.npz")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="found nothing there"):
        WordVectors.load(tmp_path / "x.npz")


@pytest.fixture
def raw(tmp_path):
    lines = [f"林小燕在青岛看海，{i}个人在青岛工作。" for i in range(30)]
    (tmp_path / "raw.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "raw.txt"


def test_learns_words_by_falling_counts(raw):
    learned = train_word_vectors([raw], width=4, min_count=20, max_length=2)
    assert learned.words[0] in ("在", "青岛")
    assert {"青岛", "工作"} < set(learned.words)
    assert max(map(len, learned.words)) <= 2
    assert learned.counts[learned.words.index("青岛")] == 60
    assert learned.counts.tolist() == sorted(learned.counts, reverse=True)
    assert learned.vectors.shape == (len(learned.words), 4)
    assert learned.recipe["words_read"] > 300
    again = train_word_vectors([raw], width=4, min_count=20, max_length=2, max_rows=3)
    assert again.words == learned.words[:3]
    numpy.testing.assert_array_equal(again.vectors, learned.vectors[:3])


def test_nul_characters_are_no_words(tmp_path):
    """A text of numpy has none at its end, where the rarest word stands."""
    lines = [f"王海\0在{i}。" if i < 6 else f"王海在{i}。" for i in range(12)]
    (tmp_path / "raw.txt").write_text("\n".join(lines), encoding="utf-8")
    learned = train_word_vectors([tmp_path / "raw.txt"], width=4, min_count=5)
    assert set(learned.words) == {"王海", "在", "。"}
    learned.save(tmp_path / "words.npz")
    assert WordVectors.load(tmp_path / "words.npz").words == learned.words


def test_too_rare_words_are_an_error(raw):
    with pytest.raises(InputError, match="at least 1000 times"):
        train_word_vectors([raw], width=4, min_count=1000)
