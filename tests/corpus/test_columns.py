import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.corpus.columns import read_columns
from spacy_cner.corpus.document import AnnotatedText, trim
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError
from spacy_cner.text.tags import spans_to_tags


def source(text, tmp_path):
    return Source(tmp_path / "corpus.txt", text, "utf-8")


def read(text, tmp_path, scheme="bio", **options):
    return [sentence for _, sentence in read_columns(source(text, tmp_path), scheme=scheme, **options)]


@settings(max_examples=60)
@given(
    st.lists(st.text("王海A0 \t　#", min_size=1, max_size=6), min_size=1, max_size=4),
    st.sampled_from(["bio", "bioes", "bmes"]),
    st.sampled_from(["\t", " "]),
    st.sampled_from(["\n", "\r\n"]),
    st.data(),
)
def test_what_is_written_is_read(tmp_path_factory, texts, scheme, separator, end, data):
    if separator == " ":
        texts = [text.replace("\t", "_") for text in texts]
    sentences = []
    for text in texts:
        cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
        spans = trim(text, list(zip(cuts, cuts[1:], strict=False)))
        sentences.append(AnnotatedText(text, [(*span, data.draw(st.sampled_from(["PER", "A-B"]))) for span in spans]))
    blocks = []
    for sentence in sentences:
        tags = spans_to_tags(sentence.entities, len(sentence.text), scheme)
        blocks.append("".join(f"{char}{separator}{tag}{end}" for char, tag in zip(sentence.text, tags, strict=True)))
    assert read(end.join(blocks), tmp_path_factory.getbasetemp(), scheme) == sentences


def test_line_numbers_and_blank_lines(tmp_path):
    sentences = list(read_columns(source("\n\n王\tO\n \t \n海\tO\n\n\n", tmp_path), scheme="bio"))
    assert sentences == [(3, AnnotatedText("王", [])), (5, AnnotatedText("海", []))]


def test_halves_of_an_emoji_on_two_lines_are_one_character(tmp_path):
    rows = "看\tO\n\ud83d\tB-PER\n\ude04\tI-PER\n王\tI-PER\n\ud83c\tO\n\udfb5\tO\n"
    assert read(rows, tmp_path) == [AnnotatedText("看😄王🎵", [(1, 3, "PER")])]


def test_halves_of_an_emoji_with_different_tags(tmp_path):
    (error,) = read("\ud83d\tB-PER\n\ude04\tO\n", tmp_path)
    assert isinstance(error, CorpusError) and "the same tag on both halves" in str(error)


def test_half_an_emoji_alone(tmp_path):
    (error,) = read("看\tO\n\ude04\tO\n", tmp_path)
    assert "half a surrogate pair" in str(error)


PLACED = "王0\tB-PER\n小1\tI-PER\n红2\tI-PER\n吃0\tO\n20\tO\n01\tO\n个0\tO\n\ufffd\ufffd0\tO\ne10\tO\n"


def test_places_make_words(tmp_path):
    src = source(PLACED.replace("e10", "e1"), tmp_path)
    ((_, sentence),) = read_columns(src, scheme="bio", places=True)
    assert sentence == AnnotatedText("王小红吃20个\ufffde", [(0, 3, "PER")], [(0, 3), (3, 4), (4, 6), (6, 7), (7, 9)])
    assert not src.notes


def test_places_of_two_digits(tmp_path):
    rows = "".join(f"{char}{place}\tO\n" for place, char in enumerate("http://t.cn/a"))
    assert read(rows + "10\tO\n", tmp_path, places=True) == [AnnotatedText("http://t.cn/a1", [], [(0, 13), (13, 14)])]


def test_white_space_with_a_place_is_in_no_word(tmp_path):
    assert read("王0\tO\n 0\tO\n　0\tO\n海0\tO\n", tmp_path, places=True) == [
        AnnotatedText("王 　海", [], [(0, 1), (3, 4)])
    ]


def test_place_that_does_not_follow_is_noted(tmp_path):
    src = source("王0\tO\n海2\tO\n", tmp_path)
    ((_, sentence),) = read_columns(src, scheme="bio", places=True)
    assert sentence.words == [(0, 2)]
    assert list(src.notes.values()) == [[f"{src.path}:2"]]


def test_illegal_tags_are_repaired_and_noted(tmp_path):
    src = source("王\tO\n海\tO\n\n去\tO\n大\tI-LOC\n连\tI-LOC\n", tmp_path)
    (_, (_, sentence)) = read_columns(src, scheme="bio")
    assert sentence.entities == [(1, 3, "LOC")]
    assert src.notes == {"tag sequence that bio does not allow, repaired": [f"{src.path}:4"]}


def test_illegal_tags_are_errors_if_asked_for(tmp_path):
    first, second = read("王\tO\n\n大\tI-LOC\n连\tI-LOC\n", tmp_path, strict_tags=True)
    assert first == AnnotatedText("王", [])
    assert str(second).startswith(f"{tmp_path}/corpus.txt:3: expected a legal bio sequence, got I-LOC")


def test_white_space_at_the_ends_of_entities_is_trimmed_and_noted(tmp_path):
    src = source(" \tB-PER\n王\tI-PER\n\u3000\tI-PER\n \tB-LOC\n", tmp_path)
    ((_, sentence),) = read_columns(src, scheme="bio")
    assert sentence.entities == [(1, 2, "PER")]
    assert {description: len(places) for description, places in src.notes.items()} == {
        "entity with white space at its ends, which was trimmed": 1,
        "entity that is white space alone, left out": 1,
    }


@pytest.mark.parametrize(
    "rows, options, message",
    [
        ("王\tO\n海\n", {}, ":2: expected a character and a tag with a tab or a space between in '海'"),
        ("王 O\n O\n", {}, ":2: expected a character and a tag"),
        ("王\tO\n\u3000\n", {}, ":2: expected a character and a tag"),
        ("王 O\n王海 O\n", {}, ":2: expected one character in the first column in '王海'"),
        (
            "王 N O\n",
            {},
            ":1: expected one character in the first column; more than two columns are read by the format conll in",
        ),
        ("王 O\n海 PER\n", {}, ":2: expected a tag of the scheme bio (O, B-<label>, I-<label>), got 'PER' in '海 PER'"),
        ("王 O\n海 B-\n", {}, ":2: expected a tag of the scheme bio"),
        ("王 O\n海 M-PER\n", {}, ":2: expected a tag of the scheme bio"),
        ("王0 O\n海 O\n", {"places": True}, ":2: expected a character and its place in the word"),
        ("王0 O\n海123 O\n", {"places": True}, ":2: expected a character and its place in the word"),
        ("王 O\n\ufffd\ufffd O\n", {}, ":2: expected one character"),
    ],
)
def test_rows_that_break_the_format(rows, options, message, tmp_path):
    error, after = read(rows + "\n好0\tO\n" if options else rows + "\n好\tO\n", tmp_path, **options)
    assert isinstance(error, CorpusError)
    assert str(error).startswith(f"{tmp_path}/corpus.txt{message}")
    assert after.text == "好"
