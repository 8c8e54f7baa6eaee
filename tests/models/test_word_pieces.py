"""No character is lost on the way to word pieces."""

import logging

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

transformers = pytest.importorskip("transformers")

from tiny_bert import CHARACTERS, VOCABULARY, make_bert  # noqa: E402

from spacy_cner.errors import InputError  # noqa: E402
from spacy_cner.models.word_pieces import WordPieces  # noqa: E402

UNKNOWN = "[UNK]"


@pytest.fixture(scope="module")
def tokenizers_(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizers")
    paths = {name: make_bert(folder / name, lower=name == "uncased") for name in ("cased", "uncased")}
    return {name: transformers.AutoTokenizer.from_pretrained(path) for name, path in paths.items()}


@pytest.fixture(scope="module")
def cased(tokenizers_):
    return WordPieces(tokenizers_["cased"], 64)


def bytes_tokenizer():
    """A tokenizer of UTF-8 bytes, with three of them to a Chinese character."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    alphabet = pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {piece: i for i, piece in enumerate(["<unk>", "<pad>", *sorted(alphabet)])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>")


def read(pieces, tokens):
    """The pieces of each token of a sequence."""
    encoded = pieces.encode([list(tokens)])
    names = pieces.tokenizer.convert_ids_to_tokens(encoded.inputs["input_ids"][0])
    found = [[] for _ in tokens]
    for piece, token in zip(encoded.pieces, encoded.tokens):
        found[token].append(names[piece])
    return found


@pytest.mark.parametrize(
    "text, expected",
    [
        ("青岛", ["青", "岛"]),
        ("apple", ["a", "p", "p", "l", "e"]),  # not the word, nor parts of it
        ("2024", ["2", "0", "2", "4"]),
        ("aB", ["a", "B"]),  # a cased vocabulary keeps case
        ("A", ["a"]),  # which has no piece
        ("Ａｂ１", ["a", "b", "1"]),
        ("海 \u3000\n\t海", ["海", *[UNKNOWN] * 4, "海"]),
        ("😀𠮷龘℃", [",", *[UNKNOWN] * 3]),
        ("e\u0301☺\ufe0f\u200d\x00\u200b", ["e", *[UNKNOWN] * 2, ",", ",", *[UNKNOWN] * 2]),
        ("[UNK]", [UNKNOWN, "u", "n", "k", UNKNOWN]),
        ("##a", [UNKNOWN, UNKNOWN, "a"]),
    ],
)
def test_each_character_has_one_piece(cased, text, expected):
    assert read(cased, text) == [[piece] for piece in expected]


def test_uncased_vocabulary(tokenizers_):
    pieces = WordPieces(tokenizers_["uncased"], 64)
    assert read(pieces, "Aapplé") == [["a"], ["a"], ["p"], ["p"], ["l"], ["e"]]


@given(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=4))
@settings(max_examples=60)
def test_no_character_is_left_out(texts):
    pieces = PIECES.setdefault("cased", WordPieces(_tokenizer(), 64))
    encoded = pieces.encode([list(text) for text in texts])
    total = sum(map(len, texts))
    assert encoded.tokens.tolist() == list(range(total))
    assert len(set(encoded.pieces.tolist())) == total
    inputs = encoded.inputs
    assert inputs["input_ids"].shape == inputs["attention_mask"].shape == (len(texts), max(map(len, texts)) + 2)
    assert inputs["attention_mask"].sum() == total + 2 * len(texts)  # [CLS] and [SEP]
    ids = inputs["input_ids"].ravel()[encoded.pieces]
    for char, found in zip("".join(texts), ids):
        assert found == VOCABULARY.index(char if char in CHARACTERS else pieces.form(char))


PIECES = {}


def _tokenizer():
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        return transformers.AutoTokenizer.from_pretrained(make_bert(Path(folder)))


def test_says_what_it_cannot_read(tokenizers_, caplog):
    pieces = WordPieces(tokenizers_["cased"], 64)
    with caplog.at_level(logging.DEBUG, "spacy_cner"):
        read(pieces, "😀海 A😀")
    others = "; others like it are named at the logging level DEBUG"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", f"No word piece for '😀' (U+1F600): it is read as ','{others}"),
        ("DEBUG", "No word piece for 'A' (U+0041): it is read as 'a'"),
    ]


def test_several_pieces_to_a_character():
    pieces = WordPieces(bytes_tokenizer(), 64)
    assert [len(each) for each in read(pieces, "青a岛😀")] == [3, 1, 3, 4]


def test_is_split_into_parts_that_fit():
    pieces = WordPieces(bytes_tokenizer(), 12)
    chars = list("青岛的海风。abcdefgh,吹着她青岛的海风")
    parts = list(pieces.split(chars))
    assert [i for part in parts for i in part] == list(range(len(chars)))
    for part in parts:
        assert pieces.encode([[chars[i] for i in part]]).inputs["input_ids"].shape[1] <= 12
    assert list(pieces.split(chars[:4])) == [range(4)]
    assert list(pieces.split(chars[:5])) == [range(3), range(3, 5)]


def test_whole_if_it_fits(cased):
    assert list(cased.split(["海"] * 62)) == [range(62)]  # with [CLS] and [SEP]
    assert len(list(cased.split(["海"] * 63))) == 2


def test_tokenizers_that_cannot_be_used(tmp_path):
    make_bert(tmp_path)
    slow = transformers.BertTokenizer.from_pretrained(tmp_path)
    with pytest.raises(InputError, match="expected a fast tokenizer .*, got BertTokenizer"):
        WordPieces(slow, 64)
    without = bytes_tokenizer()
    without.unk_token = None
    with pytest.raises(InputError, match="expected a tokenizer with an unknown token"):
        WordPieces(without, 64)


def test_arrays_are_of_numpy(cased):
    encoded = cased.encode([["海"]])
    assert all(isinstance(array, numpy.ndarray) for array in (*encoded.inputs.values(), encoded.pieces, encoded.tokens))
