"""`word/tag` text with entity brackets, `[中央/n 电台/n]nt`: the PFR People's Daily corpus and the like."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, groupby
from typing import NamedTuple

from ..errors import InputError
from .document import AnnotatedText, Entity, Offsets, join_words
from .source import Sentence, Source

PERSON = "nr"
LABELS = {PERSON: "PER", "ns": "LOC", "nt": "ORG"}

TOKEN = re.compile(r"(\[?)(.+?)/([A-Za-z][A-Za-z0-9]*)(?:\]/?([A-Za-z][A-Za-z0-9]*))?")
PARAGRAPH_ID = re.compile(r"\d{8}-\d{2}-\d{3}-\d{3}/m")
# A character that the encoding lacks is spelt out in brackets: 李 明（日月）.
GLOSS = re.compile("[（〈].*?[）〉]")
SURNAMES_OF_TWO = (
    "欧阳司马司徒司空上官诸葛东方东郭南宫西门令狐皇甫尉迟公孙公冶公羊慕容夏侯轩辕端木百里呼延宇文"
    "长孙鲜于闾丘钟离申屠太史澹台濮阳淳于单于完颜独孤赫连拓跋万俟闻人宗政仲孙左丘贺兰纳兰耶律"
)
COMPOUND_SURNAMES = frozenset(re.findall("..", SURNAMES_OF_TWO))


class Token(NamedTuple):
    word: str
    tag: str
    opens: bool
    closes: str | None  # the bracket's tag


def read_tagged(source: Source, *, labels: Mapping[str, str] = LABELS) -> Iterator[Sentence]:
    """One sentence or paragraph a line; a paragraph id as PFR has it at the start of a line is not text.

    `labels` maps tags, of words and of brackets, to entity labels; other tags are no entities. An entity in brackets
    holds no further one. Surname and given name, two words in PFR, are one entity (see `join_names`). The words' own
    tags are their parts of speech."""
    for number, line in source.lines():
        yield source.attempt(number, line, partial(read_line, source, number, line, labels))


def read_line(source: Source, number: int, line: str, labels: Mapping[str, str]) -> AnnotatedText:
    parts = [part for part in re.split("[ \t\r]+", line) if part]
    if PARAGRAPH_ID.fullmatch(parts[0]):
        del parts[0]
    tokens = [split_token(part) for part in parts]
    text, words = join_words([token.word for token in tokens])
    borders = [0, *accumulate(len(token.word) for token in tokens)]
    entities = [
        (borders[start], borders[end], label)
        for start, end, label in find_entities(tokens, labels, partial(source.note, line=number))
    ]
    tags = [token.tag for token in tokens if not token.word.isspace()]
    return AnnotatedText(text, entities, words, tags)


def split_token(part: str) -> Token:
    match = TOKEN.fullmatch(part)
    if match is None:
        raise InputError(f"expected word/tag, [word/tag or word/tag]tag, got {part!r}")
    return Token(match[2], match[3], bool(match[1]), match[4])


def find_entities(tokens: Sequence[Token], labels: Mapping[str, str], note: Callable[[str], None]) -> Iterator[Entity]:
    """Entities in positions of `tokens`: brackets, and names outside of the brackets that are entities."""
    done = 0
    for start, end, tag in brackets(tokens):
        yield from names(tokens, done, start, labels)
        if tag in labels:
            yield start, end, labels[tag]
        else:
            note(f"bracket with the tag {tag}, not read as an entity")
            yield from names(tokens, start, end, labels)
        done = end
    yield from names(tokens, done, len(tokens), labels)


def brackets(tokens: Sequence[Token]) -> Iterator[Entity]:
    """Start, end and tag of each bracket. Raises InputError where they do not match, and where they are nested."""
    start = None
    for i, token in enumerate(tokens):
        if token.opens:
            if start is not None:
                raise InputError(f"expected brackets that are not nested, got a second [ before {token.word!r}")
            start = i
        if token.closes:
            if start is None:
                raise InputError(f"expected a [ before ]{token.closes}, got none before {token.word!r}")
            yield start, i + 1, token.closes
            start = None
    if start is not None:
        raise InputError(f"expected a ] after [{tokens[start].word}, got none")


def names(tokens: Sequence[Token], start: int, end: int, labels: Mapping[str, str]) -> Iterator[Entity]:
    """The entities that the words' own tags make in tokens[start:end]."""
    for tag, group in groupby(range(start, end), key=lambda i: tokens[i].tag):
        places = list(group)
        if tag == PERSON and tag in labels:
            for first, last in join_names([tokens[i].word for i in places]):
                yield places[first], places[last - 1] + 1, labels[tag]
        elif tag in labels:
            for i in places:
                yield i, i + 1, labels[tag]


def join_names(words: Sequence[str]) -> Iterator[Offsets]:
    """Where persons start and end in a run of words that are all tagged as person names.

    A surname (one character, or one of COMPOUND_SURNAMES) and a following word of one or two characters are one
    person: 李 小明, 欧阳 雪. Any other word is a person of its own: 史密斯, 小明, and the 李 of 李 老师. A run of just
    three words of one, one and two characters is a married name: 李 王 小红."""
    lengths = [len(GLOSS.sub("字", word)) for word in words]
    if lengths == [1, 1, 2]:
        yield 0, 3
        return
    i = 0
    while i < len(words):
        is_surname = lengths[i] == 1 or words[i] in COMPOUND_SURNAMES
        size = 2 if is_surname and i + 1 < len(words) and lengths[i + 1] <= 2 else 1
        yield i, i + size
        i += size
