from collections import Counter

import pytest

from spacy_cner.corpus import offsets as offsets_module
from spacy_cner.corpus.brat import read_brat
from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.source import Source
from spacy_cner.errors import CorpusError

TEXT = "林小燕在大连\r\n\n  王海 去青岛\n"


def read(tmp_path, annotations, text=TEXT, **options):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    if annotations is not None:
        path.with_suffix(".ann").write_text(annotations, encoding="utf-8")
    source = Source.read(path)
    return [sentence for _, sentence in read_brat(source, **options)], source


def test_each_line_is_a_sentence(tmp_path):
    sentences, source = read(tmp_path, "T2\tLOC 15 17\t青岛\nT1\tPER 0 3\t林小燕\nT3\tPER 11 13\t王海\n")
    assert source.text[11:13] == "王海"
    assert sentences == [
        AnnotatedText("林小燕在大连", [(0, 3, "PER")]),
        AnnotatedText("  王海 去青岛", [(2, 4, "PER"), (6, 8, "LOC")]),
    ]


def test_empty_annotation_file(tmp_path):
    sentences, _ = read(tmp_path, "")
    assert [sentence.entities for sentence in sentences] == [[], []]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "utf-8-sig"])
@pytest.mark.parametrize("of_annotations", ["utf-8", "utf-8-sig", "same"])
def test_text_and_annotations_in_encodings_of_their_own(tmp_path, encoding, of_annotations):
    text, annotations = "林小燕在大连\n" * 5, "T1\tPER 0 3\t林小燕\nT2\tLOC 4 6\t大连\n"
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    path.with_suffix(".ann").write_bytes(annotations.encode(encoding if of_annotations == "same" else of_annotations))
    (_, first), *_ = read_brat(Source.read(path))
    assert first == AnnotatedText("林小燕在大连", [(0, 3, "PER"), (4, 6, "LOC")])


