"""Text as tokens, rows of them, their masks, and the optimizer of matrices."""

import lzma
import random
from unittest import mock

import numpy
import pytest
import rjieba
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.errors import InputError
from spacy_cner.pretraining.characters import masking as masking_module
from spacy_cner.pretraining.characters import rows as rows_module
from spacy_cner.pretraining.characters import tokens as tokens_module
from spacy_cner.pretraining.characters.masking import LONGEST_SPAN, mask_spans, mask_words
from spacy_cner.pretraining.characters.muon import COEFFICIENTS, REPEATS, Muon, orthogonal
from spacy_cner.pretraining.characters.rows import LENGTH, Order, split_rows, to_device, unpack_rows
from spacy_cner.pretraining.characters.tokens import BORDER, CLS, MASK, SEP, SPECIAL, UNK, read_tokens, write_tokens

from .conftest import sentences

TEXT = "王海在青岛看海。\n他说：“Ａ１号楼 真远！”\n老周去了大連。\n"
PLAIN = "王海在青岛看海。\n他说：“A1号楼 真远!”\n老周去了大连。\n"


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    (folder / "b.txt.xz").write_bytes(lzma.compress("\n".join(sentences(400)).encode()))
    return [folder]


def decoded(ids, vocabulary):
    names = [*"?", "?", "?", "\n", "?", *vocabulary[len(SPECIAL) :]]
    return "".join(names[i] for i in (ids & (BORDER - 1)).tolist())


# Tokens


def test_text_comes_back(texts, tmp_path):
    statement = write_tokens(texts, tmp_path, min_count=1)
    tokens = read_tokens(tmp_path)
    assert list(tokens.files) == ["a", "b"] and all(ids.dtype == numpy.uint16 for ids in tokens.files.values())
    assert decoded(tokens.files["a"], tokens.vocabulary) == PLAIN.replace(" ", "?").replace("：", ":")
    assert decoded(tokens.files["b"], tokens.vocabulary) == "".join(f"{line}\n" for line in sentences(400))
    assert statement["files"]["a"] == {"tokens": len(TEXT), "unknown": round(1 / len(TEXT), 5)}
    assert tokens.vocabulary[: len(SPECIAL)] == SPECIAL and "连" in tokens.vocabulary and "連" not in tokens.vocabulary


def test_words_are_those_of_jieba(texts, tmp_path):
    write_tokens(texts, tmp_path, min_count=1)
    ids = read_tokens(tmp_path).files["b"]
    lines = [f"{line}\n" for line in sentences(400)]
    lengths = [len(word) for word in rjieba.cut("".join(lines))]
    assert numpy.flatnonzero(ids >= BORDER).tolist() == [0, *numpy.cumsum(lengths)[:-1].tolist()]


def test_what_is_rare_is_unknown_and_its_runs_are_short(tmp_path):
    (tmp_path / "text.txt").write_text("看海看海\n\n看  😀龘海\n", encoding="utf-8")
    write_tokens([tmp_path / "text.txt"], tmp_path, min_count=2)
    tokens = read_tokens(tmp_path)
    known = {char: i for i, char in enumerate(tokens.vocabulary)}
    assert set(known) == {*SPECIAL, "看", "海"}
    expected = [{**known, "?": UNK, "\n": SEP}[char] for char in "看海看海\n看?海\n"]
    assert (tokens.files["text"] & (BORDER - 1)).tolist() == expected
    write_tokens([tmp_path / "text.txt"], tmp_path, min_count=1, size=len(SPECIAL) + 1)
    assert read_tokens(tmp_path).vocabulary == [*SPECIAL, "海"]  # 海 and 看 are equally frequent


def test_neither_pieces_nor_processes_change_anything(texts, tmp_path, monkeypatch):
    write_tokens(texts, tmp_path / "one", min_count=1)
    monkeypatch.setattr(tokens_module, "PIECE", 100)
    write_tokens(texts, tmp_path / "two", min_count=1)
    write_tokens(texts, tmp_path / "three", min_count=1, processes=2)
    one, *others = (read_tokens(tmp_path / name) for name in ("one", "two", "three"))
    for other in others:
        assert (other.vocabulary, other.checksum) == (one.vocabulary, one.checksum)
        for name, ids in one.files.items():
            numpy.testing.assert_array_equal(other.files[name], ids)


def test_texts_of_one_name(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "news.txt").write_text(f"{folder}看海\n", encoding="utf-8")
    write_tokens([tmp_path / "x", tmp_path / "y"], tmp_path / "work", min_count=1)
    assert list(read_tokens(tmp_path / "work").files) == ["news", "news-2"]


