"""Columns of CoNLL-U and its kin: one character or word a line, its tag in any of the columns, comments. Of this kind
are Universal NER's `.iob2` files and Label Studio's CoNLL export."""

import re
from collections.abc import Iterator
from functools import partial

from ..errors import InputError
from ..text.tags import OUTSIDE
from .columns import blocks, tagged_spans
from .document import AnnotatedText, Offsets, join_words, trim
from .source import Sentence, Source

TEXT = re.compile(r"#\s*text\s*=\s?(.*)")
COMMENT = re.compile(r"#\s*[A-Za-z_:]+\s*=.*")
DOCSTART = re.compile(r"-DOCSTART-(?=\s|\Z)")
# Rows of CoNLL-U that are no words of their own: `3-4` for two words written as one, `5.1` for a word left out.
NO_WORD = re.compile(r"[0-9]+[-.][0-9]+")

NumberedColumns = tuple[int, list[str]]  # line number, columns


def read_conll(
    source: Source, *, scheme: str = "bio", column: int = 1, tag_column: int = 0, strict_tags: bool = False
) -> Iterator[Sentence]:
    """Reads a token and its tag a line, sentences separated by blank lines. Columns are separated by tabs or, in a
    sentence without any, by spaces. Lines that begin with # are comments if they have another number of columns or the
    form `# name = …`. Where one says `# text = …`, this is the text, with its blanks; else tokens are concatenated.

    scheme: a tag scheme of `spacy_cner.text.tags`.
    column, tag_column: which columns hold the token and its tag, from 1; a tag column of 0 is the last one.

    Tokens make words, unless each is one character. Tag sequences that the scheme does not allow are repaired and
    noted, or errors with `strict_tags`. Raises InputError for columns that cannot be."""
    if column < 1 or tag_column < 0 or column == tag_column:
        raise InputError(f"expected two different columns from 1, got {column} and {tag_column}")
    for block in blocks(source, " \r"):  # behind a tab at the end is an empty column
        # Label Studio writes no blank line after it.
        rows, text = _split([row for row in block if not DOCSTART.match(row[1])])
        if not rows:
            continue
        read = partial(_read_block, source, rows, text, scheme, column, tag_column, strict_tags)
        yield source.attempt(rows[0][0], block[0][1], read)


def _split(block: list[tuple[int, str]]) -> tuple[list[NumberedColumns], str | None]:
    """Returns the rows, and the text of a comment that gives it."""
    separator = "\t" if any("\t" in line.rstrip(" \t") for _, line in block) else None
    plain = [_columns(line, separator) for _, line in block if not line.startswith("#")]
    # Columns that are empty in all rows are none.
    most = max((i for columns in plain for i, column in enumerate(columns, 1) if column), default=None)
    width = len(plain[0][:most]) if plain else 0
    rows: list[NumberedColumns] = []
    text = None
    for number, line in block:
        columns = _columns(line, separator)
        if not any(columns[most:]):
            columns = columns[:most]
        # A row may begin with # as well: its token is one.
        is_row = len(columns) == width if width else columns[0] == "#" and columns[-1] == OUTSIDE
        # With tabs, `#a=b` may be one; a comment has a blank.
        is_comment = COMMENT.fullmatch(line) and (separator is None or line.startswith("# "))
        if line.startswith("#") and (not is_row or is_comment):
            found = TEXT.fullmatch(line.rstrip(" \t"))
            text = found[1] if found else text
        else:
            rows.append((number, columns))
    return rows, text


def _columns(line: str, separator: str | None) -> list[str]:
    return line.split("\t") if separator else re.split(" +", line.rstrip(" \t"))


def _read_block(
    source: Source,
    rows: list[NumberedColumns],
    text: str | None,
    scheme: str,
    column: int,
    tag_column: int,
    strict_tags: bool,
) -> AnnotatedText:
    picked = []
    width = len(rows[0][1])
    for number, columns in rows:
        if len(columns) < max(column, tag_column, 2) or len(columns) != width:
            expected = max(column, tag_column, 2, width)
            raise source.error(f"expected {expected} columns, got {len(columns)}", number, " ".join(columns))
        if column > 1 and NO_WORD.fullmatch(columns[0]):
            source.note("row that is no word of its own, left out", number)
            continue
        token, tag = columns[column - 1], columns[tag_column - 1]
        if not token.strip() and len(token) != 1:
            raise source.error(
                f"expected a character or a word in the column {column}, got none", number, " ".join(columns)
            )
        picked.append((number, token, tag))
    if not picked:
        raise source.error("expected rows with words, got none", rows[0][0])
    tokens = [token for _, token, _ in picked]
    found, spans = _place(tokens, text)
    entities = [
        (spans[start][0], spans[end - 1][1], label)
        for start, end, label in tagged_spans(source, picked, scheme, strict_tags)
    ]
    is_words = any(len(token) > 1 for token in tokens)
    return source.annotated(picked[0][0], found, entities, trim(found, spans) if is_words else None)


def _place(tokens: list[str], text: str | None) -> tuple[str, list[Offsets]]:
    """Returns the text and where each token stands in it. Raises InputError where tokens are not what the text says."""
    if text is None:
        spans, end = [], 0
        for token in tokens:
            spans.append((end, end + len(token)))
            end += len(token)
        return join_words(tokens)[0], spans
    spans, end = [], 0
    for token in tokens:
        while end < len(text) and text[end].isspace() and not text.startswith(token, end):
            end += 1
        if not text.startswith(token, end):
            raise InputError(
                f"expected {token!r} at {end} of the text that a comment gives, got {text[end : end + 10]!r}"
            )
        spans.append((end, end + len(token)))
        end += len(token)
    if text[end:].strip():
        raise InputError(f"expected a row for {text[end:][:20]!r} of the text that a comment gives, got none")
    return text, spans
