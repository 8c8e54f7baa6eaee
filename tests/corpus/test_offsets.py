import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.corpus.jsonlines import read_cluener, read_doccano
from spacy_cner.corpus.offsets import UNITS, check_mention, to_codepoints
from spacy_cner.corpus.source import Source
from spacy_cner.errors import InputError


def read(tmp_path, text, entities, **options):
    source = Source(tmp_path / "a.jsonl", json.dumps({"text": text, "label": entities}), "utf-8")
    ((_, sentence),) = read_doccano(source, **options)
    return sentence, {description: len(places) for description, places in source.notes.items()}


@given(st.text("王海😀𠀀e\u0301\u200d", max_size=12), st.data())
def test_units_of_python_itself(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for unit, size in (("utf16", 2), ("utf8", 1)):
        code = unit.replace("utf", "utf-").replace("16", "16-le")
        given_ = (len(text[:start].encode(code)) // size, len(text[:end].encode(code)) // size, "X")
        assert to_codepoints(text, [given_], unit) == [(start, end, "X")]


@pytest.mark.parametrize(
    "unit, start, end", [("codepoint", 6, 9), ("utf16", 10, 13), ("utf8", 20, 29), ("grapheme", 4, 7)]
)
def test_the_same_entity_in_all_units(unit, start, end, tmp_path):
    sentence, _ = read(tmp_path, "👍🏿🇨🇳在e林小燕笑了"[0:4] + "在e林小燕笑了", [[start, end, "PER"]], offsets=unit)
    assert [sentence.text[a:b] for a, b, _ in sentence.entities] == ["林小燕"]


@pytest.mark.parametrize(
    "text, count",
    [
        ("e\u0301a", 2), ("👩\u200d🚀去", 2), ("🇨🇳🇨🇳", 2), ("🇨🇳🇨", 2), ("❤\ufe0f\r\n", 2), ("王海", 2),
        ("🙂\u200d↔\ufe0f去", 2), ("👩🏿\u200d❤\ufe0f\u200d👩去", 2), ("中\u200d★", 2), ("ｶﾞ", 1), ("\n\ufe0f", 2),
        ("🇨🇳" * 20_000, 20_000),
    ],
)  # fmt: skip
def test_what_a_user_sees_as_one_character(text, count):
    assert to_codepoints(text, [(0, count, "X")], "grapheme") == [(0, len(text), "X")]
    with pytest.raises(InputError, match=f"expected offsets inside of 0-{count} in grapheme, got {count + 1}"):
        to_codepoints(text, [(0, count + 1, "X")], "grapheme")


def test_offsets_that_cannot_be(tmp_path):
    with pytest.raises(InputError, match="expected offsets between characters in utf16, got 1"):
        to_codepoints("😀王", [(1, 2, "X")], "utf16")
    with pytest.raises(InputError, match="expected offsets inside of 0-3 in utf16, got -1"):
        to_codepoints("😀王", [(-1, 2, "X")], "utf16")
    with pytest.raises(InputError, match="expected offsets counted in one of codepoint, utf16"):
        to_codepoints("王", [(0, 1, "X")], "utf-32")
    error, _ = read(tmp_path, "😀去青岛", [[3, 5, "LOC"]])
    assert "got 5, which is inside of the text if it is counted in UTF-16 (--offsets utf16)" in str(error)


def test_characters_of_several_units_before_an_entity_are_noted(tmp_path):
    description = "text with emoji, rare or combined characters before an entity, whose offset is right only if it "
    description += "counts code points (see --offsets)"
    for text in ("😀林小燕", "𠮷林小燕", "e\u0301林小燕"):
        length = len(text)
        assert read(tmp_path, text, [[length - 3, length, "PER"]])[1] == {description: 1}
    assert read(tmp_path, "林小燕😀", [[0, 3, "PER"]])[1] == {}
    assert read(tmp_path, "😀林小燕", [[2, 5, "PER"]], offsets="utf16")[1] == {}


def test_a_mention_needs_no_note(tmp_path):
    text = json.dumps({"text": "😀林小燕", "label": {"PER": {"林小燕": [[1, 3]]}}})
    source = Source(tmp_path / "a", text, "utf-8")
    ((_, sentence),) = read_cluener(source)
    assert sentence.entities == [(1, 4, "PER")] and not source.notes
    source.text = source.text.replace("[[1, 3]]", "[[2, 4]]")
    ((_, error),) = read_cluener(source)
    assert "expected '林小燕' at 2-4 (the end counts), got '小燕'; it stands there if offsets" in str(error)
    ((_, sentence),) = read_cluener(source, offsets="utf16")
    assert sentence.entities == [(1, 4, "PER")]


@pytest.mark.parametrize(
    "found, mention",
    [("王\u3000海", "王 海"), ("青岛\n大学", "青岛\\n大学"), ("青岛\t大学", "青岛 大学"), ("A  B", "A B")],
)
def test_white_space_of_a_mention_is_often_written_in_another_way(found, mention):
    check_mention(found, (0, len(found), "X"), mention, (0, len(found)))
    with pytest.raises(InputError, match="expected '王 河' at 0 3 of the text"):
        check_mention("王\u3000海", (0, 3, "PER"), "王 河", (0, 3))


@pytest.mark.parametrize(
    "text, start, end, kind",
    [
        ("我用iPhone打电话", 2, 6, "inside of a Latin word or a number"),
        ("在Zürich住", 2, 7, "inside of a Latin word or a number"),
        ("生于2024年", 4, 7, "inside of a Latin word or a number"),
        ("他说，林小燕来了", 2, 6, "in punctuation"),
        ("林小燕，你好", 0, 4, "in punctuation"),
        ("去👍🏿大连", 2, 5, "inside of a combined character or emoji"),
    ],
)
def test_borders_where_names_rarely_end_are_counted(text, start, end, kind, tmp_path):
    _, notes = read(tmp_path, text, [[start, end, "X"]])
    assert notes[f"entity that begins or ends {kind}"] == 1


@pytest.mark.parametrize(
    "text, start, end",
    [
        ("读《海风》吧", 1, 5),
        ("在Smith Inc.工作", 1, 11),
        ("看@林小燕吧", 1, 5),
        ("买Note9了", 1, 5),
        ("林小燕，你好", 0, 3),
    ],
)
def test_borders_of_names_are_not(text, start, end, tmp_path):
    assert read(tmp_path, text, [[start, end, "X"]])[1] == {}


def test_units_are_those_of_the_option():
    assert list(UNITS) == ["codepoint", "utf16", "utf8", "grapheme"]
