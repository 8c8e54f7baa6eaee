import io
import random
import sys
from collections import Counter

import numpy
import pytest

from spacy_cner.errors import InputError
from spacy_cner.vectors.ngrams import NgramVectors, ngrams, train_vectors

TEXT = ["林小燕在青岛看海。", "王海 在青岛工作。", "Ａ公司在青岛,A公司在大连。"] * 4
SETTINGS = {"width": 4, "min_count": 1, "epochs": 2}


@pytest.fixture
def text_file(tmp_path):
    # Numbered, as lines that were there before are left out.
    lines = [f"{line}{i}" for i, line in enumerate(TEXT)]
    (tmp_path / "raw.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "raw.txt"


@pytest.mark.parametrize(
    "text, order, expected",
    [("王海来", 1, ["王", "海", "来"]), ("王海来", 2, ["王海", "海来"]), ("王海", 3, []), ("", 1, [])],
)
def test_ngrams(text, order, expected):
    assert ngrams(text, order) == expected


def test_control_characters_are_in_no_gram(tmp_path):
    """A string of numpy has no NUL characters at its end."""
    (tmp_path / "raw.txt").write_text("".join(f"王海\0在{i}。\n" for i in range(9)), encoding="utf-8")
    for order in (1, 2):
        grams, vectors, _ = train_vectors([tmp_path / "raw.txt"], order=order, **SETTINGS)
        assert not any("\0" in gram for gram in grams)
        NgramVectors({order: grams}, {order: vectors}).save(tmp_path / "vectors.npz")
        assert NgramVectors.load(tmp_path / "vectors.npz").grams == {order: grams}


def test_save_and_load(tmp_path):
    numbers = numpy.linspace(-3, 3, 12, dtype="f")
    grams = {1: ["的", "A", " "], 2: ["王海", "海 "]}
    made = NgramVectors(grams, {1: numbers.reshape(3, 4), 2: numbers[:4].reshape(2, 2)}, {"method": "手写"})
    made.save(tmp_path / "folder" / "vectors.npz")
    loaded = NgramVectors.load(tmp_path / "folder" / "vectors.npz")
    assert loaded.grams == grams
    assert loaded.recipe == {"method": "手写"}
    for order in (1, 2):
        assert loaded.vectors[order].dtype == numpy.float32
        numpy.testing.assert_allclose(loaded.vectors[order], made.vectors[order], rtol=1e-3)


def test_saves_under_the_very_name_it_was_given(tmp_path):
    NgramVectors({1: ["王"]}, {1: numpy.ones((1, 2))}).save(tmp_path / "vectors.v1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vectors.json", "vectors.v1"]
    assert NgramVectors.load(tmp_path / "vectors.v1").grams == {1: ["王"]}


def test_each_flipped_bit_is_refused(tmp_path):
    path, draw = tmp_path / "vectors.npz", random.Random(0)
    NgramVectors({1: ["王", "海"]}, {1: numpy.ones((2, 4))}).save(path)
    whole = path.read_bytes()
    for _ in range(50):
        changed = bytearray(whole)
        changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(InputError, match="vectors.npz: expected the file that was saved"):
            NgramVectors.load(path)
    path.write_bytes(whole)
    (tmp_path / "vectors.json").unlink()
    assert NgramVectors.load(path).grams == {1: ["王", "海"]}


@pytest.mark.parametrize(
    "arrays",
    [
        {"grams_1": ["王", "海"], "vectors_1": numpy.ones((1, 2))},
        {"grams_1": ["王"], "vectors_1": numpy.ones((1, 2, 2))},
        {"grams_1": ["王"], "vectors_1": numpy.full((1, 2), numpy.nan)},
        # A large array in a small file, as nothing learned would be.
        {"grams_1": ["王"], "vectors_1": numpy.ones((1, 2)), "more": numpy.zeros(150_000_000, dtype="int8")},
    ],
)
def test_arrays_that_are_no_vectors(tmp_path, arrays):
    numpy.savez_compressed(tmp_path / "x.npz", recipe="{}", **arrays)
    with pytest.raises(InputError, match="x.npz: expected character vectors"):
        NgramVectors.load(tmp_path / "x.npz")


def test_without_gensim(text_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(InputError, match="expected gensim .*pip install 'spacy_cner\\[vectors\\]' gets it"):
        train_vectors([text_file], order=1, **SETTINGS)


def saved() -> bytes:
    out = io.BytesIO()
    numpy.savez_compressed(out, grams_1=numpy.array(["王"]), vectors_1=numpy.ones((1, 2)), recipe="{}")
    return out.getvalue()


def npz(**arrays) -> bytes:
    out = io.BytesIO()
    numpy.savez(out, **arrays)
    return out.getvalue()


def npy() -> bytes:
    out = io.BytesIO()
    numpy.save(out, numpy.ones(3))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        "的 0.1 0.2".encode(),
        saved()[:200],
        npy(),
        npz(recipe="{}"),
        npz(grams_1=numpy.array(["王"]), vectors_1=numpy.ones((1, 2))),
        npz(grams_1=numpy.array(["王"]), recipe="{}"),
        npz(grams_1=numpy.array(["王"]), vectors_1=numpy.ones((1, 2)), recipe="not json"),
    ],
    ids=["empty", "text", "cut off", "array", "no grams", "no recipe", "no vectors", "bad recipe"],
)
def test_a_file_of_something_else(tmp_path, data):
    path = tmp_path / "vectors.npz"
    path.write_bytes(data)
    with pytest.raises(InputError, match="vectors.npz: expected character vectors as"):
        NgramVectors.load(path)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match="none.npz: expected a file of character vectors, found nothing there"):
        NgramVectors.load(tmp_path / "none.npz")
    with pytest.raises(InputError, match="expected a file of character vectors, got Is a directory"):
        NgramVectors.load(tmp_path)


@pytest.mark.parametrize("order", [1, 2])
def test_train_vectors(text_file, order):
    grams, table, count = train_vectors([text_file], order=order, **SETTINGS)
    lines = [line.replace("Ａ", "A") + str(i) for i, line in enumerate(TEXT)]
    counts = Counter(gram for line in lines for gram in ngrams(line, order))
    assert sorted(grams) == sorted(counts)
    assert [counts[gram] for gram in grams] == sorted(counts.values(), reverse=True)
    assert table.shape == (len(grams), 4)
    assert table.dtype == numpy.float32
    assert count == counts.total()
    assert {1: " ", 2: "海 "}[order] in grams


def test_one_worker_gives_the_same_vectors_again(text_file):
    first, second = (train_vectors([text_file], order=1, seed=3, **SETTINGS) for _ in range(2))
    other = train_vectors([text_file], order=1, seed=4, **SETTINGS)
    assert first[0] == second[0]
    numpy.testing.assert_array_equal(first[1], second[1])
    assert not numpy.array_equal(first[1], other[1])


def test_only_the_most_frequent_rows(text_file):
    every = train_vectors([text_file], order=1, **SETTINGS)[0]
    grams, table, _ = train_vectors([text_file], order=1, max_rows=3, **SETTINGS)
    assert grams == every[:3]
    assert table.shape == (3, 4)
    assert len(train_vectors([text_file], order=1, max_rows=10**6, **SETTINGS)[0]) == len(every)


def test_nothing_frequent_enough(text_file):
    with pytest.raises(InputError, match="expected 1-grams that occur at least 1000 times, got none"):
        train_vectors([text_file], order=1, width=4, min_count=1000)


def test_an_order_that_no_embedding_has(text_file):
    with pytest.raises(InputError, match="expected an order from 1 to 3, got 4"):
        train_vectors([text_file], order=4, width=4)
