import io

import pytest

from spacy_cner.corpus.encoding import decode, input_lines, recognise, recognise_head
from spacy_cner.errors import CorpusError, InputError

TEXT = "王海 O\n去 O\n"
EMOJI_AS_SURROGATES = "\ud83d\ude04".encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "data, encoding",
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode() + EMOJI_AS_SURROGATES, "cesu-8"),
    ],
)
def test_encodings_are_detected(data, encoding, tmp_path):
    text, name = decode(data, tmp_path)
    assert text.removesuffix("😄") == TEXT and name == encoding
    assert decode(data, tmp_path, encoding) == (text, encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "gb18030", "cesu-8"])
@pytest.mark.parametrize("named", [True, False])
def test_a_byte_order_mark_is_no_text(encoding, named, tmp_path):
    data = ("\ufeff" + TEXT).encode("utf-8" if encoding == "cesu-8" else encoding)
    if named or not encoding.startswith("utf-16-"):
        assert decode(data, tmp_path, encoding if named else None)[0] == TEXT


def test_half_a_pair_stays_for_the_reader(tmp_path):
    data = b"\xed\xa0\xbd O\n\xed\xb8\x84 O\n"
    assert decode(data, tmp_path) == ("\ud83d O\n\ude04 O\n", "cesu-8")


@pytest.mark.parametrize("encoding", ["utf-16", "big5", "GBK"])
def test_other_encodings_can_be_named(encoding, tmp_path):
    assert decode("中文 O\n".encode(encoding), tmp_path, encoding) == ("中文 O\n", encoding)


@pytest.mark.parametrize(
    "data, encoding, message",
    [
        (b"", None, "expected text, the file is empty"),
        (b" \n\n", None, "expected text, the file is empty"),
        (b"a O\n\0\1", None, ":2: expected text, got a binary file"),
        (b"a O\n\x81\x30\x81\x30\x01", None, ":2: expected text, got a binary file"),
        (b"a O\n\xff\xff", None, ":2: expected text in UTF-8, CESU-8, GB18030, Big5"),
        (TEXT.encode("gb18030"), "utf-8", ":1: expected text in utf-8, got bytes that are not"),
        (TEXT.encode() + b"\xed\xa0", "cesu-8", ":3: expected text in cesu-8"),
        (TEXT.encode("utf-8-sig") + b"\xff\n", "utf-8", ":3: expected text in utf-8"),
        ("上 O\n上 O\n".encode("utf-16") + b"\x0a", None, ":3: expected text in utf-16"),
        ("中文 O\n".encode("utf-16-le"), None, "got a binary file, or UTF-16; save the file as UTF-8"),
    ],
)
def test_bytes_that_are_no_text(data, encoding, message, tmp_path):
    path = tmp_path / "corpus.txt"
    with pytest.raises(CorpusError) as error:
        decode(data, path, encoding)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-9", "base64"])
def test_unknown_encoding(encoding, tmp_path):
    with pytest.raises(InputError, match=encoding):
        decode(b"a O\n", tmp_path, encoding)


SIMPLIFIED = "林小燕昨天从大连坐火车去青岛，在海边的一家公司工作了三年。\n"
TRADITIONAL = "林小燕昨天從大連坐火車去臺北，在海邊的一家公司工作了三年。\n"


@pytest.mark.parametrize(
    "text, encoding, name",
    [
        (SIMPLIFIED, "gbk", "gb18030"),
        (TRADITIONAL, "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL + "我哋喺邊度飲咗杯嘢，佢哋話冇人嚟。\n", "big5hkscs", "big5hkscs"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        (TRADITIONAL[:6] + " O\n", "big5", "big5"),
    ],
)
def test_encodings_of_chinese_are_recognised(text, encoding, name, tmp_path):
    assert decode(text.encode(encoding), tmp_path) == (text, name)


@pytest.mark.parametrize(
    "text, encoding",
    [
        ("私は昨日、電車で大阪へ行きました。とても楽しかったです。\n", "shift_jis"),
        ("私は昨日、電車で大阪へ行きました。とても楽しかったです。\n", "euc_jp"),
        (TRADITIONAL, "euc_jp"),
        (TRADITIONAL, "shift_jis"),
        ("나는 어제 기차를 타고 부산에 가서 친구를 만났습니다.\n", "euc_kr"),
        ("мы едим суши дома\n", "koi8-r"),
        (SIMPLIFIED, "hz"),
        (TRADITIONAL, "iso2022_jp_2"),
    ],
)
def test_other_encodings_are_refused_and_the_option_is_named(text, encoding, tmp_path):
    with pytest.raises(CorpusError, match=r"UTF-8, or tell convert or prepare its encoding \(--encoding\)"):
        decode(text.encode(encoding, "ignore"), tmp_path)


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "idna"])
def test_codecs_that_fail_in_their_own_way(encoding, tmp_path):
    with pytest.raises(InputError):
        decode(SIMPLIFIED.encode("gb18030"), tmp_path, encoding)


def test_a_few_wrong_bytes_do_not_hide_the_encoding_of_running_text(tmp_path):
    assert recognise_head(SIMPLIFIED.encode() * 30 + b"\xff\n", tmp_path) == "utf-8-sig"
    assert recognise_head(SIMPLIFIED.encode("gb18030") * 30 + b"\xff\n", tmp_path) == "gb18030"
    assert recognise_head(TRADITIONAL.encode("big5") * 30, tmp_path) == "big5"


@pytest.mark.parametrize("text, encoding", [(SIMPLIFIED, "gb18030"), (TRADITIONAL, "big5")])
@pytest.mark.parametrize("blanks", [0, 1])
def test_a_line_that_is_longer_than_what_is_looked_at(text, encoding, blanks, tmp_path):
    """One blank more, and the last character that is looked at is cut."""
    line = " " * blanks + text.strip().replace("\n", "") * 10_000
    for each in (line[:80_000], line):
        head = each.encode(encoding)[: 1 << 17]
        assert recognise_head(head, tmp_path) == encoding
    data = (line * (1 + (1 << 25) // len(line.encode(encoding)))).encode(encoding)
    assert recognise(data, tmp_path) == encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_standard_input(encoding, end):
    text = SIMPLIFIED.strip()
    data = f"{text}{end}{end}{text}{end}".encode(encoding)
    assert input_lines(io.BytesIO(data)) == [text, "", text]
    assert input_lines(io.BytesIO(b"\n")) == []


def test_standard_input_that_is_no_text():
    with pytest.raises(CorpusError, match="standard input:1: expected text, got a binary file"):
        input_lines(io.BytesIO(b"\x89PNG\0\xff"))
