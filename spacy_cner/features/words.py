"""Word borders and parts of speech as columns: from an earlier component, the tokens, or jieba."""

from typing import Any, Iterable, List, NamedTuple, Tuple

import numpy
from spacy.tokens import Doc

from ..chars import is_char_doc
from ..corpus.document import WORDS_KEY
from ..errors import InputError

OUTSIDE, BEGIN, INSIDE, END, UNIQUE = range(5)
# The 39 tags of the PKU corpus (Yu 1999) in 9 categories. Feng et al. 2008 merge them into 9 too, but do not say how.
PKU_CATEGORIES = {
    "noun": "n ng nx g",
    "name": "nr ns nt nz",
    "time and place": "t tg s f",
    "verb": "v vd vn vg",
    "modifier": "a ad an ag b bg z d dg",
    "number": "m mg q",
    "pronoun": "r rg",
    "function word": "p c u y e o h k",
    "other": "w x i j l",
}
UNIVERSAL_CATEGORIES = {
    "noun": "NOUN",
    "name": "PROPN",
    "verb": "VERB AUX",
    "modifier": "ADJ ADV",
    "number": "NUM",
    "pronoun": "PRON DET",
    "function word": "ADP CCONJ SCONJ PART INTJ",
    "other": "PUNCT SYM X SPACE",
}
CATEGORIES = list(PKU_CATEGORIES)
OTHER = CATEGORIES.index("other")
_category = {
    tag: CATEGORIES.index(name)
    for table in (PKU_CATEGORIES, UNIVERSAL_CATEGORIES)
    for name, tags in table.items()
    for tag in tags.split()
}


class Word(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text; `category` is an index into CATEGORIES."""

    start: int
    end: int
    category: int = OTHER


def pos_category(tag: str) -> int:
    """Of a tag of the PKU corpus (of jieba, too, which adds to some of them a letter or digit) or of Universal
    Dependencies. Unknown ones are "other"."""
    for known in (tag, tag.lower(), tag.lower()[:2], tag.lower()[:1]):
        if known in _category:
            return _category[known]
    return OTHER


def words_of(doc: Doc) -> List[Word]:
    """`doc.spans["words"]`; without these the tokens, or where these are characters, what jieba finds."""
    if WORDS_KEY in doc.spans:
        return [Word(word.start_char, word.end_char) for word in doc.spans[WORDS_KEY]]
    if not is_char_doc(doc):
        return [Word(token.idx, token.idx + len(token)) for token in doc if not token.is_space]
    return list(_placed(doc.text, ((word, OTHER) for word in _jieba().cut(doc.text))))


def tagged_words_of(doc: Doc) -> List[Word]:
    """The document's tokens if they are words that have a part of speech, else those of jieba."""
    if not is_char_doc(doc) and (doc.has_annotation("POS") or doc.has_annotation("TAG")):
        return [Word(token.idx, token.idx + len(token), pos_category(token.pos_ or token.tag_)) for token in doc]
    tagged = _jieba("posseg").cut(doc.text)
    return list(_placed(doc.text, ((pair.word, pos_category(pair.flag)) for pair in tagged)))


def border_column(words: Iterable[Word], starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """BEGIN, INSIDE, END, UNIQUE or OUTSIDE of a word, for tokens at `starts` to `ends` (n,) in the text; int64
    (n,)."""
    roles = numpy.full(len(starts), OUTSIDE, dtype="int64")
    first, stop, _ = _tokens(words, starts, ends)
    for begin, end in zip(first.tolist(), stop.tolist()):
        roles[begin:end] = INSIDE
    roles[stop - 1] = END
    roles[first] = BEGIN
    roles[first[stop - first == 1]] = UNIQUE
    return roles


def category_column(words: Iterable[Word], starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """The category of each token's word, OTHER for those in none; int64 (n,)."""
    categories = numpy.full(len(starts), OTHER, dtype="int64")
    for begin, end, category in zip(*(array.tolist() for array in _tokens(words, starts, ends))):
        categories[begin:end] = category
    return categories


def _tokens(words: Iterable[Word], starts: numpy.ndarray, ends: numpy.ndarray) -> Tuple[numpy.ndarray, ...]:
    """The first token of each word, the one after its last, and its category; without words that have no token."""
    first, stop, category = numpy.array(list(words), dtype="int64").reshape(-1, 3).T
    first = numpy.searchsorted(ends, first, side="right")
    stop = numpy.searchsorted(starts, stop)
    inside = first < stop
    return first[inside], stop[inside], category[inside]


def _placed(text: str, words: Iterable[Tuple[str, int]]) -> Iterable[Word]:
    end = 0
    for word, category in words:
        start, end = end, end + len(word)
        if not word.isspace():
            yield Word(start, end, category)


def _jieba(module: str = "") -> Any:
    try:
        import jieba
        import jieba.posseg
    except ImportError as error:
        raise InputError(
            "expected word segmentation for the features `word` and `pos`: a component earlier in the pipeline that "
            'sets doc.spans["words"], a tokenizer that makes words, or jieba (pip install "spacy_cner[words]")'
        ) from error
    jieba.setLogLevel("WARNING")
    return jieba.posseg if module else jieba
