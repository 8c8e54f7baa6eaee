"""Texts that are there twice: the same, almost the same, and sentences of one file in another."""

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy

from ...text.chars import normalize_text
from ...text.windows import SENTENCE_ENDS
from .finding import Annotated, Files, Finding

SENTENCE = 10  # characters of the shortest sentence that counts: shorter ones are formulas
GRAM = 4
SHORTEST = 16  # characters of the shortest text that has near-duplicates
SIMILAR = 0.8  # the share of n-grams that near-duplicates have in common
BANDS, ROWS = 16, 4  # of MinHash: texts that are 0.8 similar share a band with a probability of 0.9998
SENTENCES = re.compile(f"[^{re.escape(''.join(sorted(SENTENCE_ENDS)))}]+")

Place = tuple[str, int]  # file, document from 1


def copies(files: Files) -> Iterator[Finding]:
    """Yields texts that are in a file twice, or in two files; with other entities they are `annotated in two ways`.
    Then sentences of later files that the first one has, and near-duplicates."""
    first: dict[str, tuple[Place, Annotated]] = {}
    copied = set()
    for file, documents in files.items():
        for i, document in enumerate(documents, 1):
            key = plain(document.text)
            if not key:
                continue
            (seen, i_seen), other = first.setdefault(key, ((file, i), document))
            if (seen, i_seen) == (file, i):
                continue
            copied.add((file, i))
            where = f"as {place(seen, i_seen, file)}"
            kind = "duplicate" if seen == file else "in two files"
            yield whole(kind, file, i, document, where, 1.0)
            if document.text == other.text and document.entities != other.entities:
                yield whole("annotated in two ways", file, i, document, f"{where}, {difference(other, document)}")
    yield from sentences(files, copied)
    yield from near_duplicates(files, copied)


def sentences(files: Files, copied: set[Place]) -> Iterator[Finding]:
    """Yields the sentences of later files that stand in the first one, in texts that are no copies as a whole."""
    names = list(files)
    known: dict[str, int] = {}
    for i, document in enumerate(files[names[0]] if names else [], 1):
        for sentence in map(plain, SENTENCES.findall(document.text)):
            if len(sentence) >= SENTENCE:
                known.setdefault(sentence, i)
    for file in names[1:]:
        for i, document in enumerate(files[file], 1):
            if (file, i) in copied:
                continue
            for match in SENTENCES.finditer(document.text):
                i_seen = known.get(plain(match[0]))
                if i_seen is not None:
                    said = f"a sentence of {place(names[0], i_seen, file)}"
                    text = document.text[match.start() : match.end()].strip()
                    yield Finding("in two files", file, i, match.start(), match.end(), text, said, 0.5)


def near_duplicates(files: Files, copied: set[Place]) -> Iterator[Finding]:
    """Yields texts of which an earlier one has most n-grams (Jaccard index of at least `SIMILAR`), by MinHash (Broder
    1997). Exact copies are left out."""
    random = numpy.random.default_rng(0)
    factors = random.integers(1, 1 << 63, BANDS * ROWS, dtype="uint64") | numpy.uint64(1)
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    kept: list[tuple[Place, Annotated, set[int]]] = []
    for file, documents in files.items():
        for i, document in enumerate(documents, 1):
            text = plain(document.text)
            if len(text) < SHORTEST or (file, i) in copied:
                continue
            grams = hashes(text)
            signature = (grams[:, None] * factors).min(axis=0)
            keys = [(band, signature[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
            own = set(grams.tolist())
            candidates = {index for key in keys for index in buckets[key]}
            similar = {index: len(own & kept[index][2]) / len(own | kept[index][2]) for index in candidates}
            best = max(sorted(similar), key=lambda index: similar[index], default=None)  # noqa: B023
            if best is not None and similar[best] >= SIMILAR:
                seen, i_seen = kept[best][0]
                said = f"{100 * similar[best]:.0f} % as {place(seen, i_seen, file)}"
                yield whole("near-duplicate", file, i, document, said, similar[best] + (seen != file))
            for key in keys:
                buckets[key].append(len(kept))
            kept.append(((file, i), document, own))


def hashes(text: str) -> numpy.ndarray:
    """Returns a number for each n-gram of a text, uint64."""
    points = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), "uint32").astype("uint64")
    found = numpy.zeros(len(points) - GRAM + 1, "uint64")
    for i in range(GRAM):
        found = (found + points[i : i + len(found)]) * numpy.uint64(0x9E3779B97F4A7C15)
        found ^= found >> numpy.uint64(29)
    return numpy.unique(found)


def plain(text: str) -> str:
    """Returns a text without white space, in simplified and half-width characters."""
    return "".join(normalize_text(text).split())


def place(seen: str, document: int, file: str) -> str:
    return f"document {document}" if seen == file else f"document {document} of {seen}"


def difference(one: Annotated, other: Annotated) -> str:
    """Returns what the entities of two copies of a text do not have in common."""
    sides = [set(each.entities or ()) for each in (one, other)]
    parts = [
        ", ".join(f"{one.text[start:end]} {label}" for start, end, label in sorted(side)) or "nothing"
        for side in (sides[0] - sides[1], sides[1] - sides[0])
    ]
    return f"there {parts[0]}, here {parts[1]}"


def whole(kind: str, file: str, i: int, document: Annotated, said: str, worth: float = 0.0) -> Finding:
    text = " ".join(document.text.split())
    return Finding(kind, file, i, 0, len(document.text), text, said, worth)
