"""Values in a text."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from ..text.folding import Folding
from . import amounts, not_values, patterns
from .contacts import email_value, id_value, phone_value
from .context import OPEN_MONTH, resolve_dates
from .dates import iso_time
from .durations import UNITS as TIME_UNITS
from .durations import iso_duration
from .found import FoundValue
from .labels import LABELS
from .lexicon import CURRENCIES, UNITS, any_of, not_counts
from .numerals import CHAR, FOLLOWING, JOINER
from .reference import stated_reference

FOLDING = Folding(case=False)
LONGEST_WORD = 7
NUMERAL = re.compile(f"[{CHAR}半]")
# Runs of numerals that are no number, and would take time
LONG = re.compile(rf"\d{{25,}}|[{CHAR}]{{41,}}")
PLACES = re.compile("(?<=[大登着内水海])陆|(?<=[队退入])伍")  # no numerals: 大陆四家
ADDRESSES = ("EMAIL", "URL")
# Numbers of items and of notes, and powers, which folded are digits; but not of an area: m²
FIGURES = re.compile("[①-⑳㊀-㊉⁰¹⁴-⁹₀-₉]|(?<!m)[²³]")
MARKS = frozenset("，；！？（）【】“”‘’")
AMOUNT = re.compile(f"[{CHAR}半]+(?P<unit>{any_of([*UNITS, *TIME_UNITS, *CURRENCIES])})")


def find_values(text: str, now: datetime, labels: Collection[str] = LABELS) -> list[FoundValue]:
    """Returns the values of a text, from left to right; they do not overlap.

    now: what dates and times refer to, unless the text says it: 今天（9月12日）. labels: those to look for."""
    folded = FOLDING(text)
    if figures := {found.start() for found in FIGURES.finditer(text)}:
        folded = "".join("□" if i in figures else char for i, char in enumerate(folded))
    if patterns.ANY.search(folded) is None:
        return []
    taken = bytearray(len(text))
    found: list[FoundValue] = []
    short = LONG.sub(lambda run: "□" * len(run[0]), folded)
    if "陆" in short or "伍" in short:
        short = PLACES.sub("□", short)
    if "、" in short:
        short = FOLLOWING.sub(lambda pair: pair[0].replace("、", JOINER), short)
    now = stated_reference(short, now)
    # Folded, a full-width mark would go on with an address.
    apart = folded if MARKS.isdisjoint(text) else "".join("□" if a in MARKS else b for a, b in zip(text, folded))
    for label, expression, read in EXPRESSIONS:
        for match in _free(expression, apart if label in ADDRESSES else short, taken):
            start, end = match.span()
            if label == "NOT":
                taken[start:end] = b"\1" * (end - start)
                continue
            place = read(match, now)
            if place is None:
                continue
            start, end, value = place
            if any(taken[start:end]):  # a quantity that goes on
                continue
            taken[start:end] = b"\1" * (end - start)
            named = "TIME" if label == "DATE" and "T" in value else label  # 半小时后
            found.append(FoundValue(start, end, named, value))
        if label == "MONEY":
            _take_words(short, taken)
    return [value for value in resolve_dates(short, sorted(found), now) if value.value and value.label in labels]


def _free(expression: re.Pattern, text: str, taken: bytearray) -> Iterator[re.Match]:
    """Yields the matches of which nothing is taken. Behind what is taken it looks again: 7块五 takes 五 of 五一斤."""
    place = 0
    while match := expression.search(text, place):
        start, place = match.span()
        if start == place:
            place += 1
            continue
        first = taken.find(1, start, place)
        if first < 0:
            yield match
        else:
            place = first + 1
            while place < len(taken) and taken[place]:
                place += 1


def _take_words(text: str, taken: bytearray) -> None:
    """Marks words in which a number is no count."""
    words = not_counts()
    for numeral in NUMERAL.finditer(text):
        place = numeral.start()
        if taken[place]:
            continue
        for start in range(max(0, place - LONGEST_WORD + 1), place + 1):
            for end in range(min(len(text), start + LONGEST_WORD), max(place, start + 1), -1):
                if text[start:end] in words and not any(taken[start:end]) and not _is_cut(text, start, end):
                    taken[start:end] = b"\1" * (end - start)
                    break


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether a word is only a part of a number with its unit: 十分 in 二十分钟, 三公 in 三公里, 天半 in 四天半,
    国二 in 祖国二十五周年."""
    if re.match(f"[{CHAR}]{{2}}", text[end - 1 : end + 1]):
        return True
    if start and NUMERAL.match(text, start - 1) and re.match(f"[{CHAR}]|[天年月斤]半", text[start:end]):
        return True
    if re.fullmatch("[高初大小][一二三四五六]", text[start:end]) and AMOUNT.match(text, end - 1):
        return True
    amount = AMOUNT.match(text, start)
    return amount is not None and amount.start("unit") < end < amount.end()


Read = Callable[[re.Match, datetime], tuple[int, int, str] | None]


def _as_it_is(match: re.Match, now: datetime) -> tuple[int, int, str]:
    return *match.span(), match[0]


def _contact(value: Callable[[str], str | None]) -> Read:
    def read(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
        found = value(match[0])
        return None if found is None else (*match.span(), found)

    return read


def _time(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    value = iso_time(match[0], now)
    if value is None and OPEN_MONTH.fullmatch(match[0]):
        value = ""  # 31日 of a month with 30 days: of which month it is comes later
    return None if value is None else (*match.span(), value)


def _duration(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    value = None if match[0] == "四周" and not _are_weeks(match) else iso_duration(match[0])
    return None if value is None else (*match.span(), value)


def _are_weeks(match: re.Match) -> bool:
    """Whether 四周 is four weeks; else it is all around."""
    before, behind = match.string[: match.start()], match.string[match.end() :]
    return bool(
        re.search("[近续为期过去来约后每满了共这]$", before) or re.match("之?[内后前]|[新高低左多以来时]", behind)
    )


# In the order in which they take their characters
EXPRESSIONS: list[tuple[str, re.Pattern, Read]] = [
    ("EMAIL", patterns.EMAIL, _contact(email_value)),
    ("URL", patterns.URL, _as_it_is),
    ("ID", patterns.ID, _contact(id_value)),
    ("PHONE", patterns.PHONE, _contact(phone_value)),
    ("NOT", not_values.NAMES, _as_it_is),
    ("NOT", patterns.RECURRING, _as_it_is),
    ("TIME", patterns.TIME, _time),
    ("DATE", patterns.DATE, _time),
    ("PERCENT", patterns.PERCENT, amounts.percent),
    ("CARDINAL", patterns.FRACTION, amounts.fraction),
    ("MONEY", patterns.MONEY, amounts.money),
    ("ORDINAL", patterns.ORDINAL, amounts.ordinal),
    ("NOT", not_values.NOT_VALUES, _as_it_is),
    ("DURATION", patterns.DURATION, _duration),
    ("QUANTITY", patterns.QUANTITY, amounts.quantity),
    ("CARDINAL", patterns.CARDINAL, amounts.cardinal),
]
