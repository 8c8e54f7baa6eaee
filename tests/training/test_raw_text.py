import gzip
import json
import logging
import lzma
import random

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.corpus.raw import MAX_OPEN, TextCounts, mixed_lines, raw_lines
from spacy_cner.errors import InputError
from spacy_cner.training.raw_text import batch_by_padded, is_held_out, make_batch_by_padded, make_raw_text, shuffled

NLP = spacy.blank("zh")
LINES = [f"第{i}天,林小燕在青岛看海。" for i in range(60)]


def texts(*path, **settings):
    reader = make_raw_text([str(one) for one in path], **{"held_out": 0.0, **settings})
    return [doc.text for doc in reader(NLP)]


def write(path, lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_each_line_once_from_all_kinds_of_files(tmp_path):
    write(tmp_path / "a.txt", LINES[:30])
    (tmp_path / "b.txt.xz").write_bytes(lzma.compress("\n".join(LINES[20:40]).encode()))
    records = [json.dumps({"text": text, "id": 1}, ensure_ascii=False) for text in LINES[35:]]
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress("\n".join(records).encode()))
    assert sorted(texts(tmp_path)) == sorted(LINES)
    assert sorted(raw_lines([tmp_path])) == sorted(LINES)
    assert sorted(texts(tmp_path / "a.txt", tmp_path / "c.jsonl.gz")) == sorted(LINES[:30] + LINES[35:])


def test_records_without_text_are_left_out_with_a_warning(tmp_path, caplog):
    lines = [
        '{"text": "王海来了\\n林燕走了"}',
        "not json",
        '{"id": 1}',
        "",
        "[1]",
        '{"text": 3}',
        '{"text": "青岛的海"}',
    ]
    write(tmp_path / "a.jsonl", lines)
    with caplog.at_level(logging.WARNING):
        assert list(raw_lines([tmp_path])) == ["王海来了", "林燕走了", "青岛的海"]
    assert [record.getMessage().split("a.jsonl")[1] for record in caplog.records] == [
        ':2: expected {"text": "..."}, got \'not json\'; left out',
        ": 4 lines without a text left out in all",
    ]


def test_half_a_surrogate_pair_in_json(tmp_path):
    write(tmp_path / "a.jsonl", [r'{"text": "青岛的海风\ud83d"}', r'{"text": "青岛的海\ud83d\ude00"}'])
    assert sorted(texts(tmp_path)) == ["青岛的海风\ufffd", "青岛的海😀"]


def test_bad_bytes_and_broken_files_do_not_stop_it(tmp_path, caplog):
    (tmp_path / "a.txt").write_bytes("王海来".encode() + b"\xff\xfe" + "了\n".encode() + "青岛的海风\n".encode())
    packed = lzma.compress("\n".join(LINES).encode())
    (tmp_path / "b.txt.xz").write_bytes(packed[: len(packed) // 2])
    with caplog.at_level(logging.WARNING):
        found = texts(tmp_path)
    assert {"王海来\ufffd\ufffd了", "青岛的海风"} <= set(found)
    assert "b.txt.xz: expected a file that can be read" in caplog.text


def test_files_are_read_in_turn(tmp_path):
    paths = [write(tmp_path / f"{i}.txt", [f"文{i}行{j}" + "长" * 50 for j in range(2000)]) for i in range(3)]
    found = [line[:2] for line in mixed_lines(paths)]
    assert len(found) == 6000
    half = found[:3000]
    assert all(800 < half.count(f"文{i}") < 1200 for i in range(3))


def test_more_files_than_may_be_open(tmp_path):
    for i in range(MAX_OPEN + 5):
        write(tmp_path / f"{i}.txt", [f"文件{i}的行"])
    assert sorted(mixed_lines([tmp_path])) == sorted(f"文件{i}的行" for i in range(MAX_OPEN + 5))


def test_lengths_and_limit(tmp_path):
    path = write(tmp_path / "a.txt", ["短", "王海在青岛看海。林燕也在。" * 3, *LINES])
    found = texts(path, min_length=3, max_length=20)
    assert max(map(len, found)) <= 20
    assert "短" not in found
    assert found.count("王海在青岛看海。林燕也在。") == 3
    limited = texts(path, limit=200)
    assert 150 < sum(map(len, limited)) <= 200


def test_a_new_order_each_time_the_same_from_the_same_state(tmp_path):
    path = write(tmp_path / "a.txt", LINES)
    random.seed(1)
    first, second = texts(path), texts(path)
    random.seed(1)
    assert texts(path) == first
    assert first != second
    assert sorted(first) == sorted(second) == sorted(LINES)


def test_held_out_lines(tmp_path):
    path = write(tmp_path / "a.txt", LINES)
    train = texts(path, held_out=0.3)
    held_out = texts(path, held_out=0.3, part="held_out")
    assert sorted(train + held_out) == sorted(LINES)
    assert held_out == [line for line in LINES if is_held_out(line, 0.3)]
    assert 8 < len(held_out) < 30


def test_bad_settings(tmp_path):
    for nothing in (None, "", [], [""]):
        with pytest.raises(InputError, match="expected the path of raw text, got none"):
            list(make_raw_text(nothing)(NLP))
    with pytest.raises(InputError, match="none.txt: expected a text file or a folder"):
        texts(tmp_path / "none.txt")
    with pytest.raises(InputError, match="share of held-out lines from 0 to under 1, got 1"):
        make_raw_text("a.txt", held_out=1.0)
    with pytest.raises(InputError, match="expected lengths .*, got 9 and 8"):
        make_raw_text("a.txt", min_length=9, max_length=8)
    with pytest.raises(InputError, match="a size and a buffer of at least 1, got 0 and 2048"):
        make_batch_by_padded(0)


@given(st.lists(st.integers()), st.integers(1, 5), st.integers(0, 9))
def test_shuffled_loses_nothing(items, buffer, seed):
    assert sorted(shuffled(items, buffer, random.Random(seed))) == sorted(items)


@given(st.lists(st.text(min_size=1, max_size=9)), st.integers(1, 20), st.integers(1, 8))
def test_batches(items, size, buffer):
    batches = list(batch_by_padded(items, size=size, buffer=buffer))
    assert sorted(item for batch in batches for item in batch) == sorted(items)
    assert all(len(batch) == 1 or max(map(len, batch)) * len(batch) <= size for batch in batches)


def test_what_is_left_out_is_counted(tmp_path):
    path = write(tmp_path / "a.txt", ["短", "短行", "王海在青岛看海。", "王海在青岛看海。", *LINES])
    counts = TextCounts()
    reader = make_raw_text(str(path), min_length=5, held_out=0.0)
    assert len(list(reader(NLP, counts=counts))) == 61
    assert counts.left_out() == {"repeated": 1, "too short": 2} and not counts.unread
    counts = TextCounts()
    list(make_raw_text(str(path), min_length=5, held_out=0.0, limit=50)(NLP, counts=counts))
    assert counts.unread == 1
