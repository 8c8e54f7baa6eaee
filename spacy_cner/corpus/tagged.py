"""`word/tag` text with entity brackets, `[中央/n 电台/n]nt`: the PFR People's Daily corpus and the like."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, groupby
from typing import NamedTuple

from ..errors import InputError
from ..text.words import PKU_CATEGORIES
from .document import AnnotatedText, EntitySpan, Offsets, join_words
from .source import Sentence, Source

PERSON = "nr"
LABELS = {PERSON: "PER", "ns": "LOC", "nt": "ORG"}
# Tags of entities in common tag sets. ICTCLAS has more letters for kinds of persons, places and organisations, as
# HanLP has; the Chinese Treebank (CTB) has one tag for all proper nouns.
TAG_SETS: dict[str, Mapping[str, str]] = {
    "pku": LABELS,
    "ictclas": {
        **dict.fromkeys(("nr", "nr1", "nr2", "nrj", "nrf", "nrg"), "PER"),
        **dict.fromkeys(("ns", "nsf"), "LOC"),
        **dict.fromkeys(("nt", "ntc", "ntcf", "ntcb", "ntch", "nto", "ntu", "nts", "nth"), "ORG"),
    },
    "msra": {"nr": "PER", "ns": "LOC", "nt": "ORG", "NR": "PER", "NS": "LOC", "NT": "ORG"},
    "ltp": {"nh": "PER", "ns": "LOC", "ni": "ORG"},
    "lac": {
        "PER": "PER",
        "LOC": "LOC",
        "ORG": "ORG",
        "TIME": "TIME",
        "nr": "PER",
        "ns": "LOC",
        "nt": "ORG",
        "t": "TIME",
    },
    "ctb": {"NR": "PROPN"},
}
# A surname and the given name after it, where a tag set tells them apart.
SURNAME_TAGS, GIVEN_NAME_TAGS = ("nr1", "nrf"), ("nr2", "nrg")
# Tags of words that need no report when they are no entities: parts of speech of the PKU corpus, in PFR's spelling of
# morphemes too (Ng), and o of MSRA.
PARTS_OF_SPEECH = frozenset(tag for tags in PKU_CATEGORIES.values() for tag in tags.split()) | {
    *("Ng", "Vg", "Tg", "Ag", "Dg", "Rg", "Bg", "Mg", "Yg"),
    "o",
}
TAGS_LEFT_OVER = "tags that are no entities here (see --labels and --tag-set)"

# Of Latin letters and digits, or of Chinese characters: a tag of both may be one of two words without a blank.
TAG = "(?:[A-Za-z][A-Za-z0-9]*|[\u4e00-\u9fff]+)"
TOKEN = re.compile(rf"(\[?)(.+?)/({TAG})(?:\]/?({TAG}))?")
# A tag inside of what should be one word: the next word follows without a blank.
INNER_TAG = re.compile(rf"(?<=[^/\[])/({TAG})(?=[^A-Za-z0-9/])")
PARAGRAPH_ID = re.compile(r"\d{8}-\d{2}-\d{3}-\d{3}/m")
# A character that the encoding lacks is spelt out in brackets: 李 明（日月）.
GLOSS = re.compile("[（〈][^（〈）〉]*[）〉]")
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


def read_tagged(source: Source, *, labels: Mapping[str, str] | None = None, tag_set: str = "pku") -> Iterator[Sentence]:
    """Reads one sentence or paragraph a line. A paragraph id as PFR has it at the start of a line is not text.

    labels: entity labels by the tags of words and brackets; other tags are no entities.
    tag_set: one of TAG_SETS, whose tags are read if `labels` is left out.

    An entity in brackets holds no further one. Surname and given name, two words in PFR, are one entity (see
    `join_names`). The words' own tags are their parts of speech. Tags that are neither entities nor parts of speech of
    the PKU corpus are counted in the source's `left_over`, and labels whose tag never occurs are noted.
    Raises InputError for an unknown tag set."""
    if tag_set not in TAG_SETS:
        raise InputError(f"expected a tag set out of {', '.join(TAG_SETS)}, got {tag_set!r}")
    chosen = TAG_SETS[tag_set] if labels is None else labels
    seen: set[str] = set()
    for number, line in source.lines():
        yield source.attempt(number, line, partial(_read_line, source, number, line, chosen, seen))
    for tag in [] if labels is None else labels:
        if tag not in seen:
            source.note(f"tag {tag} of --labels that never occurs", 1)


def _read_line(source: Source, number: int, line: str, labels: Mapping[str, str], seen: set[str]) -> AnnotatedText:
    parts = [part for part in re.split("[ \t\r]+", line) if part]
    if PARAGRAPH_ID.fullmatch(parts[0]):
        del parts[0]
    tokens = [split_token(part, labels) for part in parts]
    text, words = join_words([token.word for token in tokens])
    borders = [0, *accumulate(len(token.word) for token in tokens)]
    entities = [
        (borders[start], borders[end], label)
        for start, end, label in find_entities(tokens, labels, partial(source.note, line=number))
    ]
    tags = [token.tag for token in tokens if not token.word.isspace()]
    sentence = source.annotated(number, text, entities, words, tags)
    for token in tokens:
        seen.update((token.tag, token.closes or token.tag))
        if token.tag not in labels and token.tag not in PARTS_OF_SPEECH:
            source.left_over[TAGS_LEFT_OVER][token.tag] += 1
    return sentence


def split_token(part: str, labels: Mapping[str, str] = LABELS) -> Token:
    """Returns the word, its tag and its brackets. Raises InputError for anything else, and for several words that are
    not separated by a space or a tab."""
    match = TOKEN.fullmatch(part)
    if match is None:
        raise InputError(f"expected word/tag, [word/tag or word/tag]tag, got {part!r}")
    for inner in INNER_TAG.finditer(match[2]):
        after = match[2][inner.end()]
        if inner[1] in labels or inner[1] in PARTS_OF_SPEECH or after.isspace():
            raise InputError(
                f"expected words separated by spaces or tabs, got {part!r} with the tag /{inner[1]} inside"
            )
    return Token(match[2], match[3], bool(match[1]), match[4])


def find_entities(
    tokens: Sequence[Token], labels: Mapping[str, str], note: Callable[[str], None]
) -> Iterator[EntitySpan]:
    """Yields entities in positions of `tokens`: brackets, and names outside of the brackets that are entities."""
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


def brackets(tokens: Sequence[Token]) -> Iterator[EntitySpan]:
    """Yields start, end and tag of each bracket. Raises InputError where they do not match or are nested."""
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


def names(tokens: Sequence[Token], start: int, end: int, labels: Mapping[str, str]) -> Iterator[EntitySpan]:
    """Yields the entities that the words' own tags make in tokens[start:end]."""
    for is_person, group in groupby(range(start, end), key=lambda i: tokens[i].tag == PERSON):
        places = list(group)
        if is_person and PERSON in labels:
            for first, last in join_names([tokens[i].word for i in places]):
                yield places[first], places[last - 1] + 1, labels[PERSON]
        elif not is_person:
            yield from _single_names(tokens, places, labels)


def _single_names(tokens: Sequence[Token], places: list[int], labels: Mapping[str, str]) -> Iterator[EntitySpan]:
    surname: int | None = None
    for i in places:
        tag = tokens[i].tag
        if surname is not None:
            is_whole = tag in GIVEN_NAME_TAGS and tag in labels
            yield surname, i + 1 if is_whole else i, labels[tokens[surname].tag]
            surname = None
            if is_whole:
                continue
        if tag in labels and tag in SURNAME_TAGS:
            surname = i
        elif tag in labels:
            yield i, i + 1, labels[tag]
    if surname is not None:
        yield surname, surname + 1, labels[tokens[surname].tag]


def join_names(words: Sequence[str]) -> Iterator[Offsets]:
    """Yields where persons start and end in a run of words that are all tagged as person names.

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
