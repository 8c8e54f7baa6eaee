"""Texts that are there twice: the same, almost the same, and sentences of one file in another."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import numpy

from ...text.chars import READ_AS, is_emoji, normalize_text
from ...text.windows import SENTENCE_ENDS
from ..judged import CharSpan
from .finding import Annotated, Files, Finding

SENTENCE = 10  # characters of the shortest sentence that counts: shorter ones are formulas
GRAM = 4
SHORTEST = 16  # characters of the shortest text that has near-duplicates
SIMILAR = 0.8  # the share of n-grams that near-duplicates have in common
BANDS, ROWS = 16, 4  # of MinHash: texts that are 0.8 similar share a band with a probability of 0.9998
NEWEST = 20  # texts that a band remembers of a file: those of one form share bands, and each would meet all others
SENTENCES = re.compile(f"[^{re.escape(''.join(sorted(SENTENCE_ENDS)))}]+")

Place = tuple[str, int]  # file, document from 1
Band = tuple[int, bytes]


def copies(files: Files) -> Iterator[Finding]:
    """Yields texts that are in a file twice, or in two files; with other entities they are `annotated in two ways`.
    Then sentences of later files that the first one has, and near-duplicates."""
    first: dict[str, Place] = {}
    annotated: dict[str, tuple[Place, Annotated]] = {}
    copied = set()
    for file, documents in files.items():
        for i, document in enumerate(documents, 1):
            key = plain(document.text)
            if not key:
                continue
            seen, i_seen = first.setdefault(key, (file, i))
            if (seen, i_seen) != (file, i):
                copied.add((file, i))
                kind = "duplicate" if seen == file else "in two files"
                yield whole(kind, file, i, document, f"as {place(seen, i_seen, file)}", 1.0)
            if document.entities is None:
                continue
            (seen, i_seen), other = annotated.setdefault(document.text, ((file, i), document))
            if said := difference(other, document):
                yield whole("annotated in two ways", file, i, document, f"as {place(seen, i_seen, file)}, {said}")
            if other.missing and not document.missing:
                annotated[document.text] = (file, i), document  # later copies can differ from it in more places
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
    1997). Exact copies are left out. A text is compared with the newest ones of each file and band alone, and with no
    more once one is similar: the time is linear, and in a corpus of one form a few are missed."""
    random = numpy.random.default_rng(0)
    factors = random.integers(1, 1 << 63, BANDS * ROWS, dtype="uint64") | numpy.uint64(1)
    buckets: dict[str, dict[Band, list[int]]] = {}
    kept: list[tuple[Place, set[int]]] = []
    for file, documents in files.items():
        own = buckets[file] = defaultdict(list)
        for i, document in enumerate(documents, 1):
            text = plain(document.text)
            if len(text) < SHORTEST or (file, i) in copied:
                continue
            grams = hashes(text)
            signature = (grams[:, None] * factors).min(axis=0)
            bands = [(band, signature[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
            kept.append(((file, i), set(grams.tolist())))
            for index in candidates(buckets.values(), bands):
                similar = similarity(kept[-1][1], kept[index][1])
                if similar >= SIMILAR:
                    seen, i_seen = kept[index][0]
                    said = f"{100 * similar:.0f} % as {place(seen, i_seen, file)}"
                    yield whole("near-duplicate", file, i, document, said, similar + (seen != file))
                    break
            for band in bands:
                own[band].append(len(kept) - 1)
                del own[band][:-NEWEST]


def candidates(buckets: Iterable[dict[Band, list[int]]], bands: list[Band]) -> Iterator[int]:
    """Yields the texts that share bands: those of the first file first, of one file those that share most."""
    for of_file in buckets:
        shared = Counter(index for band in bands for index in of_file.get(band, ()))
        yield from (index for index, _ in shared.most_common())


def similarity(one: set[int], other: set[int]) -> float:
    """Returns the Jaccard index."""
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def hashes(text: str) -> numpy.ndarray:
    """Returns a number for each n-gram of a text, uint64."""
    points = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), "uint32").astype("uint64")
    found = numpy.zeros(len(points) - GRAM + 1, "uint64")
    for i in range(GRAM):
        found = (found + points[i : i + len(found)]) * numpy.uint64(0x9E3779B97F4A7C15)
        found ^= found >> numpy.uint64(29)
    return numpy.unique(found)


def plain(text: str) -> str:
    """Returns a text without white space, in simplified and half-width characters. Emoji stay what they are."""
    read = zip(text, normalize_text(text), strict=True)
    return "".join("".join(char if to == READ_AS and is_emoji(char) else to for char, to in read).split())


def place(seen: str, document: int, file: str) -> str:
    return f"document {document}" if seen == file else f"document {document} of {seen}"


def difference(one: Annotated, other: Annotated) -> str:
    """Returns what the entities of two copies of a text do not have in common where both are annotated, or ""."""
    there, here = known(one, other), known(other, one)
    if there == here:
        return ""
    parts = [
        ", ".join(f"{one.text[start:end]} {label}" for start, end, label in sorted(side)) or "nothing"
        for side in (there - here, here - there)
    ]
    return f"there {parts[0]}, here {parts[1]}"


def known(document: Annotated, other: Annotated) -> set[CharSpan]:
    return {each for each in document.entities or () if not other.is_unknown(*each[:2])}


def whole(kind: str, file: str, i: int, document: Annotated, said: str, worth: float = 0.0) -> Finding:
    text = " ".join(document.text.split())
    return Finding(kind, file, i, 0, len(document.text), text, said, worth)
