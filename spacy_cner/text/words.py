"""Word borders and parts of speech as columns; words come from an earlier component, the tokens, or jieba."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..errors import InputError
from .chars import is_char_doc, simplify
from .groups import places_of

KIND_KEY = "kind"  # doc.user_data["kind"] names the kind of text, where a corpus says it
WORDS_KEY = "words"  # doc.spans["words"] holds the word segmentation
LONGEST_KEPT = 500  # characters of a text whose words are kept: some 26 KB
OUTSIDE, BEGIN, INSIDE, END, UNIQUE = range(5)
# The 39 tags of the PKU corpus (Yu 1999) in 9 categories. Feng et al. 2008 merge them into 9 too, but do not say how.
# These categories keep the kinds of names apart.
PKU_CATEGORIES = {
    "person": "nr",
    "place": "ns",
    "other name": "nt nz nx j",
    "noun": "n ng g t tg s f",
    "verb": "v vd vn vg",
    "modifier": "a ad an ag b bg z d dg",
    "number": "m mg q",
    "function word": "p c u y e o h k r rg",
    "other": "w x i l",
}
UNIVERSAL_CATEGORIES = {
    "other name": "PROPN",
    "noun": "NOUN",
    "verb": "VERB AUX",
    "modifier": "ADJ ADV",
    "number": "NUM",
    "function word": "ADP CCONJ SCONJ PART INTJ PRON DET",
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
    """A word: characters `start` to `end` (exclusive) of a text, and its part of speech, "" if unknown."""

    start: int
    end: int
    tag: str = ""


@lru_cache(maxsize=256)
def pos_category(tag: str) -> int:
    """Returns the index in CATEGORIES of a part-of-speech tag of the PKU corpus or of Universal Dependencies.

    jieba's tags are the PKU tags, some with one more letter or digit. Unknown tags are "other"."""
    for known in (tag, tag.lower(), tag.lower()[:2], tag.lower()[:1]):
        if known in _category:
            return _category[known]
    return OTHER


def words_of(doc: Doc) -> list[Word]:
    """Returns the words of a document: `doc.spans["words"]` if set, else its tokens, or jieba's words if the tokens are
    characters. Words have parts of speech if these are known."""
    if WORDS_KEY in doc.spans:
        return [Word(*place) for place in places_of(doc.spans[WORDS_KEY])]
    if not is_char_doc(doc):
        return [
            Word(token.idx, token.idx + len(token), token.pos_ or token.tag_) for token in doc if not token.is_space
        ]
    return list(_jieba_words(doc.text))


def tagged_words_of(doc: Doc) -> list[Word]:
    """Returns words with parts of speech: `doc.spans["words"]` if any is labelled, else the tokens if they are tagged
    words, else jieba's words."""
    if WORDS_KEY in doc.spans:
        words = words_of(doc)
        if any(word.tag for word in words):
            return words
    if not is_char_doc(doc) and (doc.has_annotation("POS") or doc.has_annotation("TAG")):
        return [Word(token.idx, token.idx + len(token), token.pos_ or token.tag_) for token in doc]
    return list(_jieba_words(doc.text))


def words_of_jieba(text: str) -> list[Word]:
    """Returns jieba's words with parts of speech, also for words outside its dictionary, which is slow. Traditional
    text is segmented as its simplified form, which jieba knows."""
    return list(_placed((pair.word, pair.flag) for pair in load_jieba().posseg.cut(simplify(text))))


def _jieba_words(text: str) -> tuple[Word, ...]:
    """Returns jieba's words with the parts of speech in its dictionary."""
    return (_cut_once if len(text) <= LONGEST_KEPT else _cut)(text)


def _cut(text: str) -> tuple[Word, ...]:
    jieba = load_jieba()
    tags = jieba.posseg.dt.word_tag_tab
    return tuple(_placed((word, tags.get(word, "")) for word in jieba.cut(simplify(text))))


_cut_once = lru_cache(maxsize=10_000)(_cut)  # training reads the same texts each epoch


def border_column(words: Iterable[Word], starts: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """Returns BEGIN, INSIDE, END, UNIQUE or OUTSIDE of a word for tokens at `starts` to `ends` (n,) in the text, int64
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
    """Returns the category of each token's word, OTHER for tokens in no word, int64 (n,)."""
    categories = numpy.full(len(starts), OTHER, dtype="int64")
    for begin, end, category in zip(*(array.tolist() for array in _tokens(words, starts, ends))):
        categories[begin:end] = category
    return categories


def positions_in_words(doc: Doc) -> numpy.ndarray:
    """Returns the position of each token of a character document in its word, from 0, int64 (n_tokens,). It is 0 for
    tokens in no word."""
    positions = numpy.zeros(len(doc), dtype="int64")
    if not len(doc):
        return positions
    starts, lengths = (doc.to_array(name).astype("int64") for name in ("IDX", "LENGTH"))
    first, stop, _ = _tokens(words_of(doc), starts, starts + lengths)
    for begin, end in zip(first.tolist(), stop.tolist()):
        positions[begin:end] = numpy.arange(end - begin)
    return positions


def _tokens(words: Iterable[Word], starts: numpy.ndarray, ends: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
    """Returns the first token of each word, the one after its last, and its category; drops words without a token."""
    rows = [(word.start, word.end, pos_category(word.tag)) for word in words]
    first, stop, category = numpy.array(rows, dtype="int64").reshape(-1, 3).T
    first = numpy.searchsorted(ends, first, side="right")
    stop = numpy.searchsorted(starts, stop)
    inside = first < stop
    return first[inside], stop[inside], category[inside]


def _placed(words: Iterable[tuple[str, str]]) -> Iterator[Word]:
    end = 0
    for word, tag in words:
        start, end = end, end + len(word)
        if not word.isspace():
            yield Word(start, end, tag)


def load_jieba() -> Any:
    """Returns the module jieba with its dictionary loaded. Raises InputError if it is not installed."""
    try:
        import jieba
        import jieba.posseg
    except ImportError as error:
        raise InputError(
            "expected word segmentation for the features `word` and `pos`: a component earlier in the pipeline that "
            'sets doc.spans["words"], a tokenizer that makes words, or jieba (pip install "spacy_cner[words]")'
        ) from error
    jieba.setLogLevel("WARNING")
    # jieba would read its dictionary from a file of a known name in the folder for temporary files. Anybody on the
    # machine can write that file, and so choose the words; to read the dictionary itself takes no longer.
    tokenizer = jieba.dt
    with tokenizer.lock:
        if not tokenizer.initialized:
            tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
            tokenizer.initialized = True
    return jieba
