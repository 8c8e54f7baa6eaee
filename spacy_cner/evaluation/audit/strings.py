"""Strings that are annotated in one way nearly always, and in another way a few times."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from ..judged import CharSpan
from .finding import Annotated, Files, Finding, around

LEAST = 5  # times that a string must be annotated the usual way
USUAL = 0.8  # the share of its occurrences that are
LONGEST = 12  # characters; longer strings seldom come back
NONE = ""  # the label of a string that is not annotated

Occurrence = tuple[str, int, int, str]  # file, document from 1, start, label


def inconsistent(files: Files) -> Iterator[Finding]:
    """Yields the places where a string of two or more characters is not annotated as it is elsewhere: with another
    label, or not at all. Strings within other entities do not count."""
    names = {
        document.text[start:end]
        for documents in files.values()
        for document in documents
        for start, end, _ in document.entities or ()
        if 2 <= end - start <= LONGEST
    }
    occurrences: dict[str, list[Occurrence]] = defaultdict(list)
    for file, documents in files.items():
        for i, document in enumerate(documents, 1):
            if document.entities is not None:
                for start, end, label in occurring(document, names):
                    occurrences[document.text[start:end]].append((file, i, start, label))
    for name, places in sorted(occurrences.items()):
        labels = Counter(label for *_, label in places)
        usual, count = labels.most_common(1)[0]
        if usual == NONE or count < LEAST or count < USUAL * len(places):
            continue
        for file, i, start, label in places:
            if label != usual:
                said = f"{label or 'no entity'}; elsewhere {usual}, {count} of {len(places)} times"
                end = start + len(name)
                text = around(files[file][i - 1].text, start, end)
                yield Finding("inconsistent", file, i, start, end, text, said, count / len(places) + count / 1e6)


def occurring(document: Annotated, names: set[str]) -> Iterator[CharSpan]:
    """Yields the entities that are names, and where else names occur: the longest ones, outside of all entities and
    where annotation is not missing."""
    text = document.text
    taken = [False] * len(text)
    for start, end in document.missing:
        taken[start:end] = [True] * (end - start)
    for start, end, label in document.entities or ():
        taken[start:end] = [True] * (end - start)
        if text[start:end] in names:
            yield start, end, label
    start = 0
    while start < len(text):
        for end in range(min(start + LONGEST, len(text)), start + 1, -1):
            if text[start:end] in names:
                if not any(taken[start:end]):
                    yield start, end, NONE
                    start = end - 1
                break
        start += 1
