"""Groups of entities that are scored apart: by what they are and where they stand."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy

from ..corpus.stats import KnownEntities
from ..text.chars import simplified_forms
from ..text.windows import SENTENCE_ENDS
from .judged import CharSpan, Judged

LENGTHS = (1, 2, 3, 4, 6, 10)  # of an entity, the most of each group
SENTENCES = (20, 50, 100)  # of a sentence
PLACES = (256, 1024)  # from the start of a document
LONG = 256  # characters; in shorter documents all places are the first
SCRIPTS = ("Han", "traditional", "Latin", "mixed", "other")

Bucket = Callable[[Judged, CharSpan], str]


def axes(documents: Sequence[Judged], known: KnownEntities | None = None) -> dict[str, tuple[list[str], Bucket]]:
    """Returns the ways to group entities: the groups of each in order, and what says to which one an entity belongs.

    known: the entities of the training set; without it nothing is grouped by whether they were seen."""
    found: dict[str, tuple[list[str], Bucket]] = {}
    if known is not None:
        found["in training"] = (
            ["seen", "unseen"],
            lambda document, span: "seen" if (document.text[span[0] : span[1]], span[2]) in known else "unseen",
        )
    found["entity length"] = names(LENGTHS), lambda _, span: name_of(span[1] - span[0], LENGTHS)
    found["sentence length"] = (
        names(SENTENCES),
        lambda document, span: name_of(sentence_length(document.text, span), SENTENCES),
    )
    found["script"] = list(SCRIPTS), lambda document, span: script(document.text[span[0] : span[1]])
    if any(len(document.text) > LONG for document in documents):
        found["place in the document"] = names(PLACES), lambda _, span: name_of(span[0] + 1, PLACES)
    kinds = list(dict.fromkeys(document.kind for document in documents))
    if kinds != [""] and kinds:
        found["kind of text"] = (
            [kind or "other kinds" for kind in kinds],
            lambda document, _: document.kind or "other kinds",
        )
    return found


def names(limits: Sequence[int]) -> list[str]:
    """Returns the names of the groups of numbers up to each limit, and of those above: "1", "2", "3–6", "7+"."""
    starts = [1, *(limit + 1 for limit in limits)]
    return [f"{a}" if a == b else f"{a}–{b}" for a, b in zip(starts, limits, strict=False)] + [f"{starts[-1]}+"]


def name_of(number: int, limits: Sequence[int]) -> str:
    """Returns the name of the group that a number is in."""
    return names(limits)[bisect_left(limits, number)]


def sentence_length(text: str, span: CharSpan) -> int:
    """Returns the number of characters of the sentence that an entity is in."""
    ends = _sentence_ends(text)
    before, after = bisect_left(ends, span[0]), bisect_left(ends, span[1])
    start = ends[before - 1] + 1 if before else 0
    return (ends[after] if after < len(ends) else len(text)) - start


@lru_cache(maxsize=1)  # a document's entities come one after another
def _sentence_ends(text: str) -> list[int]:
    return [i for i, char in enumerate(text) if char in SENTENCE_ENDS]


def script(text: str) -> str:
    """Returns what a text is written in: "traditional" if any of its characters is so, "mixed" for Chinese and Latin
    letters, "other" for neither."""
    han = any("\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" for char in text)
    latin = any(char.isalpha() and char < "\u0250" or "\uff21" <= char <= "\uff5a" and char.isalpha() for char in text)
    if han and latin:
        return "mixed"
    if han:
        return "traditional" if any(char in simplified_forms() for char in text) else "Han"
    return "Latin" if latin else "other"


def counts(documents: Sequence[Judged], groups: Sequence[str], bucket: Bucket) -> numpy.ndarray:
    """Returns the right, found and gold entities of each document in each group, int64 (D, groups, 3)."""
    index = {group: i for i, group in enumerate(groups)}
    found = numpy.zeros((len(documents), len(groups), 3), dtype="int64")
    for row, document in zip(found, documents, strict=True):
        for column, spans in enumerate(_columns(document)):
            for span in spans:
                group = index.get(bucket(document, span))
                if group is not None:
                    row[group, column] += 1
    return found


def _columns(document: Judged) -> Iterator[Iterable[CharSpan]]:
    yield from (document.right, set(document.found), set(document.gold))
