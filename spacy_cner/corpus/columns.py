"""Two columns, character and tag, one character a line, sentences separated by blank lines: MSRA, Resume, Weibo."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from ..errors import InputError
from ..text.tags import parse_tag, tags_to_spans
from .document import AnnotatedText, EntitySpan, Offsets, trim
from .source import Sentence, Source

ColumnRow = tuple[int, str, str]  # line number, first column, tag

SURROGATES = re.compile("[\ud800-\udfff]")
# Weibo v2: the character's place in its word stands after it; a destroyed emoji is two replacement characters.
PLACED = re.compile("(\ufffd\ufffd|.)([0-9]{1,2})", re.DOTALL)


def read_columns(source: Source, *, scheme: str, places: bool = False, strict_tags: bool = False) -> Iterator[Sentence]:
    """Reads a character and its tag a line, sentences separated by blank lines.

    scheme: a tag scheme of `spacy_cner.text.tags`.
    places: whether each character is followed by its place in its word, from 0. A word begins at each 0.

    Tag sequences that the scheme does not allow are read by the repair policy of `spacy_cner.text.tags`, and noted,
    because Weibo has them and counts them in; with `strict_tags` they are errors."""
    for block in blocks(source):
        line = block[0][0]
        yield source.attempt(
            line, block[0][1], partial(read_block, source, block, scheme=scheme, places=places, strict_tags=strict_tags)
        )


def blocks(source: Source, ends: str = " \t\r") -> Iterator[list[tuple[int, str]]]:
    """Yields the numbered lines of each sentence, without these characters at their ends."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(source.text.split("\n"), 1):
        if line.rstrip(" \t\r"):  # no other white space: an ideographic space may be a character
            block.append((number, line.rstrip(ends)))
        elif block:
            yield block
            block = []
    if block:
        yield block


def read_block(
    source: Source, block: list[tuple[int, str]], *, scheme: str, places: bool, strict_tags: bool
) -> AnnotatedText:
    rows = [split_row(source, number, line) for number, line in block]
    starts: list[int] = []
    if places:
        rows, starts = split_places(source, rows)
    text, offsets = join_rows(source, rows)
    entities = tagged_spans(source, rows, scheme, strict_tags)
    return source.annotated(
        block[0][0],
        text,
        [(*offsets_of(source, rows, offsets, start, end), label) for start, end, label in entities],
        words_at(text, [offsets[i] for i in starts]) if places else None,
    )


def split_row(source: Source, number: int, line: str) -> ColumnRow:
    first, separator, tag = line.rpartition("\t" if "\t" in line else " ")
    if not (first and separator):
        raise source.error("expected a character and a tag with a tab or a space between", number, line)
    return number, first, tag


def split_places(source: Source, rows: list[ColumnRow]) -> tuple[list[ColumnRow], list[int]]:
    """Returns the rows without the places, and the rows where words start."""
    plain: list[ColumnRow] = []
    starts: list[int] = []
    last = -1
    for i, (number, first, tag) in enumerate(rows):
        match = PLACED.fullmatch(first)
        if match is None:
            raise source.error("expected a character and its place in the word (one or two digits)", number, first)
        place = int(match[2])
        if i == 0 or place == 0:
            starts.append(i)
        if place not in (0, last + 1):
            source.note("place in a word that does not follow the place before, read as the word going on", number)
        plain.append((number, match[1][:1], tag))
        last = place
    return plain, starts


def join_rows(source: Source, rows: list[ColumnRow]) -> tuple[str, list[int | None]]:
    """Returns the text, and the offset of each row in it and of the end. The two rows that hold the halves of a
    surrogate pair become one character; the second row has no offset."""
    text = "".join(first for _, first, _ in rows)
    if len(text) == len(rows) and not SURROGATES.search(text):
        return text, list(range(len(rows) + 1))
    offsets: list[int | None] = []
    end = 0
    last = ""
    for number, first, _ in rows:
        if len(first) != 1:
            more = "" if len(first.split()) < 2 else "; more than two columns are read by the format conll"
            raise source.error(f"expected one character in the first column{more}", number, first)
        if "\ud800" <= last <= "\udbff" and "\udc00" <= first <= "\udfff":
            offsets.append(None)
            last = ""
            continue
        offsets.append(end)
        end += 1
        last = first
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass"), [*offsets, end]


def tagged_spans(source: Source, rows: list[ColumnRow], scheme: str, strict_tags: bool) -> list[EntitySpan]:
    tags = [tag for _, _, tag in rows]
    try:
        return tags_to_spans(tags, scheme)
    except InputError as illegal:
        for number, first, tag in rows:
            try:
                parse_tag(tag, scheme)
            except InputError as error:
                raise source.error(str(error), number, f"{first} {tag}") from None
        if strict_tags:
            raise source.error(str(illegal), rows[0][0], "".join(first for _, first, _ in rows)) from None
    source.note(f"tag sequence that {scheme} does not allow, repaired", rows[0][0])
    return tags_to_spans(tags, scheme, "repair")


def offsets_of(source: Source, rows: list[ColumnRow], offsets: list[int | None], start: int, end: int) -> Offsets:
    first, last = offsets[start], offsets[end]
    if first is None or last is None:
        raise source.error("expected the same tag on both halves of a surrogate pair", rows[start][0])
    return first, last


def words_at(text: str, starts: list[int | None]) -> list[Offsets]:
    borders = [start for start in starts if start is not None] + [len(text)]
    return trim(text, pairwise(borders))
