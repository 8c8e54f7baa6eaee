"""Silver word segmentation: words that a segmenter finds, added to documents that have none."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import cast

import spacy
from spacy.lang.zh import ChineseTokenizer
from spacy.language import Language
from spacy.tokens import Doc

from ..errors import InputError
from ..loading import load_pipeline
from ..text.chars import is_char_doc
from ..text.groups import places_of
from ..text.words import WORDS_KEY, load_jieba
from .document import AnnotatedText, Offsets, trim

SEGMENTERS = {"jieba": "words", "pkuseg": "pkuseg"}  # and the extra of this package that installs it
PKUSEG_MODEL = "spacy_ontonotes"  # spacy-pkuseg's own default, downloaded by it at first use


def load_segmenter(name: str, gpu_id: int = -1, batch_size: int | None = None) -> Language:
    """Loads a pipeline that splits text into words: one of SEGMENTERS (jieba, spacy-pkuseg), or any package or path.

    gpu_id, batch_size: as for `load_pipeline`.
    Raises InputError if it is not installed, or its model cannot be had."""
    if name not in SEGMENTERS:
        return load_pipeline(name, gpu_id, batch_size)
    try:
        if name == "jieba" and find_spec(name):
            load_jieba()  # first: spaCy would let it read its words from a file that anybody can write
        nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": name}}})
        if name == "pkuseg":
            cast(ChineseTokenizer, nlp.tokenizer).initialize(pkuseg_model=PKUSEG_MODEL)
        nlp.batch_size = batch_size or nlp.batch_size
        return nlp
    except ImportError as error:
        install = f'pip install "spacy_cner[{SEGMENTERS[name]}]"'
        raise InputError(f"expected {name} to be installed, it is not: {install}") from error
    except (OSError, RuntimeError) as error:
        raise InputError(f"expected a model of {name} ({PKUSEG_MODEL}), got {error!r}") from error


def has_words(doc: Doc) -> bool:
    """Returns whether a Doc holds word segmentation, which may be without any word."""
    return WORDS_KEY in doc.spans


def word_offsets(doc: Doc) -> list[Offsets]:
    """Returns the words of a segmented Doc, in characters: `doc.spans["words"]` or, without these, its tokens. White
    space is no word, and no word begins or ends with it."""
    if has_words(doc):
        return trim(doc.text, [(start, end) for start, end, _ in places_of(doc.spans[WORDS_KEY])])
    return trim(doc.text, [(token.idx, token.idx + len(token)) for token in doc])


def cut_words(words: Iterable[Offsets], borders: Iterable[int]) -> list[Offsets]:
    """Returns the words, each cut into two or more where borders (character offsets) lie inside of it."""
    ordered = sorted(set(borders))
    cut: list[Offsets] = []
    for start, end in words:
        inner = ordered[bisect_right(ordered, start) : bisect_left(ordered, end)]
        cut += pairwise([start, *inner, end])
    return cut


def add_words(
    nlp: Language, docs: Iterable[Doc], *, entity_borders: bool = True, overwrite: bool = False
) -> Iterator[Doc]:
    """Yields the documents in their order, each with the words that the pipeline finds in `doc.spans["words"]`, with
    parts of speech where it labels them.

    entity_borders: words are cut where entities begin and end, as "entity names are usually regarded as independent
        words" (Wu et al. 2019, section 3.3).
    overwrite: documents that have words get new ones. Otherwise they stay as they are.

    A document of characters keeps everything else that it holds. Any other becomes one of characters with the same text
    and entities. Raises InputError for a document whose text is not known exactly, for a pipeline that neither sets
    `doc.spans["words"]` nor has a tokenizer that makes words, and as AnnotatedText does for words that overlap or leave
    characters out."""
    docs = list(docs)

    def lacks_words(doc: Doc) -> bool:
        return bool(len(doc)) and (overwrite or not has_words(doc))

    segmented = nlp.pipe(_exact_text(doc) for doc in docs if lacks_words(doc))
    for doc in docs:
        if not lacks_words(doc):
            yield doc
            continue
        found = next(segmented)
        words = _found_words(nlp, doc, found)
        if entity_borders:
            borders = (border for ent in doc.ents for border in (ent.start_char, ent.end_char))
            words = trim(doc.text, cut_words(words, borders))
        yield _with_words(doc, words, _parts_of_speech(found))


def _exact_text(doc: Doc) -> str:
    if doc.has_unknown_spaces:
        raise InputError(
            "expected documents that say where their text has spaces, as `python -m spacy_cner convert` makes them, "
            f"got one that would be read with a space after each token: {doc.text[:40]!r}"
        )
    return doc.text


def _found_words(nlp: Language, doc: Doc, segmented: Doc) -> list[Offsets]:
    if not has_words(segmented) and getattr(nlp.tokenizer, "segmenter", None) == "char":
        raise InputError(
            f"expected a pipeline that sets doc.spans[{WORDS_KEY!r}] or whose tokens are words, got one whose tokens "
            f"are characters ({', '.join(nlp.pipe_names) or 'no components'})"
        )
    if segmented.text != doc.text:
        raise InputError(
            f"expected a pipeline that leaves the text as it is, got {segmented.text[:40]!r} for {doc.text[:40]!r}"
        )
    words = word_offsets(segmented)
    AnnotatedText(doc.text, words=words)  # checks them
    return words


def _parts_of_speech(segmented: Doc) -> dict[int, str]:
    """Returns the part of speech of each character in a word that has one."""
    words = places_of(segmented.spans[WORDS_KEY]) if has_words(segmented) else ()
    return {i: label for start, end, label in words if label for i in range(start, end)}


def _with_words(doc: Doc, words: Iterable[Offsets], tags: dict[int, str]) -> Doc:
    if not is_char_doc(doc):
        doc = AnnotatedText.from_doc(doc).to_doc(doc.vocab)
    # Words begin and end at tokens, as these are characters or white space.
    spans = [doc.char_span(start, end, label=tags.get(start, "")) for start, end in words]
    doc.spans[WORDS_KEY] = spans  # type: ignore[assignment]
    return doc