def test_tokens_that_cannot_be_made(texts, tmp_path):
    with pytest.raises(InputError, match="expected a vocabulary of 6 to 32768, got 40000"):
        write_tokens(texts, tmp_path, size=40000)
    (tmp_path / "blank.txt").write_text("\n \n", encoding="utf-8")
    with pytest.raises(InputError, match="expected text in .*blank.txt, got none"):
        write_tokens([tmp_path / "blank.txt"], tmp_path)
    assert not (tmp_path / "tokens").exists()


def test_a_folder_of_texts_is_not_replaced(texts, tmp_path):
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "mine.txt").write_text("王海在看海。\n", encoding="utf-8")
    with pytest.raises(InputError, match="tokens: expected nothing there, or vocabulary.txt, .* found mine.txt"):
        write_tokens([tmp_path / "tokens"], tmp_path)
    assert (tmp_path / "tokens" / "mine.txt").is_file()


def test_tokens_that_are_not_whole(texts, tmp_path):
    with pytest.raises(InputError, match="vocabulary.txt: expected a file of `pretrain-tokens`, got No such file"):
        read_tokens(tmp_path)
    write_tokens(texts, tmp_path, min_count=1)
    ids = numpy.load(tmp_path / "tokens" / "a.npy")
    numpy.save(tmp_path / "tokens" / "a.npy", ids[:-1])
    with pytest.raises(InputError, match="expected the tokens that vocabulary.txt is about, got others"):
        read_tokens(tmp_path)
    (tmp_path / "tokens" / "a.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match="tokens: expected the files of `pretrain-tokens`, got"):
        read_tokens(tmp_path)
    (tmp_path / "tokens" / "a.npy").unlink()
    with pytest.raises(InputError, match="a.npy: expected a file of `pretrain-tokens`"):
        read_tokens(tmp_path)
    numpy.save(tmp_path / "tokens" / "a.npy", ids)
    (tmp_path / "tokens" / "vocabulary.txt").write_text("海\n", encoding="utf-8")
    with pytest.raises(InputError, match="vocabulary.txt: expected the file that was saved"):
        read_tokens(tmp_path)


# Rows


def test_each_row_is_learned_or_held_out(texts, tmp_path):
    write_tokens(texts, tmp_path, min_count=1)
    tokens = read_tokens(tmp_path)
    rows = split_rows(tokens)
    assert set(rows.held_out) == {"b"}  # the other is shorter than a row
    count = len(tokens.files["b"]) // (LENGTH - 1)
    whole = {row.tobytes() for row in tokens.files["b"][: count * (LENGTH - 1)].reshape(count, -1)}
    learned, held_out = ({row.tobytes() for row in part} for part in (rows.train, rows.held_out["b"]))
    assert learned | held_out == whole and not learned & held_out and len(held_out) == 1
    ids, begins = unpack_rows(to_device(rows.train, torch.device("cpu")))
    assert ids.shape == begins.shape == (count - 1, LENGTH)
    assert (ids[:, 0] == CLS).all() and begins[:, 0].all()
    numpy.testing.assert_array_equal(ids[:, 1:], rows.train & (BORDER - 1))
    numpy.testing.assert_array_equal(begins[:, 1:], rows.train >= BORDER)


def test_text_that_is_too_short_for_a_row(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    write_tokens([tmp_path / "text.txt"], tmp_path, min_count=1)
    with pytest.raises(InputError, match="expected texts of at least 255 tokens, got text, all shorter"):
        split_rows(read_tokens(tmp_path))


def test_an_epoch_has_each_row_once():
    order = Order(23, 5, 7, torch.device("cpu"))
    epochs = [torch.cat([order.of_step(4 * epoch + i) for i in range(4)]).tolist() for epoch in range(2)]
    assert [len(set(epoch)) for epoch in epochs] == [20, 20] and epochs[0] != epochs[1]
    again = Order(23, 5, 7, torch.device("cpu"))
    assert again.of_step(6).tolist() == epochs[1][10:15]
    assert Order(23, 5, 8, torch.device("cpu")).of_step(0).tolist() != epochs[0][:5]
    assert sorted(Order(3, 5, 0, torch.device("cpu")).of_step(9).tolist()) == [0, 1, 2]
    assert rows_module.seed_of(1, 5) != rows_module.seed_of(5, 1)


# Masks


def generator(seed):
    return torch.Generator().manual_seed(seed)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 0.5), st.booleans())