def test_an_empty_text_with_notes_alone_is_left_out(tmp_path):
    for name, text, notes in (("a", "王海", "T1\tPER 0 2\t王海\n"), ("b", "", "#1\tAnnotatorNotes T0\tid 7\n")):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
        (tmp_path / f"{name}.ann").write_text(notes, encoding="utf-8")
    _, report = convert(tmp_path, "brat")
    assert (report.sentences, report.entities) == (1, 1)
    assert report.notes == {"file without text, left out": [f"{tmp_path}/b.txt"]}
    (tmp_path / "b.ann").write_text("T1\tPER 0 2\t王海\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="b.txt: expected text, the file is empty"):
        convert(tmp_path, "brat")


def test_a_line_that_is_no_annotation_is_an_error(tmp_path):
    (error, *_), _ = read(tmp_path, "T1\tPER 0 3\t林小燕\n林小燕 PER\n")
    assert f"{tmp_path}/a.ann:2: expected a line of brat" in str(error)


def test_other_annotations_are_noted(tmp_path):
    _, source = read(tmp_path, "T1\tPER 0 3\t林小燕\nR1\tIn Arg1:T1 Arg2:T2\n#1\tNote T1\t?\nA1\tOld T1\nR2\tIn\n")
    assert source.notes == {
        "annotation of the kind R, not converted": [f"{tmp_path}/a.ann:2", f"{tmp_path}/a.ann:5"],
        "annotation of the kind #, not converted": [f"{tmp_path}/a.ann:3"],
        "annotation of the kind A, not converted": [f"{tmp_path}/a.ann:4"],
    }


@pytest.mark.parametrize(
    "annotations, message",
    [
        ("\nT1\tPER 0\t林小燕\n", "a.ann:2: expected an entity in one piece"),
        ("T1\tPER 0 3\n", "a.ann:1: expected T<n><TAB><label> <start> <end><TAB><mention>"),
        ("T1\tPER 0 99\t林小燕\n", "a.ann:1: expected offsets inside of 0-18, got 0 99"),
        ("T1\tPER 3 3\t\n", "a.ann:1: expected offsets inside of 0-18, got 3 3"),
        (f"T1\tPER 0 {'9' * 5000}\t林小燕\n", "a.ann:1: expected an entity in one piece"),
    ],
)
def test_annotations_that_cannot_be_placed_leave_the_lines(tmp_path, annotations, message):
    (error, first, second), _ = read(tmp_path, annotations + "\nT8\tLOC 15 17\t青岛\n")
    assert isinstance(error, CorpusError) and str(error).startswith(f"{tmp_path}/{message}")
    assert (first.entities, second.entities) == ([], [(6, 8, "LOC")])


def test_an_entity_in_pieces_leaves_out_its_line_alone(tmp_path):
    (error, second), _ = read(tmp_path, "T1\tPER 0 2;3 4\t林小 在\nT8\tLOC 15 17\t青岛\n")
    assert str(error).startswith(f"{tmp_path}/a.ann:1: expected an entity in one piece")
    assert second.entities == [(6, 8, "LOC")]


def test_no_annotation_file_leaves_out_the_file(tmp_path):
    (error,), _ = read(tmp_path, None)
    assert isinstance(error, CorpusError) and str(error).startswith(f"{tmp_path}/a.ann: expected a readable file")


def test_offsets_in_other_units(tmp_path):
    text, ann = "😀林小燕笑了\n", "T1\tPER 2 5\t林小燕\n"
    (error,), _ = read(tmp_path, ann, text)
    assert "got '小燕笑'; it stands there if offsets are counted in utf16 (--offsets utf16)" in str(error)
    source = Source.read(tmp_path / "a.txt")
    ((_, sentence),) = read_brat(source, offsets="utf16")
    assert sentence.entities == [(1, 4, "PER")]


def test_many_lines_and_annotations(tmp_path):
    count = 3000
    annotations = "".join(f"T{i}\tPER {4 * i} {4 * i + 2}\t王海\n" for i in range(count))
    sentences, _ = read(tmp_path, annotations, "王海去\n" * count)
    assert [sentence.entities for sentence in sentences] == [[(0, 2, "PER")]] * count


@pytest.fixture
def counted(monkeypatch):
    """How often a whole text is counted, by unit."""
    counts = Counter()

    def counting(unit, function):
        def count(text):
            counts[unit] += 1
            return function(text)

        return count

    for unit, function in offsets_module.UNITS.items():
        monkeypatch.setitem(offsets_module.UNITS, unit, counting(unit, function))
    monkeypatch.setattr(offsets_module, "cluster_starts", counting("grapheme", offsets_module.cluster_starts))
    offsets_module._borders.cache_clear()
    return counts


@pytest.mark.parametrize(
    "unit, line, mention, last, errors, expected",
    [
        ("utf16", 6, "王海", "T300\tPER 9999 10000\t王", 1, {"utf16": 1}),
        ("grapheme", 5, "王海", "T300\tPER 9999 10000\t王", 1, {"grapheme": 1}),
        ("codepoint", 5, "王海", "T300\tPER 1500 1502\t王\nT301\tPER 1502 1503\t王", 2, {"utf16": 1}),
        ("codepoint", 6, "王海", "", 300, {"utf16": 1}),
        ("codepoint", 5, "王山", "", 300, {"utf16": 1, "utf8": 1, "grapheme": 1}),
    ],
)
def test_wrong_offsets_do_not_count_the_text_again(tmp_path, counted, unit, line, mention, last, errors, expected):
    """line: units of each line."""
    annotations = "".join(f"T{i}\tPER {line * i + line - 4} {line * i + line - 2}\t{mention}\n" for i in range(300))
    sentences, _ = read(tmp_path, annotations + last, "😀王海去\n" * 300, offsets=unit)
    assert sum(isinstance(sentence, CorpusError) for sentence in sentences) == errors
    assert counted == expected


@pytest.mark.parametrize(
    "annotation, message",
    [
        ("T1\tPER 0 3\t林小红", "expected '林小红' at 0 3 of the text, got '林小燕'"),
        ("T1\tPER 0 3\t林小燕\nT2\tPER 2 4\t燕在", "entities that do not overlap"),
        ("T1\tLOC 4 7\t大连\r", "expected entities inside of one line, got LOC 4 7"),
        ("T1\tLOC 7 8\t ", "expected entities inside of one line, got LOC 7 8"),
    ],
)
def test_sentences_that_cannot_be_read(tmp_path, annotation, message):
    (error, good), _ = read(tmp_path, annotation + "\nT9\tLOC 15 17\t青岛\n")
    assert str(error).startswith(f"{tmp_path}/a.txt:1: ") and message in str(error)
    assert good.entities == [(6, 8, "LOC")]


def test_entity_over_several_lines_spoils_them_all(tmp_path):
    errors, _ = read(tmp_path, "T1\tLOC 4 13\t大连 王海\n")
    assert [str(error).split(": ")[0] for error in errors] == [f"{tmp_path}/a.txt:{line}" for line in (1, 2, 3)]
