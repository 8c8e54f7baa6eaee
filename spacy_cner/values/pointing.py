"""Words that point back to a date: 同年9月, 次日, 当晚."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain, islice

from .found import FoundValue
from .numerals import CN
from .said_dates import DATES, UNITS, SaidDates

# Not 不同年份, 想当年, 应当日清, 一次年检, 同年级, 同日本. 当年 alone is often "in those days".
_WORD = (
    r"(?:(?<![不共相合胡年])同一?|(?<![想应理正适恰相])当|(?<![应活])该|(?<![每首几多一两二三四五六七八九十\d])[次翌]"
    r"|(?<![就都便只仅才也还而又不])是(?=年)|转(?=年)|(?<![^,。;:、(\s到于在至])第二(?=[天年])|(?<![每提])前一(?=[天年日]))"
)
BACK = re.compile(
    rf"{_WORD}(?:年(?![龄级代纪轻度份限会检])(?:(?<!当年)(?<!是年)|(?=年?[初底末]|[上下]半年|[\d{CN}]{{1,2}}月))"
    "|月(?![亮饼票经])|日(?![本元军方韩美俄德期常历程记夜]|而语)|(?<=[当一二])天|(?<=当)(?=[晚夜](?!于))|(?<=次)(?=晨))"
)
STEPS = {"次": 1, "翌": 1, "转": 1, "第": 1, "前": -1}  # to the year, month or day beside it
# What may follow each word without being a date of its own
PARTS = {
    "年": re.compile("[初底末]|[上下]半年"),
    "月": re.compile(rf"(?:\d{{1,2}}|[{CN}]{{1,3}})日|[初底末]|[上中下]旬"),
    "日": re.compile("[早晚夜](?:[上间里]|(?![些于点]))|晨|[上下]午|凌晨|清晨|中午|傍晚|深夜"),
}
# Behind 翌年 it is no month ago.
MONTH_AGO = re.compile(rf"[\d{CN}]{{1,2}}月[前后]")


def unit_of(word: str) -> str:
    """Returns 年, 月 or 日."""
    return word[-1] if word[-1] in "年月" else "日"


def pointed_to(word: str, dates: SaidDates, place: int) -> str | None:
    """Returns the year, month or day that a word at a place means, as 1998年7月; None without a date for it."""
    unit = unit_of(word)
    precision = UNITS.index(unit) + 1
    said = (date for date in dates.before(place) if unit in date.said)
    last = next(said, None)
    for date in dates.before(place) if last is None else chain([last], said):
        if len(date.numbers) >= precision:
            return beside(date.numbers[:precision], STEPS.get(word[0], 0))
        if unit == "年":
            return None
    return None


def beside(numbers: list[int], step: int) -> str | None:
    """Returns the year, month or day so many steps behind one that is given as year, month and day, as far as it goes;
    None beyond the calendar."""
    if len(numbers) == 3:
        try:
            day = datetime(numbers[0], numbers[1], numbers[2]) + timedelta(step)
        except (OverflowError, ValueError):
            return None
        return written([day.year, day.month, day.day])
    if len(numbers) == 2:
        months = 12 * numbers[0] + numbers[1] - 1 + step
        return written([months // 12, months % 12 + 1])
    return written([numbers[0] + step])


def written(numbers: list[int]) -> str:
    """Returns a year, a year and month, or these and a day, as 1998年7月."""
    return "".join(f"{number:04}{unit}" if unit == "年" else f"{number}{unit}" for number, unit in zip(numbers, UNITS))


def end_of_date(text: str, word: str, place: int, behind: Iterable[FoundValue]) -> int:
    """Returns the end of a date whose first word points back and ends at a place; -1 within another value.

    behind: the values from the word on."""
    next_ones = list(islice(behind, 3))
    if next_ones and next_ones[0].start <= place and next_ones[0].label in DATES:
        end = next_ones[0].end
        return end - 1 if MONTH_AGO.fullmatch(text, place, end) else end
    if next_ones and next_ones[0].start < place < next_ones[0].end:
        return -1
    if part := PARTS[unit_of(word)].match(text, place):
        place = part.end()
    return {value.start: value.end for value in next_ones if value.label in DATES}.get(place, place)
