"""spaCy leaves the spans of a group at the numbers that their tokens had when tokens are merged."""

import pytest
import spacy
from spacy.tokens import Span

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.segment import word_offsets
from spacy_cner.text.groups import places_of, rows_of
from spacy_cner.text.words import Word, tagged_words_of, words_of

WORDS = [(0, 2, "nr"), (2, 3, "v"), (3, 5, "ns")]


@pytest.fixture(params=[(0, 2), (0, 2, 3, 5)])
def doc(request):
    """A document whose words were set before some of its tokens were merged."""
    doc = spacy.blank("zh").make_doc("张三去北京")
    doc.spans["words"] = [Span(doc, start, end, label, kb_id="Q1", span_id="i") for start, end, label in WORDS]
    with doc.retokenize() as retokenizer:
        for start, end in zip(request.param[::2], request.param[1::2]):
            retokenizer.merge(doc[start:end])
    return doc


def test_places_are_those_in_the_text(doc):
    with pytest.raises(IndexError):
        list(doc.spans["words"])
    assert places_of(doc.spans["words"]) == WORDS
    strings = doc.vocab.strings
    assert rows_of(doc.spans["words"]) == [(*row[:2], *map(strings.add, (row[2], "Q1", "i"))) for row in WORDS]


def test_words_are_read_by_their_places(doc):
    assert words_of(doc) == tagged_words_of(doc) == [Word(*word) for word in WORDS]
    assert word_offsets(doc) == [word[:2] for word in WORDS]
    assert AnnotatedText.from_doc(doc).tags == [word[2] for word in WORDS]