def test_masks(seed, share, by_word):
    draw = generator(seed)
    ids = torch.randint(len(SPECIAL), 60, (4, 50), generator=draw)
    ids[torch.rand(4, 50, generator=draw) < 0.1] = SEP
    ids[:, 0] = CLS
    special = ids < len(SPECIAL)
    begins = (torch.rand(4, 50, generator=draw) < 0.6) | special | special.roll(1, 1)
    with mock.patch.object(masking_module, "JOINED_SHARE", 0.0):
        masks = [
            mask_words(ids, begins, share, 60, generator(seed))
            if by_word
            else mask_spans(ids, share, 60, generator(seed))
            for _ in range(2)
        ]
    seen, places, gold = masks[0]
    assert all(torch.equal(one, other) for one, other in zip(*masks))
    assert places.shape == gold.shape == (4, int(share * 50))
    assert all(len(set(row)) == len(row) for row in places.tolist())
    assert torch.equal(ids.gather(1, places), gold) and not (gold < len(SPECIAL)).any()
    hidden = torch.zeros_like(ids, dtype=torch.bool).scatter(1, places, True)
    assert torch.equal(seen[~hidden], ids[~hidden])
    assert ((seen[hidden] == MASK) | (seen[hidden] >= len(SPECIAL))).all()
    if by_word:
        for row, begin in zip(hidden.tolist(), begins.tolist()):
            words = [i for i, first in enumerate(begin) if first] + [len(row)]
            parts = [row[a:b] for a, b in zip(words, words[1:])]
            # All rows have the same number of masks, which cuts one word at most.
            assert sum(any(part) and not all(part) for part in parts) <= 1


def test_some_words_are_masked_with_the_one_before():
    ids = torch.full((300, 100), 7)
    begins = torch.arange(100).expand(300, 100) % 2 == 0  # words of two characters
    hidden = []
    for share in (0.0, 0.5):
        with mock.patch.object(masking_module, "JOINED_SHARE", share):
            places = mask_words(ids, begins, 0.2, 60, generator(0)).places
        hidden.append(torch.zeros_like(ids).scatter(1, places, 1)[:, ::2])
    alone, joined = ((words[:, 1:] * words[:, :-1]).sum().item() / words.sum().item() for words in hidden)
    assert alone == pytest.approx(0.2, abs=0.05) and joined > 0.45


def test_shares_of_masks_and_lengths_of_spans():
    ids = torch.randint(len(SPECIAL), 900, (200, LENGTH), generator=generator(0))
    seen, places, gold = mask_spans(ids, 0.18, 900, generator(1))
    shown = seen.gather(1, places)
    assert (shown == MASK).float().mean().item() == pytest.approx(0.8, abs=0.02)
    assert (shown == gold).float().mean().item() == pytest.approx(0.1, abs=0.02)
    hidden = torch.zeros_like(ids).scatter(1, places, 1)
    runs = [len(run) for row in hidden.tolist() for run in "".join(map(str, row)).split("0") if run]
    assert numpy.mean(runs) > 1.5 and runs.count(1) < len(runs) / 2
    assert LONGEST_SPAN == 3 and runs.count(2) > 0 and runs.count(3) > 0


# Muon


@pytest.mark.parametrize("shape", [(3, 12, 12), (2, 20, 8), (2, 8, 20)])
def test_singular_vectors_stay_and_values_are_near_1(shape):
    matrices = torch.randn(shape, dtype=torch.float64, generator=generator(0))
    u, values, v = torch.linalg.svd(matrices, full_matrices=False)
    values = values / matrices.norm(dim=(1, 2), keepdim=True)[:, 0]
    a, b, c = COEFFICIENTS
    for _ in range(REPEATS):
        values = a * values + b * values**3 + c * values**5
    torch.testing.assert_close(orthogonal(matrices), u @ torch.diag_embed(values) @ v, rtol=1e-9, atol=1e-9)
    assert values.min() > 0.3 and values.max() < 1.3
    assert torch.equal(orthogonal(torch.zeros(shape)), torch.zeros(shape))


def test_it_moves_as_that_of_torch():
    shapes = [(6, 10), (10, 6), (6, 10), (8, 8)]
    own, others = ([torch.nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    muon = Muon(own, weight_decay=0.05)
    reference = torch.optim.Muon(others, lr=0.1, weight_decay=0.05, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    for step in range(4):
        for i, (one, other) in enumerate(zip(own, others)):
            one.grad = torch.randn(one.shape, generator=generator(10 * step + i))
            other.grad = one.grad.clone()
        muon.step(0.1)
        reference.step()
    for one, other in zip(own, others):
        moved = (one - 1).norm().item()
        assert (one - other).norm().item() < 0.02 * moved  # torch's computes in bfloat16


def test_its_state_is_kept():
    draw = random.Random(0)
    gradients = [torch.full((4, 4), draw.random()) + torch.eye(4) * i for i in range(3)]
    whole, stopped = (torch.nn.Parameter(torch.zeros(4, 4)) for _ in range(2))
    muon, first = Muon([whole]), Muon([stopped])
    for i, gradient in enumerate(gradients):
        whole.grad, stopped.grad = gradient.clone(), gradient.clone()
        muon.step(0.1)
        if i == 2:
            state = first.state_dict()
            first = Muon([stopped])
            first.load_state_dict(state)
        first.step(0.1)
    assert torch.equal(whole, stopped)
