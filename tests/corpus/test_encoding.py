import pytest

from spacy_cner.corpus.encoding import decode
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
        (b"a O\n\xff\xff", None, ":2: expected text in utf-8 or cesu-8 or gb18030"),
        (TEXT.encode("gb18030"), "utf-8", ":1: expected text in utf-8, got bytes that are not"),
        (TEXT.encode() + b"\xed\xa0", "cesu-8", ":3: expected text in cesu-8"),
        ("中文 O\n".encode("utf-16"), None, "got a binary file"),
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
