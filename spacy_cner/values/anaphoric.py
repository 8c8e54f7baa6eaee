"""Dates that point back to one before them: 同年9月, 次日, 当晚."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from .dates import iso_time
from .found import FoundValue
from .numerals import CN

# Not 不同年份, 应当日清, 一次年检, 同年级, 同日本. 当年 alone is often "in those days".
_WORD = r"(?:(?<![不共相合胡年])同一?|(?<![想应理正适恰相])当|(?<![应活])该|(?<![每首几多一两二三四五六七八九十\d])[次翌])"
BACK = re.compile(
    rf"{_WORD}(?:年(?![龄级代纪轻度份限会检])(?:(?<!当年)|(?=年?[初底末]|[上下]半年|[\d{CN}]{{1,2}}月))|月(?![亮饼票经])"
    "|日(?![本元军方韩美俄德期常历程记夜]|而语)|(?<=[当一])天|(?<=当)(?=[晚夜](?!于))|(?<=次)(?=晨))"
)
LATER = "次翌"
DATES = ("DATE", "TIME")
# What may follow each word without being a date of its own
PARTS = {
    "年": re.compile("[初底末]|[上下]半年"),
    "月": re.compile(rf"(?:\d{{1,2}}|[{CN}]{{1,3}})日|[初底末]|[上中下]旬"),
    "日": re.compile("[早晚夜](?:[上间里]|(?![些于点]))|晨|[上下]午|凌晨|清晨|中午|傍晚|深夜"),
}
# What says a year, a month or a day; without it, each is that of the reference.
SAID = {
    "年": re.compile(r"年|[12]\d{3}"),
    "月": re.compile(r"月|\d[-/.]\d"),
    "日": re.compile("."),
}
ANCHOR = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T[\d:.]+)?)?)?")


def resolve_anaphoric(text: str, values: Sequence[FoundValue], now: datetime) -> list[FoundValue]:
    """Returns the values with those that point back to a date before them in the same line: 1998年7月毕业，同年9月入职.

    Their year, month or day is that of the last date or time before them that says it; 次 and 翌 is the next. What has
    no such date before it stays as it is.

    text: in simplified characters and plain digits. values: from left to right, as found without this."""
    resolved: list[FoundValue] = []
    dates: list[FoundValue] = []  # Those that a word may point to
    rest = list(values)
    place = 0
    while word := BACK.search(text, place):
        start, place = word.span()
        while rest and rest[0].start < start:
            resolved.append(rest.pop(0))
            if resolved[-1].label in DATES and not BACK.match(text, resolved[-1].start):
                dates.append(resolved[-1])
        if resolved and resolved[-1].end > start:  # 1998年9月至次年3月
            continue
        unit = word[0][-1] if word[0][-1] in "年月" else "日"
        day = _day_pointed_to(word[0][0], unit, text, text.rfind("\n", 0, start), dates)
        end = _end_of_date(text, unit, place, rest)
        value = iso_time(f"{day}{text[place:end]}", now) if day and end >= place else None
        if value is None:
            continue
        while rest and rest[0].start < end:
            rest.pop(0)
        resolved.append(FoundValue(start, end, "TIME" if "T" in value else "DATE", value))
        dates.append(resolved[-1])
        place = end
    return resolved + rest


def _day_pointed_to(word: str, unit: str, text: str, line: int, dates: Sequence[FoundValue]) -> str | None:
    """Returns the year, month or day that a word means, as 1998年7月; None without a date for it.

    line: the place where the line of the word begins. dates: those before the word."""
    precision = "年月日".index(unit) + 1
    dates = [date for date in dates if date.start > line]
    said = [date for date in dates if SAID[unit].search(text, date.start, date.end)]
    for date in reversed(said or dates):
        # The end of a range, but the day on which hours begin: 0—24时
        end = date.value.removeprefix("~").split("/")[0 if date.label == "TIME" else -1]
        if (found := ANCHOR.fullmatch(end)) and found[precision]:
            numbers = [int(number) for number in found.groups()[:precision]]
            return _next(numbers) if word in LATER else _written(numbers)
        if unit == "年":
            return None
    return None


def _next(numbers: list[int]) -> str | None:
    """The year, month or day behind one that is given as year, month and day, as far as it goes."""
    try:
        if len(numbers) == 3:
            day = date(*numbers) + timedelta(1)
            return _written([day.year, day.month, day.day])
    except (OverflowError, ValueError):
        return None
    if len(numbers) == 2:
        return _written([numbers[0] + numbers[1] // 12, numbers[1] % 12 + 1])
    return _written([numbers[0] + 1])


def _written(numbers: list[int]) -> str:
    return "".join(f"{number}{unit}" for number, unit in zip(numbers, "年月日"))


def _end_of_date(text: str, unit: str, place: int, behind: Sequence[FoundValue]) -> int:
    """Returns the end of a date whose first word points back and ends at a place; -1 within another value."""
    values = [value for value in behind if value.start <= place]
    if values and values[0].label not in DATES and values[0].start < place:
        return -1
    ends = {value.start: value.end for value in behind if value.label in DATES}
    if values and values[0].label in DATES:
        return values[0].end
    if part := PARTS[unit].match(text, place):
        place = part.end()
    return ends.get(place, place)
