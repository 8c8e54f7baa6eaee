from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.segmented import read_segmented
from spacy_cner.corpus.source import Source


def test_any_space_separates_words(tmp_path):
    text = "王海  去　大连 \r\n\n 。\nＡＢ\t1\n"
    assert list(read_segmented(Source(tmp_path, text, "utf-8"))) == [
        (1, AnnotatedText("王海去大连", None, [(0, 2), (2, 3), (3, 5)])),
        (3, AnnotatedText("。", None, [(0, 1)])),
        (4, AnnotatedText("ＡＢ1", None, [(0, 2), (2, 3)])),
    ]


def test_text_that_is_not_valid(tmp_path):
    ((line, error),) = read_segmented(Source(tmp_path / "c.txt", "你 \ud83d", "cesu-8"))
    assert str(error).startswith(f"{tmp_path}/c.txt:1: expected valid text")
