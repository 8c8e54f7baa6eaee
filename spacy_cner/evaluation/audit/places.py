"""Files, labels, borders and characters that look wrong by themselves."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator

from .finding import Files, Finding, around

# What comes of UTF-8 that was read as GB 18030 or Latin-1, and of memory that was never written to. Neither the dot in
# José·马丁 nor the quotation mark in «café» is a sign of that.
BROKEN = re.compile(
    "锟斤拷|[\ufffd]|烫烫烫|屯屯屯|[ÃÂ][\x80-\xbf]|[âåæçèé](?![·»])[\x80-\xbf]|[\x80-\x9f]|[\ud800-\udfff]"
)
NO_TEXT = ("Co", "Cn", "Cs")
OPENING, CLOSING = "《「『“‘（(【[<〈", "》」』”’）)】]>〉"
STRAIGHT = "\"'＂＇"  # quotation marks that open and close


def empty(files: Files) -> Iterator[Finding]:
    """Yields files without documents or entities, and says how many documents have no text or annotation."""
    for file, documents in files.items():
        if not documents or not any(document.entities for document in documents):
            said = f"{len(documents)} documents, no entity" if documents else "no document"
            yield Finding("empty file", file, 0, 0, 0, "", said)
        for i, document in enumerate(documents, 1):
            if document.entities is None or not document.text.strip():
                said = "no text" if not document.text.strip() else "no annotation"
                yield Finding("no annotation", file, i, 0, len(document.text), document.text, said)


def labels(files: Files) -> Iterator[Finding]:
    """Yields labels that are seen once, those that a file lacks, and those that differ in case alone."""
    counts = {
        file: Counter(label for document in documents for *_, label in document.entities or ())
        for file, documents in files.items()
    }
    total = sum(counts.values(), Counter())
    written = defaultdict(set)
    for label, count in sorted(total.items()):
        written[label.strip().casefold()].add(label)
        if count == 1:
            (file,) = (file for file, own in counts.items() if own[label])
            yield Finding("label", file, 0, 0, 0, label, "seen once")
        for file, own in counts.items():
            if own.total() and not own[label]:
                others = ", ".join(f"{each[label]} in {other}" for other, each in counts.items() if each[label])
                yield Finding("label", file, 0, 0, 0, label, f"missing here; {others}", float(count))
    for several in written.values():
        if len(several) > 1:
            yield Finding(
                "label", next(iter(files)), 0, 0, 0, ", ".join(sorted(several)), "one label written in two ways"
            )


def borders(files: Files) -> Iterator[Finding]:
    """Yields entities with white space or punctuation at their ends, and those that cut a Latin word or a number.
    Brackets and quotes that are closed within the entity may stand at its ends."""
    for file, documents in files.items():
        for i, document in enumerate(documents, 1):
            text = document.text
            for start, end, label in document.entities or ():
                inside, shown = text[start:end], around(text, start, end)
                if edge := _edge(inside):
                    yield Finding("border", file, i, start, end, shown, f"{label} with {edge!r} at its end")
                for at in (start, end):
                    if 0 < at < len(text) and _is_one(text[at - 1], text[at]):
                        said = f"{label} cuts {_run(text, at)!r}"
                        yield Finding("half", file, i, start, end, shown, said)
                        break


def _edge(entity: str) -> str:
    for char in (entity[:1], entity[-1:]):
        if char.isspace():
            return char
        abbreviated = char == "." and entity[-2:-1].isascii() and entity[-2:-1].isalpha()  # as in Inc.
        if unicodedata.category(char)[0] == "P" and not abbreviated and not _is_paired(entity, char):
            return char
    return ""


def _is_paired(entity: str, char: str) -> bool:
    if char in STRAIGHT:
        return entity.count(char) % 2 == 0
    for one, other in zip(OPENING, CLOSING, strict=True):
        if char in (one, other):
            return entity.count(one) == entity.count(other)
    return False


def _is_one(before: str, after: str) -> bool:
    """Whether two characters are of one Latin word, or of one number."""
    return all(char.isascii() and char.isalpha() for char in (before, after)) or all(
        char.isascii() and char.isdigit() for char in (before, after)
    )


def _run(text: str, at: int) -> str:
    start, end = at, at
    while start > 0 and _is_one(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and _is_one(text[end - 1], text[end]):
        end += 1
    return text[start:end]


def encoding(files: Files) -> Iterator[Finding]:
    """Yields documents with characters that no text has, such as U+FFFD, and with the usual signs of a text that was
    decoded wrongly."""
    for file, documents in files.items():
        for i, document in enumerate(documents, 1):
            match = BROKEN.search(document.text)
            start, end = match.span() if match else _no_text(document.text)
            if start < end:
                names = ", ".join(f"U+{ord(char):04X}" for char in document.text[start:end][:3])
                yield Finding("encoding", file, i, start, end, around(document.text, start, end), names)


def _no_text(text: str) -> tuple[int, int]:
    if text.isascii():
        return 0, 0
    place = next((i for i, char in enumerate(text) if unicodedata.category(char) in NO_TEXT), -1)
    return (place, place + 1) if place >= 0 else (0, 0)
