import bz2
import gzip
import lzma

import pytest

from spacy_cner.corpus import raw
from spacy_cner.corpus.raw import TextCounts, mixed_lines, raw_lines, text_files
from spacy_cner.errors import InputError


def test_files_as_given_and_folders_in_name_order(tmp_path):
    for name in ("b.txt", "a/2.txt.xz", "a/1.txt.gz", "a/deep/0.txt.bz2", "a/notes.md", "a/x.txt.bak", "other.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "folder.txt").mkdir()
    found = text_files([tmp_path / "other.md", tmp_path, tmp_path / "b.txt"])
    names = ["other.md", "a/1.txt.gz", "a/2.txt.xz", "a/deep/0.txt.bz2", "b.txt", "b.txt"]
    assert [path.relative_to(tmp_path).as_posix() for path in found] == names


def test_no_such_path_and_no_text_in_a_folder(tmp_path):
    with pytest.raises(InputError, match="none: expected a text file or a folder, found nothing there"):
        text_files([tmp_path / "none"])
    (tmp_path / "a.md").touch()
    with pytest.raises(InputError, match=r"expected a folder with \.txt files .*, found none"):
        text_files([tmp_path])


def test_lines_are_stripped_and_blank_and_repeated_ones_left_out(tmp_path):
    (tmp_path / "a.txt").write_text("  王海来了。\r\n\n\u3000\n林燕走了。\n王海来了。\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("林燕走了。\n青岛", encoding="utf-8")
    assert list(raw_lines([tmp_path])) == ["王海来了。", "林燕走了。", "青岛"]
    every = ["王海来了。", "林燕走了。", "王海来了。", "林燕走了。", "青岛"]
    assert list(raw_lines([tmp_path], unique=False)) == every


@pytest.mark.parametrize("suffix, pack", [("xz", lzma.compress), ("gz", gzip.compress), ("bz2", bz2.compress)])
def test_packed_files(tmp_path, suffix, pack):
    path = tmp_path / f"a.txt.{suffix}"
    path.write_bytes(pack("王海\n青岛\n".encode()))
    assert list(raw_lines([path])) == ["王海", "青岛"]


def test_bytes_that_are_not_utf8_are_marked(tmp_path):
    (tmp_path / "a.txt").write_bytes("王海".encode() + b"\xff" + "来了\n青岛".encode())
    assert list(raw_lines([tmp_path])) == ["王海\ufffd来了", "青岛"]


def test_a_byte_order_mark_is_no_character(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + "王海\n".encode())
    assert list(raw_lines([tmp_path])) == ["王海"]


@pytest.mark.parametrize("suffix, pack", [("xz", lzma.compress), ("gz", gzip.compress), ("bz2", bz2.compress)])
def test_packed_files_that_cannot_be_read(tmp_path, suffix, pack):
    packed = pack("王海来了。\n".encode() * 50)
    for data in (packed[: len(packed) // 2], b"not packed"):
        path = tmp_path / f"a.txt.{suffix}"
        path.write_bytes(data)
        with pytest.raises(InputError, match=rf"a\.txt\.{suffix}: expected a file that can be read"):
            list(raw_lines([path]))


LINES = [f"林小燕第{i}天在海边的公司工作，晚上坐车回家。" for i in range(50)]
READERS = [raw_lines, mixed_lines]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "big5", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_are_recognised_as_those_of_corpora(reader, encoding, end, tmp_path):
    lines = [line.replace("车", "").replace("边", "") for line in LINES]  # Big5 has traditional characters alone
    (tmp_path / "a.txt").write_bytes(end.join(lines).encode(encoding))
    (tmp_path / "b.txt").write_text("一行", encoding="utf-8")
    assert sorted(reader([tmp_path])) == sorted([*lines, "一行"])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("ending", ["txt", "jsonl"])
def test_pairs_of_surrogates_written_apart(reader, ending, tmp_path):
    lines = [f"{'😀' * 9}王海{i}" for i in range(4)]
    halves = ["".join(map(chr, memoryview(line.encode("utf-16-le")).cast("H"))) for line in lines]
    texts = [f'{{"text": "{half}"}}' if ending == "jsonl" else half for half in halves]
    data = "\n".join(texts).encode("utf-8", "surrogatepass")
    (tmp_path / f"a.{ending}").write_bytes(data + b"\n\xff\xfe" * (ending == "txt"))
    assert sorted(reader([tmp_path])) == sorted([*lines, *["\ufffd\ufffd"] * (ending == "txt")])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("encoding", ["shift_jis", "euc_kr", "utf-16-le"])
def test_encodings_that_cannot_be_told_are_refused(reader, encoding, tmp_path):
    (tmp_path / "a.txt").write_bytes("\n".join(LINES).encode(encoding, "ignore"))
    (tmp_path / "b.txt").write_text("一行", encoding="utf-8")
    with pytest.raises(InputError, match="a.txt:.*save the file as UTF-8"):
        list(reader([tmp_path]))


def test_ascii_before_text_in_another_encoding(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"plain\n" * 20_000 + "\n".join(LINES).encode("gb18030"))
    assert list(raw_lines([tmp_path])) == ["plain", *LINES]
    assert list(raw_lines([tmp_path / "a.txt"], unique=False))[-50:] == LINES


def test_packed_files_in_other_encodings(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress("\n".join(LINES).encode("gb18030")))
    assert list(raw_lines([tmp_path])) == LINES


@pytest.mark.parametrize("reader", READERS)
def test_what_is_left_out_is_counted(reader, tmp_path, caplog):
    (tmp_path / "a.txt").write_bytes("王海\n\n王海\n青".encode() + b"\xff" + "岛\n大连的海\n".encode())
    (tmp_path / "b.jsonl").write_text('{"text": "王海\\n来了"}\n{"id": 1}\n5\n' + "[" * 100_000, encoding="utf-8")
    counts = TextCounts()
    assert sorted(reader([tmp_path], counts=counts)) == ["大连的海", "来了", "王海", "青\ufffd岛"]
    assert counts == TextCounts(lines=6, repeated=2, without_text=3, wrong_bytes=1)
    assert counts.left_out() == {"repeated": 2, "without a text": 3}
    assert "a.txt: 1 lines with U+FFFD" in caplog.text


@pytest.mark.parametrize("unpacked", [False, True])
def test_lines_without_end(unpacked, tmp_path, monkeypatch):
    monkeypatch.setattr(raw, "MAX_LINE", 1000)
    path = tmp_path / ("a.txt" if unpacked else "a.txt.xz")
    data = ("好\n" + "海" * 5000).encode()
    path.write_bytes(data if unpacked else lzma.compress(data))
    with pytest.raises(InputError, match=":2: expected lines of at most 1,000 characters"):
        list(raw_lines([path]))
    data = ("好" * 1000 + "\n" + "海" * 1000).encode()
    path.write_bytes(data if unpacked else lzma.compress(data))
    assert [len(line) for line in raw_lines([path])] == [1000, 1000]
